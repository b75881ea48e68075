"""What other sources have delivered, and how good it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    "deliveries_of_sources",
    "source_uploads",
    "ad_spend",
    "outside_stock",
    "stock_rules",
    "stock_keys",
    "source_days",
    "source_quality",
)


def upgrade() -> None:
    _deliveries()
    _stores()
    _judgements()
    op.create_index("variants_sku", "variants", ["shop_id", "sku"])
    for table in TABLES:
        rls.protect(table)


def downgrade() -> None:
    op.drop_index("variants_sku", "variants")
    for table in reversed(TABLES):
        op.drop_table(table)


def _deliveries() -> None:
    op.create_table(
        "deliveries_of_sources",
        _shop(),
        _text("id"),
        _text("source"),
        _text("name"),
        _text("by"),
        _moment("at"),
        _text("state"),
        _big("size"),
        _moment("finished_at", nullable=True),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("report", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("error", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("deliveries_of_sources_at", "deliveries_of_sources", ["shop_id", "at"])
    op.create_table(
        "source_uploads",
        _shop(),
        _text("id"),
        _text("source"),
        _text("name"),
        _text("by"),
        _moment("at"),
        sa.Column("day_order", sa.String(), server_default="", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )


def _stores() -> None:
    op.create_table(
        "ad_spend",
        _shop(),
        sa.Column("day", sa.Date(), nullable=False),
        _text("channel"),
        _text("campaign"),
        _text("part"),
        _big("cost"),
        _text("currency"),
        _big("clicks", nullable=True),
        _big("impressions", nullable=True),
        _text("delivery"),
        _big("row"),
        sa.PrimaryKeyConstraint("shop_id", "day", "channel", "campaign", "part"),
    )
    op.create_table(
        "outside_stock",
        _shop(),
        _text("item"),
        _text("location"),
        sa.Column("available", sa.Integer(), nullable=False),
        _moment("at"),
        _text("delivery"),
        _big("row"),
        sa.PrimaryKeyConstraint("shop_id", "item", "location"),
    )
    op.create_table(
        "stock_rules",
        _shop(),
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("location"),
        _text("winner"),
        sa.PrimaryKeyConstraint("shop_id", "product_id", "location"),
    )
    op.create_table(
        "stock_keys",
        _shop(),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        _moment("made_at"),
        sa.PrimaryKeyConstraint("shop_id"),
    )


def _judgements() -> None:
    op.create_table(
        "source_days",
        _shop(),
        _text("source"),
        sa.Column("day", sa.Date(), nullable=False),
        _big("rows"),
        sa.PrimaryKeyConstraint("shop_id", "source", "day"),
    )
    op.create_table(
        "source_quality",
        _shop(),
        _text("source"),
        _moment("at"),
        _moment("newest", nullable=True),
        sa.Column("judged", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "source"),
    )


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
