"""How models do once shoppers get them, and what each was learnt from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("model_runs", sa.Column("lineage", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "model_trials",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("incumbent", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        _moment("started_at", nullable=False),
        _moment("live_at"),
        _moment("ended_at"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), server_default="{}", nullable=False),
        _moment("read_at"),
        sa.PrimaryKeyConstraint("shop_id", "version"),
    )
    op.create_index(
        "model_trials_canary", "model_trials", ["shop_id"], unique=True, postgresql_where=sa.text("stage = 'canary'")
    )
    rls.protect("model_trials")


def downgrade() -> None:
    op.drop_table("model_trials")
    op.drop_column("model_runs", "lineage")


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
