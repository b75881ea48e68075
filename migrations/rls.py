"""Row-level security for a new table: what every migration that creates one must call.

The policy compares with ``app.shop``; where it is unset or empty the cast fails, so a forgotten shop is an error and
never an empty answer. FORCE makes it bind the owner too.
"""

from __future__ import annotations

from alembic import op

APP_ROLE = "attune_app"
POLICY = "shop_id = (SELECT current_setting('app.shop')::bigint)"


def protect(table: str) -> None:
    """Force row-level security on `table` and let the app role read and write it."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY one_shop ON {table} USING ({POLICY}) WITH CHECK ({POLICY})")
    grant(table)


def grant(table: str) -> None:
    """Let the app role read and write `table`."""
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}")
