"""Who is one person: names, what ties them, and the profiles that come of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("identity_ties", "identity_cuts", "customer_merges", "profiles", "profile_members")


def upgrade() -> None:
    _ties()
    op.create_table(
        "identity_cuts",
        _shop(),
        *_names("left_kind", "left_id", "right_kind", "right_id"),
        _moment("at", nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "left_kind", "left_id", "right_kind", "right_id"),
    )
    op.create_table(
        "customer_merges",
        _shop(),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        _moment("at", nullable=False),
        sa.Column("orders", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        _moment("undone_at"),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "gone", "kept"),
    )
    op.create_table(
        "profiles",
        _shop(),
        *_names("id"),
        _moment("since", nullable=False),
        _moment("changed_at", nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("profiles_changed", "profiles", ["shop_id", "changed_at"])
    op.create_table(
        "profile_members",
        _shop(),
        *_names("kind", "id", "profile", "standing"),
        sa.PrimaryKeyConstraint("shop_id", "kind", "id"),
    )
    op.create_index("profile_members_profile", "profile_members", ["shop_id", "profile"])
    for table in TABLES:
        rls.protect(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _ties() -> None:
    op.create_table(
        "identity_ties",
        _shop(),
        *_names("left_kind", "left_id", "right_kind", "right_id", "evidence"),
        sa.Column("hours", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("marks", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("stitched", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "left_kind", "left_id", "right_kind", "right_id", "evidence"),
    )
    op.create_index("identity_ties_right", "identity_ties", ["shop_id", "right_kind", "right_id"])
    op.create_index("identity_ties_new", "identity_ties", ["shop_id"], postgresql_where=sa.text("NOT stitched"))


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _names(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
