"""The flows and templates that were made in Klaviyo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW = ("klaviyo_flows", "klaviyo_templates", "mail_looks")


def upgrade() -> None:
    op.create_table(
        "klaviyo_flows",
        _shop(),
        *map(_text, ("key", "flow", "status", "complaint")),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "key"),
    )
    op.create_table(
        "klaviyo_templates",
        _shop(),
        *map(_text, ("key", "template", "version", "digest")),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "key"),
    )
    op.create_table(
        "mail_looks",
        _shop(),
        *map(_text, ("colour", "logo", "static")),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)
