"""A page as a browser's scripts find it: rows of product cards, the buy form, what our blocks say about themselves, and
what the page tells Shopify's own script.

Read with the standard library's parser from the HTML that was served; cards that a browser would not show are read but
marked. The lines of a cart are no row: nobody is offered what lies in her cart.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

RAIL_TAG: Final = "attune-recommendations"
TRACKER_TAG: Final = "attune-tracker"
RAIL_CLASS: Final = "attune"
"""The class of the section around a rail."""
OURS: Final = "ours"
"""What a row shows if no experiment says otherwise."""
DRAWER_TAG: Final = "cart-drawer"
SETUP_ID: Final = "web-pixels-manager-setup"
_VOID: Final = frozenset({"br", "img", "input", "link", "meta", "hr", "source", "wbr", "area", "base", "col", "embed"})
_PRODUCT: Final = re.compile(r"^(?:/[a-z]{2}(?:-[a-z]{2})?)?/products/([^/?#]+)")
_ROW_TAGS: Final = frozenset({"ul", "ol"})
_GRID: Final = "grid"
"""The class of the theme's own lists of products."""
_BODY: Final = "template-"
_NAMES: Final = {"index": "home"}


@dataclass(slots=True)
class Card:
    """`held` is one whose place is kept, but which nobody can see; `ghost` the product of ours whose place it has."""

    handle: str
    product_id: str | None
    hidden: bool = False
    request: str | None = None
    held: bool = False
    ghost: str | None = None


@dataclass(slots=True)
class Row:
    """Cards side by side.

    `name` is ``theme:<kind of page>``, or the rival's, or ``attune:<rail>`` with the rail's `attributes`.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    cards: list[Card] = field(default_factory=list)
    place: str = ""
    """Of the same rail's places on the page: primary or alternative."""
    hidden: bool = False
    """The whole row; its place is not kept."""
    show: str = OURS
    """What stands in its place: ours, empty or native (Shopify's own)."""
    arms: str | None = None
    """For which arms of experiments it was painted, if the page knew any."""
    silent: bool = False
    """Nothing of it is reported."""
    request: str | None = None
    """The answer to which all that is in view of it belongs, whoever chose the card; a click belongs to the card's."""

    @property
    def shown(self) -> list[Card]:
        """The cards that have a place."""
        return [card for card in self.cards if not card.hidden]

    @property
    def counted(self) -> str:
        """The name under which it is counted: a list of Shopify's in our place is not ours."""
        return self.name if self.show == OURS else f"{self.name}:{self.show}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The app's answer to a rail: cards, or a ranking of those that the page holds."""

    request: str | None = None
    show: str = OURS
    stale: bool = False
    cards: tuple[Card, ...] = ()
    ranking: tuple[str, ...] | None = None
    fetch: bool = False
    """The page's cards may not be what is ranked: cards are to be asked for."""
    unavailable: frozenset[str] = frozenset()


@dataclass(slots=True)
class Page:
    """`form` holds the fields of the form that puts the page's product into the cart."""

    path: str
    status: int
    rows: list[Row] = field(default_factory=list)
    spare: list[Row] = field(default_factory=list)
    """Rows that stand in templates, which a browser shows only if a script takes them."""
    form: dict[str, str] = field(default_factory=dict)
    sold_out: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    """Data attributes of the first of our elements: where and under which key events go."""
    tracker: dict[str, str] = field(default_factory=dict)
    """Those of the tracker, which knows the theme's drawer; empty where the page has no drawer."""
    setup: dict[str, Any] = field(default_factory=dict)
    """What the page tells Shopify's own script: its standard events, the pixels, and whether consent is needed."""
    links: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    """Addresses of what the theme loads by itself once the page stands (the native rail)."""

    @property
    def thanks(self) -> bool:
        """Whether it is the page after an order."""
        return any(event["name"] == "checkout_completed" for event in self.setup.get("events", ()))

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
    page.rows, page.spare = ([row for row in rows if row.cards] for rows in (page.rows, page.spare))
    if not reader.has_drawer:
        page.tracker = {}
    return page


def answer_of(html: str, path: str) -> Answer:
    """The app's answer in cards, which have no list around them; what else it says stands in a template."""
    reader = _Reader(Page(path, 200))
    reader.feed(f"<ul class={_GRID}>{html}</ul>")
    reader.close()
    cards = tuple(card for row in reader.page.rows for card in row.cards)
    said = reader.answer
    return Answer(said.get("data-request"), said.get("data-show") or OURS, "data-stale" in said, cards)


def _setup(text: str) -> dict[str, Any]:
    """What the page tells, with its events as far as they have a name and data."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    events = found.get("events")
    told = [event for event in events if _is_event(event)] if isinstance(events, list) else []
    return {**found, "events": told}


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("name"), str) and isinstance(event.get("data"), dict)


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
        self._kind = "part"
        self._in_setup = False
        self.has_drawer = False
        self._section: dict[str, str] | None = None
        self._template: object | None = None
        self.answer: dict[str, str] = {}

    def handle_data(self, data: str) -> None:
        if self._in_setup:
            self.page.setup = _setup(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        opened: object | None = None
        if "data-collect" in at and not self.page.settings:
            self.page.settings = {k.removeprefix("data-"): v for k, v in at.items() if k.startswith("data-")}
        self._in_setup = tag == "script" and at.get("id") == SETUP_ID
        self._note(tag, at)
        if tag == RAIL_TAG:
            opened = self._rail = {k.removeprefix("data-"): v for k, v in at.items() if k.startswith("data-")}
        elif tag == "section" and RAIL_CLASS in at.get("class", "").split():
            opened = self._section = at
        elif tag == "template":
            opened = self._template = object()
            self.answer = at if "data-attune-answer" in at else self.answer
        elif tag in _ROW_TAGS and self._is_row(at):
            opened = self._row = self._begin_row(at)
        elif tag == "li" and self._row is not None:
            product = at.get("data-product", "")
            opened = self._card = Card(
                "", product if product.isdecimal() else None, "hidden" in at, at.get("data-request")
            )
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

    def _note(self, tag: str, at: dict[str, str]) -> None:
        if tag == "body":
            kinds = [name.removeprefix(_BODY) for name in at.get("class", "").split() if name.startswith(_BODY)]
            self._kind = _NAMES.get(kinds[0], kinds[0]) if kinds else self._kind
        elif tag == TRACKER_TAG and "data-drawer" in at:
            self.page.tracker = {k.removeprefix("data-"): v for k, v in at.items() if k.startswith("data-")}
        self.has_drawer |= tag == DRAWER_TAG

    def _is_row(self, at: dict[str, str]) -> bool:
        return self._rail is not None or "data-rail" in at or _GRID in at.get("class", "").split()

    def handle_endtag(self, tag: str) -> None:
        self._in_setup = False
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
            around = self._section or {}
            row = Row(f"attune:{rail}", self._rail, place=around.get("data-place", ""), hidden="hidden" in around)
        else:
            row = Row(at.get("data-rail") or f"theme:{self._kind}")
        (self.page.rows if self._template is None else self.page.spare).append(row)
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
        elif opened is self._section:
            self._section = None
        elif opened is self._template:
            self._template = None

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
