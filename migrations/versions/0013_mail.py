"""Events that start flows: switches, what browsers did lately, products that changed, and occasions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import rls

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NEW = ("mail_settings", "mail_deeds", "mail_goods", "mail_triggers")


def upgrade() -> None:
    op.create_table(
        "mail_settings",
        _number("shop_id"),
        _json("value"),
        _moment("changed_at"),
        _text("by"),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "mail_deeds",
        _number("shop_id"),
        _text("kind"),
        _text("who"),
        _number("product_id"),
        _text("what"),
        sa.Column("times", sa.Integer(), nullable=False),
        _moment("first_at"),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("shop_id", "kind", "who", "product_id", "what"),
    )
    op.create_index("mail_deeds_last", "mail_deeds", ["shop_id", "last_at"])
    op.create_table(
        "mail_goods",
        _number("shop_id"),
        _number("product_id"),
        _number("price"),
        sa.Column("buyable", sa.Boolean(), nullable=False),
        _text("news", default=""),
        sa.Column("news_at", sa.DateTime(timezone=True), nullable=True),
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
        _number("shop_id"),
        _text("trigger"),
        _number("customer_id"),
        _text("key"),
        _moment("at"),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        _json("cart", "[]"),
        _json("facts"),
        _text("state", default="waiting"),
        _text("arm", default=""),
        _text("request_id", default=""),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        _text("complaint", default=""),
        sa.PrimaryKeyConstraint("shop_id", "trigger", "customer_id", "key"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("mail_triggers_waiting", "mail_triggers", ["shop_id", "at"], postgresql_where=waiting)
    op.create_index("mail_triggers_customer", "mail_triggers", ["shop_id", "customer_id", "at"])


def _json(name: str, default: str = "{}") -> sa.Column[object]:
    return sa.Column(name, JSONB(), server_default=default, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
