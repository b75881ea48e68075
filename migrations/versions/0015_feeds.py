"""Feeds that Klaviyo fetches, how far its events were read, its webhook, and what shoppers ignore in mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NEW = ("mail_feeds", "feed_keys", "engagement_marks", "engagement_hooks", "ignored_products", "mail_counts")


def upgrade() -> None:
    op.create_table(
        "mail_feeds",
        _number("shop_id"),
        _text("name"),
        _text("body"),
        _text("etag"),
        _number("items"),
        _moment("changed_at"),
        _moment("checked_at"),
        _text("klaviyo_id", default=""),
        _text("registered_url", default=""),
        _text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id", "name"),
    )
    op.create_table(
        "feed_keys",
        _number("shop_id"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "engagement_marks",
        _number("shop_id"),
        _text("metric"),
        _moment("read_until"),
        _moment("asked_at"),
        _text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id", "metric"),
    )
    op.create_table(
        "engagement_hooks",
        _number("shop_id"),
        _text("webhook"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "ignored_products",
        _number("shop_id"),
        _number("customer_id"),
        _number("product_id"),
        _number("times"),
        sa.PrimaryKeyConstraint("shop_id", "customer_id", "product_id"),
    )
    op.create_table(
        "mail_counts",
        _number("shop_id"),
        _text("flow"),
        _number("received"),
        _number("opened"),
        _number("clicked"),
        _moment("counted_at"),
        sa.PrimaryKeyConstraint("shop_id", "flow"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
