"""The Klaviyo account a shop is connected to, and a connection that is being made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEW = ("klaviyo_connections", "klaviyo_askings")


def upgrade() -> None:
    op.create_table(
        "klaviyo_connections",
        _number("shop_id"),
        _text("kind"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        _number("generation"),
        _text("account"),
        _text("name"),
        sa.Column("sender", sa.LargeBinary(), nullable=True),
        _text("currency"),
        _text("timezone"),
        _text("scopes"),
        _moment("at"),
        _text("by"),
        _text("trouble", default=""),
        sa.Column("trouble_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "klaviyo_askings",
        _number("shop_id"),
        _text("kind"),
        _text("state", default=""),
        sa.Column("given", sa.LargeBinary(), nullable=True),
        _text("by"),
        _moment("until"),
        _text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id"),
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
