"""One shop open for business, shared by the tests of a module: all real processes, and looks behind the counter.

The parts are those of `attune demo` on the small world. Tests speak to them over HTTP and with browsers; what no page
shows (the lake, live state, the stream) is read through the app's own ports.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import httpx
from sqlalchemy import text

from app import jobs
from app.adapters.redis import keys
from app.cli.demo_stack import SHOP_DOMAIN, DemoStack
from app.core.ids import ClientId, CustomerId, ProductId, VisitorId
from app.core.shops import Shop
from app.ports import Card, ReportRow, VisitorState
from app.services.report import report
from app.wiring.worker import Worker
from tests.busy_store import fill
from tests.patience import PATIENCE_S, eventually
from tests.ports import free_port
from tests.services import own_folder

ALLOWED = {"analytics": True, "preferences": True, "marketing": False}
BATCH = 50
GLANCE_S = 0.2
"""Between two looks at what costs some work to look at."""


@dataclass(frozen=True)
class OpenShop:
    """The running shop; `http` is a browser without scripts, `control` speaks to the store's ``/_dev``."""

    stack: DemoStack
    shop: Shop
    http: httpx.Client
    control: httpx.Client

    @property
    def url(self) -> str:
        return self.stack.store_url

    @property
    def page_url(self) -> str:
        """A product page with a rail."""
        return self.url_of(self.card(self.stack.shown_handle))

    @property
    def wiring(self) -> Worker:
        return self.stack.wiring

    def url_of(self, card: Card) -> str:
        return f"{self.url}/products/{card.handle}"

    def cards(self) -> list[Card]:
        """What can be bought."""
        return [card for card in self.wiring.catalog.cards(self.shop.id) if card.buyable]

    def card(self, handle: str) -> Card:
        return next(card for card in self.cards() if card.handle == handle)

    # -- events ------------------------------------------------------------------------------------------------------

    def heard(self) -> int:
        """How many events and questions of shoppers' browsers the app has ever taken or refused."""
        totals = self.wiring.counters.totals()
        return sum(number for name, number in totals.items() if name.startswith(("events_", "recommendations_")))

    def tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Post events as the scripts of many browsers do."""
        config = self.config()
        for start in range(0, len(events), BATCH):
            body = {**config, "events": [_complete(event) for event in events[start : start + BATCH]]}
            answer = self.http.post(f"{self.stack.app_url}/collect", json=body)
            assert answer.status_code == 202, answer.text

    def config(self) -> dict[str, str]:
        """The shop and its key, as every page tells them."""
        page = self.http.get(f"{self.url}/").text
        tracker = page[page.index("<attune-tracker") :].partition(">")[0]
        found = dict(re.findall(r'data-(\w+)="([^"]*)"', tracker))
        return {"shop": found["shop"], "key": found["key"]}

    def events(self) -> list[dict[str, Any]]:
        """What the lake holds of the last days, each event once."""
        today = self.wiring.clock.now().astimezone(UTC).date()
        first, last = today - timedelta(days=2), today + timedelta(days=1)
        rows = self.wiring.lake.read(self.shop.id, first, last, lambda dataset: dataset.to_table().to_pylist())
        return list({row["event_id"]: row for row in rows}.values())

    def events_of(self, visitor: str, type: str) -> list[dict[str, Any]]:
        return [row for row in self.events() if (row["visitor"], row["type"]) == (visitor, type)]

    def clients_of(self, visitor: str) -> set[ClientId]:
        """The pixel's ids of the visitor's browsers, as live state knows them."""
        prefix, store = keys.client(self.shop.id, ""), self.wiring.redis
        names = [name.decode() for name in store.scan_iter(match=f"{prefix}*")]
        return {ClientId(name.removeprefix(prefix)) for name in names if store.get(name) == visitor.encode()}

    def live(self, visitor: str) -> VisitorState:
        return self.wiring.live_state.read(self.shop.id, VisitorId(visitor), list_of=None)

    def kept_customers(self) -> list[CustomerId]:
        """Whose purchases stand in the keyed store."""
        prefix = keys.customer(self.shop.id, "")  # type: ignore[arg-type]
        names = self.wiring.redis.scan_iter(match=f"{prefix}*")
        return [CustomerId(int(name.decode().removeprefix(prefix))) for name in names]

    def figures(self, rail: str) -> ReportRow | None:
        """The rail's row of the report; the workers are asked to count what is new."""
        self.count()
        rows = report(self.shop, self.wiring.reports, self.wiring.clock).totals
        return next((row for row in rows if row.rail == rail), None)

    def count(self) -> None:
        """Ask for what the sweeper would ask for within the minute, unless there is nothing new or it waits already."""
        if self.wiring.roll_ups.changed_days(self.shop.id) and not self.wiring.jobs.waiting(jobs.QUEUE_DEFAULT):
            self.wiring.jobs.enqueue(jobs.ROLL_UP, self.shop.id)

    # -- what shoppers and staff see ---------------------------------------------------------------------------------

    def rails(self, path: str, http: httpx.Client | None = None) -> dict[str, list[int]]:
        """The cards that stand in the HTML of a page, by rail."""
        page = (http or self.http).get(f"{self.url}{path}").text
        elements = re.findall(
            r'<attune-recommendations[^>]*data-rail="(\w+)"(.*?)</attune-recommendations>', page, re.S
        )
        found = [(rail, re.findall(r'<li[^>]*data-product="(\d+)"', cards)) for rail, cards in elements]
        return {rail: list(map(int, products)) for rail, products in found if products}

    def decide(self, decision: str) -> None:
        """Send the consent form as the owner does."""
        token = self.control.get("id-token", params={"user": "1"}).json()["id_token"]
        page = self.stack.admin_page("/admin/consent")
        version = re.search(r'name="text_version" value="([^"]*)"', page)
        assert version
        answer = self.http.post(
            f"{self.stack.app_url}/admin/consent",
            data={"decision": decision, "text_version": version[1]},
            headers={"Authorization": f"Bearer {token}"},
            params={"shop": SHOP_DOMAIN},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text

    def metafields(self, product: int) -> dict[str, str]:
        """Key → value of what stands at a product."""
        held = self.control.get("metafields", params={"owner": f"gid://shopify/Product/{product}"}).json()
        return {field["key"]: field["value"] for field in held}

    def rows(self, sql: str) -> list[Any]:
        """What a query finds in the shop's part of the database."""
        with self.wiring.database.shop(self.shop.id) as session:
            return list(session.execute(text(sql)).all())


@contextmanager
def open_shop(*, hold_out_percent: float = 0) -> Iterator[OpenShop]:
    """Installed, imported, with the owner's consent, trained, and with its lists in the store.

    Args:
        hold_out_percent: unless it is given, nobody is held out and every visitor of a test sees the rails.
    """
    with own_folder("attune-shop-") as folder:
        stack = DemoStack(folder / "demo", world="small", port=free_port(), hold_out_percent=hold_out_percent)
        try:
            with (
                httpx.Client(timeout=PATIENCE_S, follow_redirects=True) as http,
                httpx.Client(base_url=f"{stack.store_url}/_dev", timeout=PATIENCE_S) as control,
            ):
                for title, stage in stack.stages():
                    print(f"{title}: {stage(lambda _: None)}")
                    if title.startswith("Store"):
                        fill(control)
                shop = stack.wiring.shops.by_domain(SHOP_DOMAIN)
                assert shop is not None
                yield OpenShop(stack, shop, http, control)
        finally:
            stack.stop()


def by_and_by(condition: Callable[[], object], what: str, *, pause: Callable[[float], object] = time.sleep) -> None:
    """As `eventually`, for conditions that cost some work."""
    eventually(condition, what, pause=pause, every_s=GLANCE_S)


def look_around(products: Sequence[ProductId], *, visitors: int, tastes: int) -> list[dict[str, Any]]:
    """Visitors who each look at two products of one taste; of the products every so many-th is one taste."""
    events = []
    for number in range(visitors):
        taste = products[number % tastes :: tastes]
        first = (number // tastes) % len(taste)
        other = (first + 1 + (number // len(products)) % (len(taste) - 1)) % len(taste)
        visitor = f"{number:08x}" + secrets.token_hex(12)
        for place, product in enumerate((taste[first], taste[other])):
            event = {"type": "product_view", "visitor": visitor, "product_id": str(product)}
            events.append({**event, "age_ms": 60_000 * (5 + number) - 20_000 * place})
    return events


def _complete(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": secrets.token_hex(8), "age_ms": 0, "consent": ALLOWED, **event}
