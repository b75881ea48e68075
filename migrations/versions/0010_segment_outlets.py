"""What segments do elsewhere: switches, what stands in Shopify, what Flow is told, and the counts of audiences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NEW = ("segment_outlets", "told_customers", "flow_outbox", "audience_counts")


def upgrade() -> None:
    op.create_table(
        "segment_outlets",
        _number("shop_id"),
        _text("outlet"),
        _number("segment_id"),
        _text("key", default=""),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        _moment("at"),
        _text("by"),
        _text("shopify_id", default=""),
        _text("complaint", default=""),
        sa.PrimaryKeyConstraint("shop_id", "outlet", "segment_id", "key"),
    )
    op.create_table(
        "told_customers",
        _number("shop_id"),
        _number("customer_id"),
        _text("digest"),
        _moment("at"),
        _text("complaint", default=""),
        sa.PrimaryKeyConstraint("shop_id", "customer_id"),
    )
    _flow()
    op.create_table(
        "audience_counts",
        _number("shop_id"),
        _text("key"),
        _moment("at"),
        _number("members"),
        _number("allowed"),
        _number("with_email"),
        sa.PrimaryKeyConstraint("shop_id", "key"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _flow() -> None:
    op.create_table(
        "flow_outbox",
        _number("shop_id"),
        _text("handle"),
        _number("segment_id"),
        _moment("at"),
        _text("profile"),
        _text("state", default="waiting"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        _text("complaint", default=""),
        sa.PrimaryKeyConstraint("shop_id", "handle", "segment_id", "at", "profile"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("flow_outbox_waiting", "flow_outbox", ["shop_id", "at"], postgresql_where=waiting)
    op.create_index("flow_outbox_profile", "flow_outbox", ["shop_id", "profile"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
