"""A page as a browser's scripts find it: rows of product cards, the buy form, and what our block says about itself.

Read with the standard library's parser from the HTML that was served; what a browser would not show (``hidden``,
``<template>``) is read but marked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

RAIL_TAG: Final = "attune-recommendations"
_VOID: Final = frozenset({"br", "img", "input", "link", "meta", "hr", "source", "wbr", "area", "base", "col", "embed"})
_PRODUCT: Final = re.compile(r"^(?:/[a-z]{2}(?:-[a-z]{2})?)?/products/([^/?#]+)")
_ROW_TAGS: Final = frozenset({"ul", "ol"})


@dataclass(slots=True)
class Card:
    handle: str
    product_id: str | None
    hidden: bool = False
    request: str | None = None


@dataclass(slots=True)
class Row:
    """Cards side by side. `name` is ``theme``, or the rival's, or ``attune:<rail>`` with the rail's `attributes`."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    cards: list[Card] = field(default_factory=list)

    @property
    def shown(self) -> list[Card]:
        return [card for card in self.cards if not card.hidden]


@dataclass(slots=True)
class Page:
    """`form` holds the fields of the form that puts the page's product into the cart."""

    path: str
    status: int
    rows: list[Row] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)
    sold_out: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    """Data attributes of the first of our elements: where and under which key events go."""
    links: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    """Addresses of what the theme loads by itself once the page stands (the native rail)."""

    @property
    def handle(self) -> str | None:
        found = _PRODUCT.match(self.path)
        return found.group(1) if found else None


def read(html: str, path: str, status: int = 200) -> Page:
    """Parse a page, or a part of one."""
    reader = _Reader(Page(path, status))
    reader.feed(html)
    reader.close()
    page = reader.page
    page.rows = [row for row in page.rows if row.cards]
    return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._stack: list[tuple[str, object | None]] = []
        self._row: Row | None = None
        self._rail: dict[str, str] | None = None
        self._card: Card | None = None
        self._in_form = False
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        opened: object | None = None
        if "data-collect" in at and not self.page.settings:
            self.page.settings = {k.removeprefix("data-"): v for k, v in at.items() if k.startswith("data-")}
        if tag == RAIL_TAG:
            opened = self._rail = {k.removeprefix("data-"): v for k, v in at.items() if k.startswith("data-")}
        elif tag in _ROW_TAGS:
            opened = self._row = self._begin_row(at)
        elif tag == "li" and self._row is not None:
            opened = self._card = Card("", at.get("data-product"), "hidden" in at, at.get("data-request"))
        elif tag == "a":
            self._link(at.get("href", ""))
        elif tag == "form":
            self._in_form = at.get("action", "").endswith("/cart/add")
        elif self._in_form:
            self._field(tag, at)
        if at.get("data-url", "").find("/recommendations/products") >= 0:
            self.page.sections.append(at["data-url"])
        if tag not in _VOID:
            self._stack.append((tag, opened))

    def handle_endtag(self, tag: str) -> None:
        while self._stack:
            name, opened = self._stack.pop()
            if opened is not None:
                self._close(opened)
            if name == "form":
                self._in_form = False
            if name == tag:
                return

    def _begin_row(self, at: dict[str, str]) -> Row:
        if self._rail is not None:
            rail = self._rail.get("rail") or self._rail.get("placement", "")
            row = Row(f"attune:{rail}", self._rail)
        else:
            row = Row(at.get("data-rail", "theme"))
        self.page.rows.append(row)
        return row

    def _close(self, opened: object) -> None:
        if opened is self._card and self._card is not None:
            if self._row is not None and self._card.handle:
                self._row.cards.append(self._card)
            self._card = None
        elif opened is self._row:
            self._row = None
        elif opened is self._rail:
            self._rail = None

    def _link(self, href: str) -> None:
        found = _PRODUCT.match(href)
        if found and self._card is not None and not self._card.handle:
            self._card.handle = found.group(1)
        elif href.startswith("/"):
            self.page.links.append(href)

    def _field(self, tag: str, at: dict[str, str]) -> None:
        if tag == "select":
            self._select = at.get("name")
        elif tag == "option" and self._select and "disabled" not in at:
            if "selected" in at or self._select not in self.page.form:
                self.page.form[self._select] = at.get("value", "")
        elif tag == "input" and at.get("name"):
            self.page.form.setdefault(at["name"], at.get("value", ""))
        elif tag == "button" and at.get("name") == "add":
            self.page.sold_out = "disabled" in at
