"""Experiments, what was done to them and what was counted; decisions say who was assigned and what was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW = (
    "experiment_changes",
    "experiment_customers",
    "experiment_readings",
    "experiment_windows",
    "experiments",
)


def upgrade() -> None:
    op.add_column("decisions", sa.Column("unit", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("show", sa.String(), server_default="ours", nullable=False))
    few = sa.text("unit IS NOT NULL")
    op.create_index("decisions_unit", "decisions", ["shop_id", "unit"], postgresql_where=few)
    _experiments()
    _history()
    _counted()
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    op.drop_index("decisions_unit", "decisions")
    op.drop_column("decisions", "show")
    op.drop_column("decisions", "unit")


def _experiments() -> None:
    op.create_table(
        "experiments",
        _shop(),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), server_default="{}", nullable=False),
        _moment("created_at"),
        _moment("started_at", nullable=True),
        _moment("stopped_at", nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index(
        "experiments_hold_out", "experiments", ["shop_id"], unique=True, postgresql_where=sa.text("kind = 'hold_out'")
    )


def _history() -> None:
    op.create_table(
        "experiment_changes",
        _shop(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        _moment("at"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("experiment_changes_experiment", "experiment_changes", ["shop_id", "experiment_id"])
    op.create_table(
        "experiment_windows",
        _shop(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        _moment("since"),
        _moment("until"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("experiment_windows_experiment", "experiment_windows", ["shop_id", "experiment_id"])


def _counted() -> None:
    op.create_table(
        "experiment_readings",
        _shop(),
        sa.Column("experiment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _moment("at"),
        sa.Column("reading", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "experiment_id", "day"),
    )
    op.create_table(
        "experiment_customers",
        _shop(),
        sa.Column("experiment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("shop_id", "experiment_id", "customer_id"),
    )
    op.create_index("experiment_customers_customer", "experiment_customers", ["shop_id", "customer_id"])


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
