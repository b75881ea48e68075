"""Segments, who is in them, and how that has changed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW = ("segments", "segment_members", "segment_changes", "segment_days", "segment_scales", "segment_previews")


def upgrade() -> None:
    _segments()
    _members()
    _counts()
    op.create_table(
        "segment_previews",
        _shop(),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _moment("asked_at"),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("everybody", sa.BigInteger(), nullable=True),
        sa.Column("sample", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("complaint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    for table in NEW:
        rls.protect(table)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def _segments() -> None:
    op.create_table(
        "segments",
        _shop(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        _moment("saved_at"),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("segments_name", "segments", ["shop_id", sa.text("lower(name)")], unique=True)
    op.create_index("segments_key", "segments", ["shop_id", "key"], unique=True, postgresql_where=sa.text("key <> ''"))


def _members() -> None:
    op.create_table(
        "segment_members",
        _shop(),
        _segment(),
        sa.Column("profile", sa.String(), nullable=False),
        _moment("since"),
        sa.Column("why", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "segment_id", "profile"),
    )
    op.create_index("segment_members_profile", "segment_members", ["shop_id", "profile"])
    op.create_table(
        "segment_changes",
        _shop(),
        _segment(),
        _moment("at"),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("entered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "segment_id", "at", "profile"),
    )
    op.create_index("segment_changes_profile", "segment_changes", ["shop_id", "profile"])


def _counts() -> None:
    op.create_table(
        "segment_days",
        _shop(),
        _segment(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "segment_id", "day"),
    )
    op.create_table(
        "segment_scales",
        _shop(),
        _moment("at"),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("usual_s", sa.BigInteger(), nullable=False),
        sa.Column("cuts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("shop_id"),
    )


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _segment() -> sa.Column[int]:
    return sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
