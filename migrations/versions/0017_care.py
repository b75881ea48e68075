"""Care of what was bought, by product type, and previews of mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEW = ("store_articles", "mail_care", "care_texts", "mail_previews")


def upgrade() -> None:
    op.create_table(
        "store_articles",
        _number("shop_id"),
        _number("id"),
        *map(_text, ("title", "url", "text")),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_table(
        "mail_care",
        _number("shop_id"),
        *map(_text, ("product_type", "source", "ref")),
        sa.PrimaryKeyConstraint("shop_id", "product_type"),
    )
    op.create_table(
        "care_texts",
        _number("shop_id"),
        _number("product_id"),
        *map(_text, ("title", "text", "url")),
        sa.PrimaryKeyConstraint("shop_id", "product_id"),
    )
    op.create_table(
        "mail_previews",
        _number("shop_id"),
        _text("id"),
        _number("customer_id"),
        *map(_text, ("mail", "arm", "state", "complaint")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)
