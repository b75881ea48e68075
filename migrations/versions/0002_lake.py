"""Events move to the lake: PostgreSQL keeps clicks, recent decisions, who stands behind orders, and figures by day.

Nothing is carried over from `events`: no release had it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW = (
    "changed_days",
    "clicks",
    "event_counts",
    "visit_days",
    "visitor_clients",
    "visitor_orders",
    "visitor_tombstones",
)


def upgrade() -> None:
    op.drop_table("events")
    op.add_column("decisions", sa.Column("rail", sa.String(), server_default="", nullable=False))
    _figures()
    _people()
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    op.drop_column("decisions", "rail")
    op.create_table(
        "events",
        _shop(),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitor", sa.String(), nullable=False),
        sa.Column("placement", sa.String(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("consent", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "event_id"),
    )
    rls.protect("events")


def _figures() -> None:
    op.create_table(
        "changed_days",
        _shop(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "day"),
    )
    op.create_table(
        "event_counts",
        _shop(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("placement", sa.String(), nullable=False),
        sa.Column("rail", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "day", "placement", "rail", "type"),
    )
    op.create_table(
        "visit_days",
        _shop(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "day"),
    )


def _people() -> None:
    op.create_table(
        "clicks",
        _shop(),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitor", sa.String(), nullable=True),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("placement", sa.String(), nullable=False),
        sa.Column("rail", sa.String(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "event_id"),
    )
    op.create_index("clicks_at", "clicks", ["shop_id", "at"])
    op.create_index("clicks_client", "clicks", ["shop_id", "client"])
    op.create_index(
        "clicks_request", "clicks", ["shop_id", "request_id"], postgresql_where=sa.text("request_id IS NOT NULL")
    )
    op.create_index("clicks_visitor", "clicks", ["shop_id", "visitor"])
    op.create_table(
        "visitor_orders",
        _shop(),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "order_id", "visitor", "client"),
    )
    op.create_index("visitor_orders_client", "visitor_orders", ["shop_id", "client"])
    op.create_index("visitor_orders_visitor", "visitor_orders", ["shop_id", "visitor"])
    op.create_table(
        "visitor_clients",
        _shop(),
        sa.Column("visitor", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "visitor", "client"),
    )
    op.create_index("visitor_clients_client", "visitor_clients", ["shop_id", "client"])
    op.create_table(
        "visitor_tombstones",
        _shop(),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "digest"),
    )


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)
