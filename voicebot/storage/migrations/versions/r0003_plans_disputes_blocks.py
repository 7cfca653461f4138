"""What else may come of a call: plans, disputes, blocks, notifications; the script's version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "calls", sa.Column("script_version", sa.Text(), nullable=False, server_default="")
    )
    op.create_table(
        "plans",
        sa.Column("plan_id", ROW_ID, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("n_installments", sa.Integer(), nullable=False),
        sa.Column("installment_gr", sa.BigInteger(), nullable=False),
        sa.Column("total_gr", sa.BigInteger(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.CheckConstraint(
            "n_installments > 0 AND installment_gr > 0 AND total_gr > 0",
            name=op.f("ck_plans_terms_positive"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_plans_case_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_plans_call_id"),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_plans_call_id_case_id",
        "plans",
        ["call_id", "case_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'superseded'"),
        postgresql_where=sa.text("status <> 'superseded'"),
    )
    op.create_index("ix_plans_case_id", "plans", ["case_id"])
    op.create_index("ix_plans_status_first_date", "plans", ["status", "first_date"])
    _create_per_call_table(
        "disputes",
        "dispute_id",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        once=["kind"],
    )
    _create_per_call_table(
        "blocks",
        "block_id",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        once=["reason"],
    )
    op.create_index("ix_blocks_phone", "blocks", ["phone"])
    _create_per_call_table(
        "notifications",
        "notification_id",
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        once=["channel", "template"],
    )


def _create_per_call_table(
    name: str, row_id: str, *columns: sa.Column[object], once: list[str]
) -> None:
    """once: what may be there once a call."""
    op.create_table(
        name,
        sa.Column(row_id, ROW_ID, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("case_id", ROW_ID),
        *columns,
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=f"fk_{name}_call_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=f"fk_{name}_case_id"),
        sa.PrimaryKeyConstraint(row_id, name=f"pk_{name}"),
        sa.UniqueConstraint("call_id", *once, name=f"uq_{name}_call_id_{'_'.join(once)}"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_case_id", name, ["case_id"])
    op.create_index(f"ix_{name}_status_created_at", name, ["status", "created_at"])


def downgrade() -> None:
    for table in ("notifications", "blocks", "disputes", "plans"):
        op.drop_table(table)
    op.drop_column("calls", "script_version")
