"""Reads a Liquid file before python-liquid sees it.

`schema`, `javascript` and `stylesheet` are taken out, as Shopify does when a theme is uploaded. Names that
python-liquid reserves but Shopify allows behind a dot (`settings.limit`, `gift_card?`) are rewritten to `["limit"]`,
and `blank` to an object of ours.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from devstore.storefront.liquid.nothing import BLANK_NAME

_SECTION = re.compile(r"{%-?\s*(schema|javascript|stylesheet)\s*-?%}(.*?){%-?\s*end\1\s*-?%}", re.DOTALL)
_LAYOUT = re.compile(r"{%-?\s*layout\s+(none|'[^']*'|\"[^\"]*\")\s*-?%}")
_MARKUP = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_STRING = re.compile(r"""("[^"]*"|'[^']*')""")
_RESERVED = re.compile(r"\.(limit|offset|cols|reversed|with|for|as|required|if|else|in|continue|not|\w+\?)(?![\w?-])")
_BLANK = re.compile(r"(?<![\w.-])blank(?![\w.:-])")


class SchemaError(ValueError):
    """The schema of a block is no JSON object."""


@dataclass(frozen=True, slots=True)
class Source:
    """One Liquid file: what is rendered, and what was declared beside it."""

    liquid: str
    schema: dict[str, Any]
    javascript: str
    stylesheet: str
    layout: bool
    """False after `{% layout none %}`."""


def read_source(text: str) -> Source:
    parts = {"schema": "", "javascript": "", "stylesheet": ""}
    for kind, body in _SECTION.findall(text):
        parts[kind] += body
    layouts = _LAYOUT.findall(text)
    liquid = _LAYOUT.sub("", _SECTION.sub("", text))
    return Source(
        liquid=_MARKUP.sub(lambda match: _allow_reserved(match.group()), liquid),
        schema=_schema(parts["schema"]),
        javascript=parts["javascript"].strip(),
        stylesheet=parts["stylesheet"].strip(),
        layout="none" not in layouts,
    )


def _schema(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise SchemaError(f"schema is no JSON: {error}") from error
    if not isinstance(schema, dict):
        raise SchemaError("schema must be a JSON object")
    return schema


def _allow_reserved(markup: str) -> str:
    pieces = _STRING.split(markup)
    return "".join(piece if place % 2 else _rewritten(piece) for place, piece in enumerate(pieces))


def _rewritten(text: str) -> str:
    return _BLANK.sub(BLANK_NAME, _RESERVED.sub(r'["\1"]', text))
