"""What was pushed to Klaviyo profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations import rls

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEW = ("klaviyo_pushes", "klaviyo_pushing")


def upgrade() -> None:
    op.create_table(
        "klaviyo_pushes",
        _number("shop_id"),
        _number("customer_id"),
        _text("digest"),
        _text("address"),
        sa.Column("products", ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        _text("state"),
        _text("job", default=""),
        _text("complaint", default=""),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "customer_id"),
    )
    op.create_index("klaviyo_pushes_job", "klaviyo_pushes", ["shop_id", "job"])
    op.create_index("klaviyo_pushes_products", "klaviyo_pushes", ["products"], postgresql_using="gin")
    op.create_table(
        "klaviyo_pushing",
        _number("shop_id"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
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
