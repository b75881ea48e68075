"""What the theme's element does in a consenting browser, request for request, with the web pixel beside it.

The requests are those of the extension's own JavaScript (extensions/recommendations/assets): a browser test of the app
makes the same steps in Chromium and compares. Before consent, and without scripts, nothing of the visitor is sent. Two
things are simpler: rails are asked one after the other, and what a shopper looks at counts as what is in view.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from devstore.shoppers.browser import Browser, Event
from devstore.shoppers.page import Card, Page, Row
from devstore.shoppers.pixel import CONSENT, DAY_MS, Pixel

CHANCE: Final = "random-products"
"""The theme's section of products drawn by lot. People never see it; simulated shoppers always look for it, so that
every product page compares ours, Shopify's and chance."""
BATCH: Final = 50
ANSWER_S: Final = 1.5
SPARE, MOST, IN_DRAWER, MOST_SHOWN = 4, 20, 6, 100
OURS: Final = "attune:"


class Scripts:
    """The scripts of one browser during one visit, which is one session of its storage."""

    def __init__(self, browser: Browser) -> None:
        self._browser, self._pixel = browser, Pixel(browser)
        self._queue: list[tuple[float, dict[str, Any]]] = []
        self._settings: dict[str, str] = {}
        self._rows: list[Row] = []
        self._published = False
        self._clicked: dict[str, str] = {}

    @property
    def run(self) -> bool:
        """Whether the visitor has allowed what they do."""
        return self._browser.scripts and self._browser.visitor is not None

    async def load(self, page: Page) -> None:
        """What happens when a page stands: rivals are loaded always, ours is personal only after consent."""
        if not self._browser.scripts:
            return
        rivals = [*page.sections, f"{page.path.partition('?')[0]}?section_id={CHANCE}"] if page.handle else []
        for address in rivals:
            page.rows.extend((await self._browser.part(address)).rows)
        self._settings, self._rows = page.settings, page.rows
        if not self._allowed(page):
            return
        if page.settings:
            self._browser.begin()
        await self._pixel.load(page)
        if self.run and page.settings:
            self._publish()
            for row in page.rows:
                if row.name.startswith(OURS):
                    await self._personalise(row)

    async def drawer(self, page: Page) -> Row | None:
        """The rail in the theme's drawer, which has opened because something was added to the cart."""
        at = page.tracker
        if not self._browser.scripts or not at:
            return None
        held = await self._browser.json(f"{at.get('cart-url', '/cart')}.js")
        try:
            cart = ",".join(dict.fromkeys(str(item["product_id"]) for item in held["items"]))
        except (KeyError, TypeError):
            cart = ""
        about = {"placement": "cart", "rail": "goes_well", "cart": cart, "product": ""}
        row = Row(f"{OURS}goes_well", {**at, **about})
        cards = await self._fetched(row, IN_DRAWER) if self.run and cart else []
        if not cards and cart:
            rows = (await self._browser.part(at.get("cart-url", "/cart"))).rows
            cards = [card for found in rows if found.name == row.name for card in found.cards]
        row.cards = list(_distinct(cards[:IN_DRAWER], self._elsewhere(row)))
        for card in row.cards:
            card.hidden = False
        return row if row.cards else None

    def happened(self, events: Sequence[Event]) -> None:
        """What a script's request did to the cart."""
        if self.run:
            self._pixel.tell(events)

    def seen(self, row: Row, place: int) -> None:
        """A card of ours was in view for a second."""
        self._on_card("exposure", row, place)

    def clicked(self, row: Row, place: int) -> None:
        """A card was clicked; if it is one of ours, the click is remembered for the cart."""
        self._on_card("click", row, place)
        card = row.shown[place]
        if self.run and row.name.startswith(OURS) and card.request and card.product_id:
            self._clicked[card.product_id] = f"{card.request}:{place}"

    def tag(self, product: int) -> dict[str, str]:
        """The field by which a click goes into the cart with its product."""
        tag = self._clicked.get(str(product)) if self.run else None
        return {"properties[_attune]": tag} if tag else {}

    async def flush(self) -> None:
        """Send what the theme's element and the pixel have waiting."""
        queue, self._queue = self._queue, []
        for start in range(0, len(queue) if self._settings else 0, BATCH):
            await self._send(queue[start : start + BATCH])
        if self.run:
            await self._pixel.flush()

    def _allowed(self, page: Page) -> bool:
        """By the visitor's choice, or where the market needs none."""
        if self._browser.consent is None:
            rules = page.setup.get("privacy")
            return isinstance(rules, dict) and rules.get("needed") is False
        return self._browser.consent

    def _publish(self) -> None:
        """Tell the pixel, once a session, whose browser it is in."""
        if not self._published:
            self._published = True
            self._pixel.meet()

    # -- rails -------------------------------------------------------------------------------------------------------

    async def _personalise(self, row: Row) -> None:
        at = row.attributes
        if not (at.get("proxy") and at.get("collect") and at.get("key")):
            return
        if at.get("placement") == "product":
            query = self._question(row, cards=_ids(row.cards))
            address = f"{at['proxy']}/v1/recommendations?{query}"
            answer = await self._browser.json(address, within_s=ANSWER_S)
            try:
                _order(row, answer, self._elsewhere(row))
            except (AttributeError, KeyError, TypeError):
                if answer is not None:
                    self._browser.tally.problem("an answer of the app that cannot be read")
            return
        places = len(row.shown)
        fetched = await self._fetched(row, min(places + SPARE, MOST))
        ranked = list(_distinct([*fetched, *row.cards], self._elsewhere(row)))[:places]
        if any(card in fetched for card in ranked):
            row.cards = ranked
            for card in ranked:
                card.hidden = False

    async def _fetched(self, row: Row, limit: int) -> list[Card]:
        at = row.attributes
        query = self._question(row, limit=str(limit), locale=at.get("locale", ""))
        address = f"{at.get('root', '/').rstrip('/')}{at.get('proxy', '')}/v1/rail?{query}"
        return await self._browser.cards(address, within_s=ANSWER_S)

    def _question(self, row: Row, **more: str) -> str:
        at = row.attributes
        asked = {
            "placement": at.get("placement", ""),
            "rail": at.get("rail", ""),
            "product_id": at.get("product", ""),
            "cart": at.get("cart", ""),
            "shown": ",".join(self._elsewhere(row)[:MOST_SHOWN]),
            **more,
            "visitor": self._browser.visitor or "",
        }
        return urlencode({name: value for name, value in asked.items() if value})

    def _elsewhere(self, row: Row) -> list[str]:
        """What our rails above this one show; it is not to be repeated."""
        above = []
        for other in self._rows:
            if other is row:
                break
            if other.name.startswith(OURS):
                above += [card.product_id for card in other.shown if card.product_id]
        return list(dict.fromkeys(above))

    # -- events ------------------------------------------------------------------------------------------------------

    def _on_card(self, type: str, row: Row, place: int) -> None:
        card, at = row.shown[place], row.attributes
        if not self.run or not row.name.startswith(OURS) or not card.product_id:
            return
        event: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "visitor": self._browser.visitor,
            "consent": CONSENT,
            "type": type,
            "placement": at.get("placement"),
            "rail": at.get("rail"),
            "product_id": card.product_id,
            **({"request_id": card.request} if card.request else {}),
            "position": place,
        }
        self._queue = [*self._queue, (time.monotonic(), event)][-2 * BATCH :]

    async def _send(self, batch: list[tuple[float, dict[str, Any]]]) -> None:
        """As a beacon: nobody waits for the answer, and nothing is tried again."""
        now, at = time.monotonic(), self._settings
        events = [{**event, "age_ms": min(round(1000 * (now - since)), DAY_MS)} for since, event in batch]
        body = {"key": at.get("key"), "shop": at.get("shop"), "events": events}
        status = await self._browser.post(at["collect"], orjson.dumps(body), origin=self._browser.origin)
        self._browser.tally.sent(len(events), status)


def _ids(cards: Iterable[Card]) -> str:
    return ",".join(card.product_id for card in cards if card.product_id)


def _distinct(cards: Iterable[Card], elsewhere: Sequence[str]) -> Iterator[Card]:
    """Each product once; what other rails show comes last."""
    once: dict[str | None, Card] = {}
    for card in cards:
        once.setdefault(card.product_id, card)
    yield from (card for product, card in once.items() if product not in elsewhere)
    yield from (card for product, card in once.items() if product in elsewhere)


def _order(row: Row, answer: dict[str, Any], elsewhere: Sequence[str]) -> None:
    """Re-order the cards that are there, as many shown as before; what has sold out since goes.

    Raises:
        AttributeError, KeyError, TypeError: the answer has another shape; the row is as it was.
    """
    shown, gone = len(row.shown), frozenset(answer.get("unavailable", ()))
    request, ranking = answer["request_id"], [item["product_id"] for item in answer["items"]]
    left = {card.product_id: card for card in row.cards if card.product_id not in gone}
    for card in left.values():
        card.request = request if card.product_id in ranking else None
    ranked = [left.pop(product) for product in dict.fromkeys(ranking) if product in left]
    row.cards = list(_distinct([*ranked, *left.values()], elsewhere))
    for place, card in enumerate(row.cards):
        card.hidden = place >= shown
