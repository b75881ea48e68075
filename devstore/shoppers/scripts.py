"""What the theme's element and the web pixel do in a consenting browser, request for request.

The payloads are those of the extension's own JavaScript; a browser test of the app compares the two. Before consent,
and without scripts, nothing happens here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson

from devstore.shoppers.browser import Browser
from devstore.shoppers.page import Page, Row

CONSENT: Final = {"analytics": True, "preferences": True, "marketing": True}
BATCH: Final = 10
CHANCE: Final = "random-products"
"""The theme's section of products drawn by lot. People never see it; simulated shoppers always look for it, so that
every product page compares ours, Shopify's and chance."""
FETCHED: Final = frozenset({"home", "cart"})
"""Placements whose cards may be other products than Liquid's."""


class Scripts:
    """The scripts of one browser: re-ordering rails, and a queue of events that is sent page by page."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._queue: list[tuple[float, dict[str, Any]]] = []
        self._settings: dict[str, str] = {}
        self._introduced = False

    @property
    def run(self) -> bool:
        """Whether the visitor has allowed what they do."""
        return self._browser.visitor is not None

    async def load(self, page: Page, cart: Sequence[int]) -> None:
        """What happens when a page stands: rivals are loaded always, ours is personal only after consent."""
        if not self._browser.scripts:
            return
        rivals = (
            [*page.sections, f"{page.path.partition('?')[0]}?section_id={CHANCE}"] if page.handle else page.sections
        )
        for address in rivals:
            page.rows.extend((await self._browser.part(address)).rows)
        if page.settings:
            self._settings = page.settings
        if not self.run:
            return
        if not self._introduced:
            self._introduced = True
            self.note("identity")
        self.note("page_view", path=page.path.partition("?")[0])
        shown: list[str] = []
        for row in page.rows:
            if row.name.startswith("attune:"):
                await self._personalise(row, cart, shown)
                shown += [card.product_id for card in row.shown if card.product_id]

    async def _personalise(self, row: Row, cart: Sequence[int], shown: Iterable[str]) -> None:
        at = row.attributes
        cards = [card.product_id for card in row.cards if card.product_id]
        query = {
            "placement": at.get("placement", ""),
            "rail": at.get("rail", ""),
            "product_id": at.get("product", ""),
            "visitor": self._browser.visitor or "",
            "cart": ",".join(map(str, cart)),
            "shown": ",".join(shown),
        }
        proxy = at.get("proxy", "")
        if not proxy:
            return
        if at.get("placement") in FETCHED:
            count = len(row.shown)
            fetched = await self._browser.part(f"{proxy}/v1/rail?{urlencode(query | {'limit': str(count)})}")
            cards_of = [card for found in fetched.rows for card in found.cards]
            if fetched.status == 200 and cards_of:
                row.cards = cards_of[:count]
            return
        answer = await self._browser.json(
            "GET", f"{proxy}/v1/recommendations?{urlencode(query | {'cards': ','.join(cards)})}"
        )
        if answer:
            _arrange(row, answer)

    def note(self, type: str, **fields: Any) -> None:
        """Put an event into the queue; without consent it never was."""
        if not self.run:
            return
        event = {"id": secrets.token_hex(16), "type": type, "consent": CONSENT, **fields}
        event["visitor"] = self._browser.visitor
        if type not in ("exposure", "click"):
            event["client_id"] = self._browser.client_id
        self._queue.append((time.monotonic(), event))

    def seen(self, row: Row, place: int) -> None:
        """A card of ours was in view for a second."""
        self._on_card("exposure", row, place)

    def clicked(self, row: Row, place: int) -> None:
        """A card of ours was clicked; the click is carried into the cart."""
        self._on_card("click", row, place)
        card = row.shown[place]
        if self.run and card.request and card.product_id:
            self._browser.clicked[card.product_id] = f"{card.request}:{place}"

    def _on_card(self, type: str, row: Row, place: int) -> None:
        card = row.shown[place]
        at = row.attributes
        if row.name.startswith("attune:") and card.product_id:
            fields: dict[str, Any] = {"placement": at.get("placement"), "rail": at.get("rail"), "position": place}
            self.note(
                type, product_id=card.product_id, **fields, **({"request_id": card.request} if card.request else {})
            )

    async def flush(self) -> None:
        """Send what waits, at most ten events a time, as the pixel does."""
        while self._queue and self._settings:
            batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
            now = time.monotonic()
            events = [{**event, "age_ms": int(1000 * (now - at))} for at, event in batch]
            body = {"key": self._settings.get("key"), "shop": self._settings.get("shop"), "events": events}
            await self._send(self._settings["collect"], body, len(events))

    async def _send(self, address: str, body: dict[str, Any], count: int) -> None:
        tally = self._browser.tally
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "null", "User-Agent": self._browser.agent}
        try:
            answer = await self._browser.http.post(address, content=orjson.dumps(body), headers=headers)
        except httpx.HTTPError as error:
            tally.problem(f"POST /collect: {type(error).__name__}")
            return
        if answer.status_code == 202:
            tally.events += count
        else:
            tally.refused += count
            tally.problem(f"POST /collect: {answer.status_code} {answer.text[:200]}")


def _arrange(row: Row, answer: dict[str, Any]) -> None:
    """Re-order the cards that are there, as many shown as before."""
    shown = len(row.shown)
    gone = set(answer.get("unavailable", []))
    cards = {card.product_id: card for card in row.cards if card.product_id not in gone}
    ranked = []
    for item in answer["items"]:
        card = cards.pop(item["product_id"], None)
        if card is not None:
            card.request = answer["request_id"]
            ranked.append(card)
    row.cards = [*ranked, *cards.values()]
    for place, card in enumerate(row.cards):
        card.hidden = place >= shown
