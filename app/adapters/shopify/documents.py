"""The GraphQL documents: one file each under ``queries/``, known by its name, so that a test can check every one
against Shopify's schema and derive the scopes from them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import orjson

FOLDER = Path(__file__).parent / "queries"
_SEARCH_DECLARATION = re.compile(r"\(\s*\$search\s*:\s*String\s*\)")
_SEARCH_USE = re.compile(r"\$search\b")


@cache
def load(name: str) -> str:
    """The text of ``queries/<name>.graphql``.

    Raises:
        FileNotFoundError: there is no such document; that is a bug.
    """
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


def bulk_query(name: str, search: str | None) -> str:
    """The document as text for ``bulkOperationRunQuery``, which takes no variables: ``$search`` is written out."""
    literal = orjson.dumps(search).decode()
    without_declaration = _SEARCH_DECLARATION.sub("", load(name), count=1)
    return _SEARCH_USE.sub(lambda _: literal, without_declaration)
