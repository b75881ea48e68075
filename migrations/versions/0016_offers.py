"""Codes for win-backs: the discounts that were made at Shopify, and each code with who was given it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls
from migrations.columns import moment, number, text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NEW = ("mail_offer_discounts", "mail_offers")


def upgrade() -> None:
    op.create_table(
        "mail_offer_discounts",
        number("shop_id"),
        text("first_code"),
        text("terms"),
        text("words"),
        number("most"),
        moment("made_at"),
        moment("hand_out_until"),
        moment("ends_at"),
        text("discount", default=""),
        text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id", "first_code"),
    )
    op.create_table(
        "mail_offers",
        number("shop_id"),
        text("code"),
        text("discount"),
        number("most"),
        moment("expires_at"),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        moment("issued_at", nullable=True),
        moment("used_at", nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "code"),
    )
    op.create_index("mail_offers_customer", "mail_offers", ["shop_id", "customer_id"])
    free = sa.text("issued_at IS NULL")
    op.create_index("mail_offers_ready", "mail_offers", ["shop_id", "discount", "code"], postgresql_where=free)
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
