"""What the theme's element does in a consenting browser, request for request, with the web pixel beside it.

The requests are those of the extension's own JavaScript (extensions/recommendations/assets): a browser test of the app
makes the same steps in Chromium and compares. Before consent, and without scripts, nothing of the visitor is sent. Two
things are simpler: rails are asked one after the other, and what a shopper looks at, or would look at in a control's
empty place, counts as what is in view.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote, urlencode

import orjson

from devstore.shoppers.browser import Browser, Event
from devstore.shoppers.page import OURS, Answer, Card, Page, Row
from devstore.shoppers.pixel import CONSENT, DAY_MS, Pixel
from devstore.shoppers.rails import (
    DEFAULT,
    NATIVE,
    RAIL,
    above,
    control,
    distinct,
    elsewhere,
    fits,
    hold,
    is_ours,
    paint,
    ranking,
    show,
    take,
)

CHANCE: Final = "random-products"
"""The theme's section of products drawn by lot. People never see it; simulated shoppers always look for it, so that
every product page compares ours, Shopify's and chance."""
BATCH: Final = 50
ANSWER_S: Final = 1.5
SPARE, MOST, IN_DRAWER, MOST_SHOWN, SHOPIFYS = 4, 20, 6, 100, 10


class Scripts:
    """The scripts of one browser during one visit, which is one session of its storage."""

    def __init__(self, browser: Browser) -> None:
        self._browser, self._pixel = browser, Pixel(browser)
        self._queue: list[tuple[float, dict[str, Any]]] = []
        self._settings: dict[str, str] = {}
        self._rows: list[Row] = []
        self._published, self._told_cart = False, ""
        self._told_arms, self._asked_arms = False, False
        self._clicked: dict[str, str] = {}

    @property
    def run(self) -> bool:
        """Whether the visitor has allowed what they do."""
        return self._browser.scripts and self._browser.visitor is not None

    async def load(self, page: Page, *, allowed_here: bool = False) -> None:
        """What happens when a page stands: rivals are loaded always, ours is personal only after consent.

        Args:
            allowed_here: the visitor allows everything on this very page; what it is, is then not told.
        """
        if not self._browser.scripts:
            return
        rivals = [*page.sections, f"{page.path.partition('?')[0]}?section_id={CHANCE}"] if page.handle else []
        for address in rivals:
            page.rows.extend((await self._browser.part(address)).rows)
        self._settings, self._rows, self._asked_arms = page.settings, page.rows, False
        paint(page.rows, self._browser.arms)
        if not self._allowed(page):
            return
        if page.settings:
            self._browser.begin()
        await self._pixel.load(page, told=not allowed_here)
        if self.run and page.settings:
            self._publish()
            self._tell_cart()
            if not self._told_arms or self._browser.arms is None:
                await self._ask_arms()
            for row in page.rows:
                if is_ours(row) and not row.hidden:
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
        row = Row(f"{RAIL}goes_well", {**at, **about})
        if cart:
            await self._fill_drawer(row, at.get("cart-url", "/cart"))
        return row if row.cards else None

    async def _fill_drawer(self, row: Row, cart_page: str) -> None:
        """With cards of the app's, or those of the cart page, which a control does not show either."""
        answer = None
        if self.run:
            paint([row], self._browser.arms)
            answer = await self._fetched(row, limit=str(IN_DRAWER))
        cards = answer.cards if answer and await self._fits(row, answer) else ()
        of_page: tuple[Card, ...] = ()
        tested = (row.arms or DEFAULT) != DEFAULT
        if not cards or tested:
            rows = (await self._browser.part(cart_page)).spare
            of_page = tuple(card for found in rows if found.name == row.name for card in found.cards)
        # A control counts where the cart page has cards, and so does the other arm.
        row.request = answer.request if answer and (of_page or not tested) else None
        row.cards = list((cards or of_page)[:IN_DRAWER])
        hold(row)
        if row.show == OURS:
            row.cards = list(distinct(row.cards, elsewhere(self._rows, row)))
            show(row, IN_DRAWER)
        else:
            control(row, answer or Answer(), IN_DRAWER)

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
        if self.run and is_ours(row) and row.show == OURS and not row.silent and card.request and card.product_id:
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

    def _tell_cart(self) -> None:
        """By which token the shop knows the browser's cart, each once a session."""
        cart = unquote(self._browser.cookie("cart")).partition("?")[0]
        if cart and cart != self._told_cart:
            self._told_cart = cart
            self._report({"type": "identity", "cart": cart})

    # -- rails -------------------------------------------------------------------------------------------------------

    async def _personalise(self, row: Row) -> None:
        at = row.attributes
        if not (at.get("proxy") and at.get("collect") and at.get("key")):
            return
        answer = await self._ask(row)
        if answer is not None:
            take(row, answer, elsewhere(self._rows, row))
            await self._fits(row, answer)

    async def _ask(self, row: Row) -> Answer | None:
        places = len(row.shown)
        if row.show == NATIVE:
            native = await self._shopifys(row, places)
            return await self._fetched(row, native=",".join(native), limit=str(len(native) or ""))
        answer = await self._ranked(row) if row.attributes.get("placement") == "product" else Answer(fetch=True)
        if answer is None or not answer.fetch:
            return answer
        fetched = await self._fetched(row, limit=str(min(places + SPARE, MOST)))
        return fetched and replace(fetched, unavailable=answer.unavailable)

    async def _ranked(self, row: Row) -> Answer | None:
        """In which order the page's own cards are to stand, or that others are to be fetched."""
        query = self._question(row, cards=_ids(row), locale=row.attributes.get("locale", ""))
        said = await self._browser.json(f"{row.attributes['proxy']}/v1/recommendations?{query}", within_s=ANSWER_S)
        try:
            return None if said is None else ranking(said)
        except (AttributeError, KeyError, TypeError):
            self._browser.tally.problem("an answer of the app that cannot be read")
            return None

    async def _fetched(self, row: Row, **more: str) -> Answer | None:
        at = row.attributes
        query = self._question(row, **more, locale=at.get("locale", ""))
        address = f"{at.get('root', '/').rstrip('/')}{at.get('proxy', '')}/v1/rail?{query}"
        return await self._browser.cards(address, within_s=ANSWER_S)

    async def _shopifys(self, row: Row, places: int) -> list[str]:
        """What Shopify itself recommends beside the row's product, without what stands in its list's places above."""
        at, first = row.attributes, above(self._rows, row)
        limit = min(first + places, SHOPIFYS)
        query = urlencode({"product_id": at.get("product", ""), "limit": limit, "intent": "related"})
        address = f"{at.get('root', '/').rstrip('/')}/recommendations/products.json?{query}"
        found = await self._browser.json(address, within_s=ANSWER_S)
        try:
            return [str(product["id"]) for product in found["products"]][first:]
        except (KeyError, TypeError):
            return []

    async def _fits(self, row: Row, answer: Answer) -> bool:
        """Whether the answer is for what the page shows; if not, nothing is reported, and the arms are asked again."""
        row.silent = not fits(row, answer)
        if row.silent:
            await self._ask_arms()
        return not row.silent

    async def _ask_arms(self) -> None:
        """At most once a page; what has been painted stays as it is."""
        if self._asked_arms:
            return
        self._asked_arms = True
        query = urlencode({"visitor": self._browser.visitor})
        told = await self._browser.json(f"{self._settings.get('proxy', '')}/v1/arms?{query}", within_s=ANSWER_S)
        if isinstance(told, dict) and isinstance(told.get("rails"), dict):
            self._browser.arms = {rail: said for rail, said in told["rails"].items() if isinstance(said, dict)}
            self._told_arms = True

    def _question(self, row: Row, **more: str) -> str:
        at = row.attributes
        asked = {
            "placement": at.get("placement", ""),
            "rail": at.get("rail", ""),
            "product_id": at.get("product", ""),
            "cart": at.get("cart", ""),
            "shown": ",".join(elsewhere(self._rows, row)[:MOST_SHOWN]),
            "arms": row.arms or "",
            **more,
            "visitor": self._browser.visitor or "",
        }
        return urlencode({name: value for name, value in asked.items() if value})

    # -- events ------------------------------------------------------------------------------------------------------

    def _on_card(self, type: str, row: Row, place: int) -> None:
        card, at = row.shown[place], row.attributes
        if not self.run or not is_ours(row) or row.silent or not card.product_id:
            return
        if row.show != OURS and type != "exposure":
            return
        request = row.request if type == "exposure" else card.request
        event = {
            "type": type,
            "placement": at.get("placement"),
            "rail": at.get("rail"),
            "product_id": card.ghost or card.product_id,
            **({"request_id": request} if request else {}),
            "position": place,
            **({"ghost": True} if row.show != OURS else {}),
        }
        self._report(event)

    def _report(self, event: dict[str, Any]) -> None:
        whole = {"id": secrets.token_hex(16), "visitor": self._browser.visitor, "consent": CONSENT, **event}
        self._queue = [*self._queue, (time.monotonic(), whole)][-2 * BATCH :]

    async def _send(self, batch: list[tuple[float, dict[str, Any]]]) -> None:
        """As a beacon: nobody waits for the answer, and nothing is tried again."""
        now, at = time.monotonic(), self._settings
        events = [{**event, "age_ms": min(round(1000 * (now - since)), DAY_MS)} for since, event in batch]
        body = {"key": at.get("key"), "shop": at.get("shop"), "events": events}
        status = await self._browser.post(at["collect"], orjson.dumps(body), origin=self._browser.origin)
        self._browser.tally.sent(len(events), status)


def _ids(row: Row) -> str:
    return ",".join(card.product_id for card in row.cards if card.product_id)
