"""First tables: contacts, cases, calls, turns, promises, callbacks, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out rather than taken from tables.py: that file will move on, this one must not.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("installation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret_check", sa.LargeBinary(), nullable=False),
        sa.Column("audit_head_id", sa.BigInteger(), nullable=False),
        sa.Column("audit_head_hash", sa.String(64), nullable=False),
        sa.CheckConstraint("installation_id = 1", name=op.f("ck_installation_single_row")),
        sa.PrimaryKeyConstraint("installation_id", name="pk_installation"),
    )
    op.create_table(
        "contacts",
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("gender", sa.String(1), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contacts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contacts_phone", "contacts", ["phone"])
    op.create_table(
        "verification_facts",
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("fact", sa.String(32), nullable=False),
        sa.Column("hmac", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.contact_id"], name="fk_verification_facts_contact_id"
        ),
        sa.PrimaryKeyConstraint("contact_id", "fact", name="pk_verification_facts"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("case_key", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("principal_gr", sa.BigInteger(), nullable=False),
        sa.Column("interest_gr", sa.BigInteger(), nullable=False),
        sa.Column("balance_gr", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.contact_id"], name="fk_cases_contact_id"
        ),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
        sa.UniqueConstraint("case_key", name="uq_cases_case_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_contact_id", "cases", ["contact_id"])
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("leg_kind", sa.String(32), nullable=False),
        sa.Column("remote_party", sa.Text(), nullable=False),
        sa.Column("local_party", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("disposition", sa.String(32)),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("case_id", ROW_ID),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("ai_disclosed_at", INSTANT),
        sa.Column("recording_disclosed_at", INSTANT),
        sa.Column("recording_path", sa.Text(), nullable=False),
        sa.Column("media_stats", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_calls_case_id"),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_started_at_call_id", "calls", ["started_at", "call_id"])
    op.create_index("ix_calls_disposition_started_at", "calls", ["disposition", "started_at"])
    op.create_index("ix_calls_case_id_started_at", "calls", ["case_id", "started_at"])
    op.create_index(
        "ix_calls_open",
        "calls",
        ["node"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "turns",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("turn_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("speaker", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("started_s", sa.Float(), nullable=False),
        sa.Column("ended_s", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("slots", DOCUMENT, nullable=False),
        sa.Column("prompt_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("was_interrupted", sa.Boolean(), nullable=False),
        sa.Column("timings_ms", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_turns_call_id"),
        sa.PrimaryKeyConstraint("call_id", "turn_index", name="pk_turns"),
    )
    op.create_table(
        "promises",
        sa.Column("promise_id", ROW_ID, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("amount_gr", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.CheckConstraint("amount_gr > 0", name=op.f("ck_promises_amount_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_promises_case_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_promises_call_id"),
        sa.PrimaryKeyConstraint("promise_id", name="pk_promises"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_promises_call_id_case_id",
        "promises",
        ["call_id", "case_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'superseded'"),
        postgresql_where=sa.text("status <> 'superseded'"),
    )
    op.create_index("ix_promises_case_id", "promises", ["case_id"])
    op.create_index("ix_promises_status_due_date", "promises", ["status", "due_date"])
    op.create_table(
        "callbacks",
        sa.Column("callback_id", ROW_ID, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("case_id", ROW_ID),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("wanted_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_callbacks_call_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_callbacks_case_id"),
        sa.PrimaryKeyConstraint("callback_id", name="pk_callbacks"),
        sa.UniqueConstraint("call_id", "reason", name="uq_callbacks_call_id_reason"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callbacks_case_id", "callbacks", ["case_id"])
    op.create_index("ix_callbacks_status_created_at", "callbacks", ["status", "created_at"])
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("call_id", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
    )
    op.create_index("ix_audit_call_id_audit_id", "audit", ["call_id", "audit_id"])
    _make_audit_append_only()


def _make_audit_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{action.lower()} BEFORE {action} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


def downgrade() -> None:
    for table in (
        "audit",
        "callbacks",
        "promises",
        "turns",
        "calls",
        "cases",
        "verification_facts",
        "contacts",
        "installation",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
