"""Consent with its history, who has looked at personal fields, and what retention has removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW = ("access_log", "browser_consents", "buried_emails", "consent_changes", "retention_runs", "shopper_preferences")

NOTE = """
    INSERT INTO consent_changes (shop_id, at, kind, who, what, was, became, source)
    SELECT NEW.shop_id, {at}, {kind}, {who}, said.what, coalesce(said.was, ''), said.became, '{source}'
    FROM (VALUES {said}) said (what, was, became) WHERE said.became IS DISTINCT FROM said.was AND {when};
"""
OF_CUSTOMER = {
    "at": "coalesce(NEW.triggered_at, NEW.updated_at, clock_timestamp())",
    "kind": "'customer'",
    "who": "NEW.id::text",
    "source": "shopify",
}
OF_BROWSER = {"at": "NEW.at", "kind": "NEW.kind", "who": "NEW.who", "source": "browser", "when": "true"}
NAMES = ("analytics", "preferences", "marketing")
YES = "CASE WHEN {value} THEN 'yes' ELSE 'no' END"


def _pairs(names: tuple[str, ...], old: str | None) -> str:
    """A row of VALUES for each column that holds a yes or no."""
    was = [f"{YES.format(value=f'{old}.{name}')}" if old else "NULL::text" for name in names]
    rows = [f"('{name}', {before}, {YES.format(value=f'NEW.{name}')})" for name, before in zip(names, was, strict=True)]
    return ", ".join(rows)


NOTED = (
    (
        "note_opt_out",
        "customers",
        "INSERT",
        # Whoever is known for the first time has changed nothing; that they object is worth a line.
        NOTE.format(said="('opted_out', NULL::text, 'yes')", when="NEW.opted_out", **OF_CUSTOMER),
    ),
    (
        "note_marketing",
        "customers",
        "UPDATE OF opted_out, email_marketing",
        NOTE.format(
            said=f"{_pairs(('opted_out',), 'OLD')}, ('email_marketing', OLD.email_marketing, NEW.email_marketing)",
            when="true",
            **OF_CUSTOMER,
        ),
    ),
    ("note_browser", "browser_consents", "INSERT", NOTE.format(said=_pairs(NAMES, None), **OF_BROWSER)),
    ("note_browser_change", "browser_consents", "UPDATE", NOTE.format(said=_pairs(NAMES, "OLD"), **OF_BROWSER)),
)
"""What Shopify and browsers say is noted where it is stored, so that no import or webhook can forget it."""


def upgrade() -> None:
    op.create_table(
        "shopper_preferences",
        _shop(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("personalise", sa.Boolean(), nullable=True),
        sa.Column("remember", sa.Boolean(), nullable=True),
        sa.Column("email", sa.Boolean(), nullable=True),
        sa.Column("hidden", postgresql.JSONB(), server_default="{}", nullable=False),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("shop_id", "kind", "who"),
    )
    op.create_table(
        "browser_consents",
        _shop(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("analytics", sa.Boolean(), nullable=False),
        sa.Column("preferences", sa.Boolean(), nullable=False),
        sa.Column("marketing", sa.Boolean(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("shop_id", "kind", "who"),
    )
    op.create_table(
        "consent_changes",
        _shop(),
        _number(),
        _moment("at"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("became", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("consent_changes_at", "consent_changes", ["shop_id", "at"])
    op.create_index("consent_changes_who", "consent_changes", ["shop_id", "kind", "who"])
    op.create_table(
        "buried_emails",
        _shop(),
        sa.Column("digest", sa.String(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("shop_id", "digest"),
    )
    op.create_table(
        "access_log",
        _shop(),
        _number(),
        _moment("at"),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("access_log_at", "access_log", ["shop_id", "at"])
    op.create_index("access_log_subject", "access_log", ["shop_id", "subject_kind", "subject_id"])
    op.create_table(
        "retention_runs",
        _shop(),
        _moment("at"),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "at", "place"),
    )
    for table in NEW:
        rls.protect(table)
    for name, table, events, body in NOTED:
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
        op.execute(f"CREATE TRIGGER {name} AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name, table, _, _ in NOTED:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    for table in NEW:
        op.drop_table(table)


def _shop() -> sa.Column[int]:
    return sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
