"""The mood in the caller's voice, turn by turn, and when he was told that it is read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("calls", sa.Column("emotion_disclosed_at", sa.DateTime(timezone=True)))
    op.add_column("turns", sa.Column("mood", DOCUMENT))


def downgrade() -> None:
    op.drop_column("turns", "mood")
    op.drop_column("calls", "emotion_disclosed_at")
