"""The Klaviyo account a shop is connected to, and a connection that is being made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls
from migrations.columns import moment, number, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEW = ("klaviyo_connections", "klaviyo_askings")


def upgrade() -> None:
    op.create_table(
        "klaviyo_connections",
        number("shop_id"),
        text("kind"),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        number("generation"),
        text("account"),
        text("name"),
        sa.Column("sender", sa.LargeBinary(), nullable=True),
        text("currency"),
        text("timezone"),
        text("scopes"),
        moment("at"),
        text("by"),
        text("trouble", default=""),
        moment("trouble_at", nullable=True),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "klaviyo_askings",
        number("shop_id"),
        text("kind"),
        text("state", default=""),
        sa.Column("given", sa.LargeBinary(), nullable=True),
        text("by"),
        moment("until"),
        text("trouble", default=""),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
