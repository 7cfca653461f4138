"""The tables. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from voicebot.storage.column_types import Document, OptionalDocument, RowId, SafeText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("installation_id", Integer, primary_key=True, autoincrement=False),
    Column("secret_check", LargeBinary, nullable=False),
    # The audit chain's last link: without it, entries cut off the end would not be missed.
    Column("audit_head_id", BigInteger, nullable=False),
    Column("audit_head_hash", String(64), nullable=False),
    CheckConstraint("installation_id = 1", name="single_row"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", RowId, primary_key=True),
    Column("first_name", SafeText, nullable=False),
    Column("last_name", SafeText, nullable=False),
    Column("gender", String(1), nullable=False),
    Column("phone", SafeText, nullable=False),
    Column("email", SafeText, nullable=False),
    Column("postcode", SafeText, nullable=False),
    Index(None, "phone"),
    # Ids are never given out twice: one quoted in a letter or a log means this row for ever.
    sqlite_autoincrement=True,
)

verification_facts = Table(
    "verification_facts",
    metadata,
    Column("contact_id", RowId, ForeignKey("contacts.contact_id"), primary_key=True),
    Column("fact", String(32), primary_key=True),
    Column("hmac", LargeBinary, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", RowId, primary_key=True),
    Column("contact_id", RowId, ForeignKey("contacts.contact_id"), nullable=False),
    Column("case_number", SafeText, nullable=False),
    # The number as it can be said: letters and digits only.
    Column("case_key", SafeText, nullable=False),
    Column("creditor", SafeText, nullable=False),
    Column("title", SafeText, nullable=False),
    Column("principal_gr", BigInteger, nullable=False),
    Column("interest_gr", BigInteger, nullable=False),
    Column("balance_gr", BigInteger, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("stage", String(32), nullable=False),
    UniqueConstraint("case_key"),
    Index(None, "contact_id"),
    sqlite_autoincrement=True,
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", SafeText, primary_key=True),
    Column("node", SafeText, nullable=False),
    Column("direction", String(16), nullable=False),
    Column("leg_kind", String(32), nullable=False),
    Column("remote_party", SafeText, nullable=False),
    Column("local_party", SafeText, nullable=False),
    Column("script", SafeText, nullable=False),
    Column("script_version", SafeText, nullable=False, server_default=""),
    Column("started_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("disposition", String(32)),
    Column("end_reason", SafeText, nullable=False),
    Column("case_id", RowId, ForeignKey("cases.case_id")),
    Column("is_verified", Boolean, nullable=False),
    Column("ai_disclosed_at", UtcDateTime),
    Column("recording_disclosed_at", UtcDateTime),
    Column("emotion_disclosed_at", UtcDateTime),
    Column("recording_path", SafeText, nullable=False),
    Column("media_stats", Document, nullable=False),
    Index(None, "started_at", "call_id"),
    Index(None, "disposition", "started_at"),
    Index(None, "case_id", "started_at"),
    Index(
        "ix_calls_open",
        "node",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", SafeText, ForeignKey("calls.call_id"), primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("speaker", String(16), nullable=False),
    Column("text", SafeText, nullable=False),
    Column("started_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    Column("confidence", Float),
    Column("intent", SafeText, nullable=False),
    Column("slots", Document, nullable=False),
    Column("prompt_id", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("was_interrupted", Boolean, nullable=False),
    Column("timings_ms", Document, nullable=False),
    Column("mood", OptionalDocument),
)

promises = Table(
    "promises",
    metadata,
    Column("promise_id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.case_id"), nullable=False),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("amount_gr", BigInteger, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    CheckConstraint("amount_gr > 0", name="amount_positive"),
    # What a debtor agreed to in one call counts once, whatever is retried or said anew.
    Index(
        "uq_promises_call_id_case_id",
        "call_id",
        "case_id",
        unique=True,
        sqlite_where=text("status <> 'superseded'"),
        postgresql_where=text("status <> 'superseded'"),
    ),
    Index(None, "case_id"),
    Index(None, "status", "due_date"),
    sqlite_autoincrement=True,
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("callback_id", RowId, primary_key=True),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("case_id", RowId, ForeignKey("cases.case_id")),
    Column("phone", SafeText, nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("wanted", SafeText, nullable=False),
    Column("wanted_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    UniqueConstraint("call_id", "reason"),
    Index(None, "case_id"),
    Index(None, "status", "created_at"),
    sqlite_autoincrement=True,
)

plans = Table(
    "plans",
    metadata,
    Column("plan_id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.case_id"), nullable=False),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("n_installments", Integer, nullable=False),
    Column("installment_gr", BigInteger, nullable=False),
    Column("total_gr", BigInteger, nullable=False),
    Column("first_date", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    CheckConstraint(
        "n_installments > 0 AND installment_gr > 0 AND total_gr > 0", name="terms_positive"
    ),
    Index(
        "uq_plans_call_id_case_id",
        "call_id",
        "case_id",
        unique=True,
        sqlite_where=text("status <> 'superseded'"),
        postgresql_where=text("status <> 'superseded'"),
    ),
    Index(None, "case_id"),
    Index(None, "status", "first_date"),
    sqlite_autoincrement=True,
)

disputes = Table(
    "disputes",
    metadata,
    Column("dispute_id", RowId, primary_key=True),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("case_id", RowId, ForeignKey("cases.case_id")),
    Column("kind", String(32), nullable=False),
    Column("statement", SafeText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    UniqueConstraint("call_id", "kind"),
    Index(None, "case_id"),
    Index(None, "status", "created_at"),
    sqlite_autoincrement=True,
)

blocks = Table(
    "blocks",
    metadata,
    Column("block_id", RowId, primary_key=True),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("case_id", RowId, ForeignKey("cases.case_id")),
    Column("phone", SafeText, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    UniqueConstraint("call_id", "reason"),
    Index(None, "case_id"),
    Index(None, "phone"),
    Index(None, "status", "created_at"),
    sqlite_autoincrement=True,
)

# The outbox: what a call promised to send. Another part of the server sends it.
notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", RowId, primary_key=True),
    Column("call_id", SafeText, ForeignKey("calls.call_id"), nullable=False),
    Column("case_id", RowId, ForeignKey("cases.case_id")),
    Column("channel", String(16), nullable=False),
    Column("template", SafeText, nullable=False),
    Column("recipient", SafeText, nullable=False),
    Column("data", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    UniqueConstraint("call_id", "channel", "template"),
    Index(None, "case_id"),
    Index(None, "status", "created_at"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    # Numbered by the code, without gaps, so that the number itself is part of the chain.
    Column("audit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    # No foreign key: the audit outlives what it speaks of.
    Column("call_id", SafeText),
    Column("name", SafeText, nullable=False),
    # Text, not a JSON column: the hash is over these very characters.
    Column("data", SafeText, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "call_id", "audit_id"),
)
