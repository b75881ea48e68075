"""The flows and templates that were made in Klaviyo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls
from migrations.columns import moment, number, text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW = ("klaviyo_flows", "klaviyo_templates", "mail_looks")


def upgrade() -> None:
    op.create_table(
        "klaviyo_flows",
        number("shop_id"),
        *map(text, ("key", "flow", "status", "complaint")),
        moment("seen_at", nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "key"),
    )
    op.create_table(
        "klaviyo_templates",
        number("shop_id"),
        *map(text, ("key", "template", "version", "digest")),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "key"),
    )
    op.create_table(
        "mail_looks",
        number("shop_id"),
        *map(text, ("colour", "logo", "static")),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
