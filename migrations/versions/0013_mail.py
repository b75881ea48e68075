"""Events that start flows: switches, what browsers did lately, products that changed, and occasions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls
from migrations.columns import json, moment, number, text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NEW = ("mail_settings", "mail_deeds", "mail_goods", "mail_triggers")


def upgrade() -> None:
    op.create_table(
        "mail_settings",
        number("shop_id"),
        json("value"),
        moment("changed_at"),
        text("by"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "mail_deeds",
        number("shop_id"),
        text("kind"),
        text("who"),
        number("product_id"),
        text("what"),
        sa.Column("times", sa.Integer(), nullable=False),
        moment("first_at"),
        moment("last_at"),
        sa.PrimaryKeyConstraint("shop_id", "kind", "who", "product_id", "what"),
    )
    op.create_index("mail_deeds_last", "mail_deeds", ["shop_id", "last_at"])
    op.create_table(
        "mail_goods",
        number("shop_id"),
        number("product_id"),
        number("price"),
        sa.Column("buyable", sa.Boolean(), nullable=False),
        text("news", default=""),
        moment("news_at", nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "product_id"),
    )
    _triggers()
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _triggers() -> None:
    op.create_table(
        "mail_triggers",
        number("shop_id"),
        text("trigger"),
        number("customer_id"),
        text("key"),
        moment("at"),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        json("cart", "[]"),
        json("facts"),
        text("state", default="waiting"),
        text("arm", default=""),
        text("request_id", default=""),
        moment("done_at", nullable=True),
        text("complaint", default=""),
        sa.PrimaryKeyConstraint("shop_id", "trigger", "customer_id", "key"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("mail_triggers_waiting", "mail_triggers", ["shop_id", "at"], postgresql_where=waiting)
    op.create_index("mail_triggers_customer", "mail_triggers", ["shop_id", "customer_id", "at"])
