"""Feeds that Klaviyo fetches, how far its events were read, its webhook, and what shoppers ignore in mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls
from migrations.columns import moment, number, text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NEW = ("mail_feeds", "feed_keys", "engagement_marks", "engagement_hooks", "ignored_products", "mail_counts")


def upgrade() -> None:
    op.create_table(
        "mail_feeds",
        number("shop_id"),
        text("name"),
        text("body"),
        text("etag"),
        number("items"),
        moment("changed_at"),
        moment("checked_at"),
        text("klaviyo_id", default=""),
        text("registered_url", default=""),
        text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id", "name"),
    )
    op.create_table(
        "feed_keys",
        number("shop_id"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        moment("made_at"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "engagement_marks",
        number("shop_id"),
        text("metric"),
        moment("read_until"),
        moment("asked_at"),
        text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id", "metric"),
    )
    op.create_table(
        "engagement_hooks",
        number("shop_id"),
        text("webhook"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        moment("made_at"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "ignored_products",
        number("shop_id"),
        number("customer_id"),
        number("product_id"),
        number("times"),
        sa.PrimaryKeyConstraint("shop_id", "customer_id", "product_id"),
    )
    op.create_table(
        "mail_counts",
        number("shop_id"),
        text("flow"),
        number("received"),
        number("opened"),
        number("clicked"),
        moment("counted_at"),
        sa.PrimaryKeyConstraint("shop_id", "flow"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
