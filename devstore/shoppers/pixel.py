"""The app's web pixel in a simulated browser: what extensions/pixel/src/index.js makes of Shopify's events, and sends.

It runs where Shopify would run it: on a page that names a connected pixel, after consent, told by the page's own
standard events. Its settings and the client id come from the sandbox's document, as in a real browser.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from devstore.shoppers.browser import Browser, Event
from devstore.shoppers.page import Page

CONSENT: Final = {"analytics": True, "preferences": True, "marketing": True}
"""What the banner's one button for everything allows."""
FIRST_S: Final = 0.3
"""After so long on a page it sends what the page told at first."""
BATCH: Final = 10
QUEUE: Final = 50
PRODUCTS: Final = 100
DAY_MS: Final = 24 * 60 * 60 * 1000
ORIGIN: Final = "null"
_SETUP: Final = re.compile(r'<script id="pixel" type="application/json">(.*?)</script>', re.DOTALL)
_NUMBER: Final = re.compile(r"(\d{1,18})(?:\?.*)?$")
_PERSONAL: Final = re.compile(r"@|(?:\d[\s()/-]?){7,}")
_PRIVATE_PATH: Final = re.compile(
    r"^((?:/[a-z]{2}(?:-[a-z]{2,4})?)?(?:/\d+)?/(?:account|apps|a|authentication|cart|checkouts?|community"
    r"|customer_authentication|customer_identity|gift_cards|invoices|orders|tools|wallets))/.*$",
    re.IGNORECASE,
)

Fields = dict[str, Any]


class Pixel:
    """One browser's pixel for the length of a visit: it is told events, and sends them at most ten at a time."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._waiting: list[tuple[float, Fields, bool]] = []
        self._settings: dict[str, str] = {}
        self._client = ""
        self._path = "/"

    async def load(self, page: Page, *, told: bool) -> None:
        """What happens as a page stands: it is loaded where the page names it.

        Args:
            told: whether it sends what the page tells; what lies before the consent is not sent.
        """
        self._path = page.path.partition("?")[0]
        pixels = page.setup.get("pixels")
        if not pixels:
            return
        if not self._settings:
            await self._start(pixels)
        if told:
            self.tell((event["name"], event["data"]) for event in page.setup.get("events", ()))

    def tell(self, events: Iterable[Event]) -> None:
        """Shopify's standard events; those of which the app wants nothing are left out."""
        for name, data in events:
            read = _READERS.get(name)
            try:
                found = read(data, self._path) if read else None
            except (AttributeError, TypeError):
                self._browser.tally.problem(f"{name}: an event that cannot be read")
                continue
            if found is not None:
                self._put(*found)

    def meet(self) -> None:
        """The theme's script has published its visitor id."""
        self._put("identity", {"visitor": self._browser.visitor})

    async def flush(self) -> None:
        """Send what waits; a batch that did not arrive is tried once more with the next ones."""
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            if not await self._post(batch):
                self._waiting += [(at, event, True) for at, event, tried in batch if not tried]
        del self._waiting[QUEUE:]

    def _put(self, type: str, fields: Fields) -> None:
        if not self._settings:
            return
        known = {name: value for name, value in fields.items() if value is not None}
        event = {"id": str(uuid.uuid4()), "type": type, "client_id": self._client, "consent": CONSENT, **known}
        self._waiting = [*self._waiting, (time.monotonic(), event, False)][-QUEUE:]

    async def _start(self, pixels: Any) -> None:
        try:
            found = _SETUP.search(await self._browser.frame(pixels[0]["src"]) or "")
            setup = json.loads(found[1]) if found else None
            if setup is not None:
                settings = {name: str(setup["settings"][name]) for name in ("collect", "key", "shop")}
                self._settings, self._client = settings, str(setup["clientId"])
        except (KeyError, TypeError, ValueError):
            self._browser.tally.problem("a pixel that cannot be loaded")

    async def _post(self, batch: list[tuple[float, Fields, bool]]) -> bool:
        now = time.monotonic()
        ages = [min(round(1000 * (now - at)), DAY_MS) for at, _, _ in batch]
        visitor = {"visitor": self._browser.visitor} if self._browser.visitor else {}
        events = [{**visitor, **event, "age_ms": age} for (_, event, _), age in zip(batch, ages, strict=True)]
        body = {"key": self._settings["key"], "shop": self._settings["shop"], "events": events}
        status = await self._browser.post(self._settings["collect"], orjson.dumps(body), origin=ORIGIN)
        self._browser.tally.sent(len(events), status)
        return status < 500


# -- what each of Shopify's events becomes; None where it says nothing -------------------------------------------------

Read = tuple[str, Fields] | None


def _page(_data: Fields, path: str) -> Read:
    return "page_view", {"path": _PRIVATE_PATH.sub(r"\1", path)[:1000]}


def _product(data: Fields, _path: str) -> Read:
    found = _variant(data.get("productVariant"))
    return ("product_view", found) if found["product_id"] else None


def _collection(data: Fields, _path: str) -> Read:
    found = _number((data.get("collection") or {}).get("id"))
    return ("collection_view", {"collection_id": found}) if found else None


def _search(data: Fields, _path: str) -> Read:
    query = str((data.get("searchResult") or {}).get("query") or "")
    query = "" if _PERSONAL.search(query) else query.strip()[:200]
    return ("search", {"query": query}) if query else None


def _cart(data: Fields, _path: str) -> Read:
    lines = (data.get("cart") or {}).get("lines") or []
    return "cart_view", {"products": _products(line.get("merchandise") for line in lines)}


def _line(type: str) -> Callable[[Fields, str], Read]:
    def read(data: Fields, _path: str) -> Read:
        line = data.get("cartLine") or {}
        found = _variant(line.get("merchandise"))
        return (type, {**found, "quantity": line.get("quantity")}) if found["product_id"] else None

    return read


def _checkout(data: Fields, _path: str) -> Read:
    return "checkout_started", {"products": _bought(data), **_token(data)}


def _purchase(data: Fields, _path: str) -> Read:
    order = _number(((data.get("checkout") or {}).get("order") or {}).get("id"))
    return ("purchase", {"order_id": order, "products": _bought(data), **_token(data)}) if order else None


def _token(data: Fields) -> Fields:
    token = str((data.get("checkout") or {}).get("token") or "")[:200]
    return {"checkout": token} if token else {}


_READERS: Final[Mapping[str, Callable[[Fields, str], Read]]] = {
    "page_viewed": _page,
    "product_viewed": _product,
    "collection_viewed": _collection,
    "search_submitted": _search,
    "cart_viewed": _cart,
    "product_added_to_cart": _line("add_to_cart"),
    "product_removed_from_cart": _line("remove_from_cart"),
    "checkout_started": _checkout,
    "checkout_completed": _purchase,
}


def _number(id: object) -> str | None:
    """Shopify names things by number or by gid."""
    found = _NUMBER.search(str(id or ""))
    return found[1] if found else None


def _variant(variant: Fields | None) -> Fields:
    given = variant or {}
    return {"product_id": _number((given.get("product") or {}).get("id")), "variant_id": _number(given.get("id"))}


def _products(variants: Iterable[Fields | None]) -> list[str]:
    found = (_variant(variant)["product_id"] for variant in variants)
    return list(dict.fromkeys(number for number in found if number))[:PRODUCTS]


def _bought(data: Fields) -> list[str]:
    return _products(item.get("variant") for item in (data.get("checkout") or {}).get("lineItems") or [])
