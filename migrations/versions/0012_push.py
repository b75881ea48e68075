"""What was pushed to Klaviyo profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations import rls
from migrations.columns import moment, number, text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEW = ("klaviyo_pushes", "klaviyo_pushing")


def upgrade() -> None:
    op.create_table(
        "klaviyo_pushes",
        number("shop_id"),
        number("customer_id"),
        text("digest"),
        text("address"),
        sa.Column("products", ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        text("state"),
        text("job", default=""),
        text("complaint", default=""),
        moment("at"),
        sa.PrimaryKeyConstraint("shop_id", "customer_id"),
    )
    op.create_index("klaviyo_pushes_job", "klaviyo_pushes", ["shop_id", "job"])
    op.create_index("klaviyo_pushes_products", "klaviyo_pushes", ["products"], postgresql_using="gin")
    op.create_table(
        "klaviyo_pushing",
        number("shop_id"),
        moment("at"),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
