"""What an erasure reads again: SQL that counts the rows of a table in which somebody is still named.

It goes by the columns that the table has, not by what the erasure did, so a rule that forgot a column is found out.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import LargeBinary

from app.adapters.db.tables import Receipt

BY_COLUMN: Final = {
    "customer_id": "(:customer <> 0 AND customer_id = :customer)",
    "visitor": "visitor = ANY(:visitors)",
    "unit": "unit = ANY(:visitors)",
    "client": "client = ANY(:clients)",
    "profile": "profile = ANY(:profiles)",
}
"""A column of this name says whose a row is."""
KEPT: Final = frozenset({"tombstones", "visitor_tombstones", "buried_emails"})
"""Who must not come back stands here on purpose: by Shopify's number, or by a digest that leads to nobody."""
BY_NUMBER: Final = frozenset({"customers"})
"""Another customer with the same address is a record of Shopify's own, which goes by a request of its own."""

_STATEMENT: Final = re.compile(r"\s*(?:DELETE FROM|UPDATE) (\w+)(?: SET .*?)? WHERE (.*)", re.DOTALL)


def left_statement(table: str, own: str | None) -> str | None:
    """SQL that counts what is left of the person in the table; None where nothing in it can name one.

    Args:
        own: a further condition, beside those of the table's columns.
    """
    conditions = [] if table in KEPT else [*_by_columns(table), *([own] if own else [])]
    if not conditions:
        return None
    return f"SELECT count(*) FROM {table} WHERE " + " OR ".join(f"({one})" for one in conditions)


def condition_of(statement: str) -> str:
    """The condition of a DELETE or UPDATE of one table: which rows it is about.

    Raises:
        ValueError: it is no such statement; a rule of this kind says itself what should be gone.
    """
    found = _STATEMENT.fullmatch(statement)
    if found is None:
        raise ValueError(f"no condition can be read from: {statement}")
    return found[2]


def _by_columns(table: str) -> list[str]:
    columns = Receipt.metadata.tables[table].columns
    found = [condition for name, condition in BY_COLUMN.items() if name in columns]
    if "email_hash" in columns and table not in BY_NUMBER:
        of_bytes = isinstance(columns["email_hash"].type, LargeBinary)
        found.append(f"email_hash = ANY(:{'hashes' if of_bytes else 'emails'})")
    return found
