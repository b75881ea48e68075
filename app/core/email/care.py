"""How to look after what was bought: an article or a product's metafield as the mail after an order shows it.

Texts come from the merchant's own store as HTML, as Shopify's rich text or plain; a mail gets the beginning as plain
text, and the template escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from app.core.errors import DomainError
from app.core.ids import ProductId

MOST_TEXT: Final = 240
"""Characters of the beginning; a mail leads on to the rest."""
MOST_METAFIELD: Final = 1200
"""Of a metafield, which is all that there is to read."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{2,255}\.[A-Za-z0-9_-]{2,64}", re.ASCII)
_BLOCKS: Final = frozenset(("p", "div", "br", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr"))
_UNREAD: Final = frozenset(("script", "style", "template"))


class BadPick(DomainError):
    """Nothing that can be picked; `field` names the field of the form."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class CareSource(StrEnum):
    """Where the care of a product type stands."""

    ARTICLE = "article"
    METAFIELD = "metafield"


@dataclass(frozen=True, slots=True)
class CarePick:
    """What the merchant picked for one product type; `ref` is an article's number, or a metafield's name."""

    product_type: str
    source: CareSource
    ref: str


@dataclass(frozen=True, slots=True)
class Care:
    """What a mail shows; `url` is absolute, or empty where there is nothing more to read."""

    title: str
    url: str = ""
    text: str = ""

    def as_json(self) -> dict[str, str]:
        """As the event carries it; Klaviyo drops what is empty."""
        said = {"title": self.title, "url": self.url, "text": self.text}
        return {name: value for name, value in said.items() if value}


def care_of(products: Sequence[ProductId], known: Mapping[ProductId, Care]) -> Care | None:
    """The care of the first of the products that has any: a mail shows one."""
    return next((known[product] for product in products if product in known), None)


def metafield_name(text: str) -> tuple[str, str]:
    """Namespace and key.

    Raises:
        BadPick: it is no name that a metafield can have.
    """
    if not _NAME.fullmatch(text):
        raise BadPick("write the metafield as namespace and key with a dot between, such as custom.care", "metafield")
    namespace, _, key = text.partition(".")
    return namespace, key


def of_metafield(product: str, type: str, value: str) -> Care | None:
    """What a product's metafield says; None where its type can't be read, or it is empty."""
    title = f"Good to know about your {product}"
    if type == "url":
        return Care(title, value) if urlsplit(value).scheme in ("http", "https") else None
    text = {
        "single_line_text_field": lambda: value,
        "multi_line_text_field": lambda: value,
        "rich_text_field": lambda: _rich(value),
    }.get(type, lambda: "")()
    beginning = shortened(text, MOST_METAFIELD)
    return Care(title, text=beginning) if beginning else None


def plain(html: str) -> str:
    """HTML as one line of text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.said).split())


def shortened(text: str, most: int = MOST_TEXT) -> str:
    """The text, cut at a word and marked if it is longer than that."""
    whole = " ".join(text.split())
    if len(whole) <= most:
        return whole
    return f"{whole[: most - 1].rsplit(' ', 1)[0].rstrip('.,;:')}…"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._unread += tag in _UNREAD
        if tag in _BLOCKS:
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD and self._unread > 0
        if tag in _BLOCKS:
            self.said.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.said.append(data)


def _rich(value: str) -> str:
    """Shopify's rich text is a tree of nodes whose leaves hold `value`."""
    try:
        tree = orjson.loads(value)
    except orjson.JSONDecodeError:
        return ""
    return "".join(_leaves(tree))


def _leaves(node: Any) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if isinstance(node.get("value"), str):
        yield node["value"]
    children = node.get("children")
    for child in children if isinstance(children, list) else ():
        yield from _leaves(child)
    if node.get("type") in ("paragraph", "heading", "list-item"):
        yield " "
