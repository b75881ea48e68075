"""The records of the open shop, their indexes, and how they are looked up."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from devstore.clock import StoreClock
from devstore.model import (
    Address,
    Article,
    Collection,
    Customer,
    Definition,
    Metafield,
    Order,
    Product,
    Variant,
    WebPixel,
    World,
)
from devstore.store.jobs import Jobs
from devstore.store.markets import opening_markets

T = TypeVar("T")

BEST_SELLER_WINDOW = timedelta(days=90)

Listener = Callable[[str, Any], None]
"""Called with a webhook topic and the record it is about, while the store's lock is held."""


class Unknown(LookupError):
    """No such record in this shop."""


class Records:
    """Indexes over a world. `lock` serialises every change; readers of one record need not take it."""

    app_installation_id = 710_000_001
    app_id = 5_300_001
    app_namespace = f"app--{app_id}"
    """What ``$app`` resolves to."""

    def __init__(self, world: World, clock: StoreClock | None = None) -> None:
        self.world = world
        self.clock = clock or StoreClock(world.now)
        self.lock = threading.RLock()
        self.jobs = Jobs(self.lock)
        self.products: dict[int, Product] = {p.id: p for p in world.products}
        self.variants: dict[int, Variant] = {v.id: v for p in world.products for v in p.variants}
        self.variant_of_item: dict[int, int] = {v.inventory_item_id: v.id for v in self.variants.values()}
        self.customers: dict[int, Customer] = {c.id: c for c in world.customers}
        self.orders: dict[int, Order] = {o.id: o for o in world.orders}
        self.collections: dict[int, Collection] = {c.id: c for c in world.collections}
        self.articles: dict[int, Article] = {a.id: a for a in world.articles}
        self._native_orders: dict[int, list[int]] = {}
        """What collections that are sorted by hand now were like before."""
        self._handles = {p.handle: p.id for p in world.products}
        self._emails = {c.email.lower(): c.id for c in world.customers if c.email}
        self._metafields: dict[str, dict[tuple[str, str], Metafield]] = {}
        self._listeners: list[Listener] = []
        self._ids = _highest_id(world)
        self.definitions: dict[tuple[str, str, str], Definition] = {}
        """Metafield definitions by owner type, namespace and key."""
        self.web_pixel: WebPixel | None = None
        """The app's pixel where it is connected; it reads `settings`, and dies with the installation."""
        self.flow: list[dict[str, Any]] = []
        """What the app's triggers have sent to Shopify Flow, oldest first: handle, payload and time."""
        self.orders_of: dict[int, list[int]] = defaultdict(list)
        self.markets = opening_markets(world.shop)
        """The primary market first; replaced as a whole."""
        self._sold: Counter[int] | None = None
        self.opened_at = min((p.created_at for p in world.products), default=world.now)
        for order in world.orders:
            if order.customer_id is not None:
                self.orders_of[order.customer_id].append(order.id)

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def product_by_handle(self, handle: str) -> Product | None:
        return self.products.get(self._handles.get(handle, -1))

    def collection_by_handle(self, handle: str) -> Collection | None:
        return next((c for c in self.collections.values() if c.handle == handle), None)

    def customer_by_email(self, email: str) -> Customer | None:
        return self.customers.get(self._emails.get(email.lower(), -1))

    def collections_of(self, product_id: int) -> list[Collection]:
        return [c for c in self.collections.values() if product_id in c.product_ids]

    def full_namespace(self, namespace: str | None) -> str:
        """The stored metafield namespace: without one it is the app's own, ``$app:x`` lies below it."""
        if not namespace or namespace == "$app":
            return self.app_namespace
        if namespace.startswith("$app:"):
            return f"{self.app_namespace}--{namespace.removeprefix('$app:')}"
        return namespace

    def metafields(self, owner_gid: str) -> dict[tuple[str, str], Metafield]:
        """The live metafields of any owner, keyed by (namespace, key)."""
        kind, _, number = owner_gid.removeprefix("gid://shopify/").partition("/")
        if kind == "Product" and number.isdigit():
            product = self.products.get(int(number))
            return product.metafields if product else {}
        return self._metafields.setdefault(owner_gid, {})

    def held_metafields(self, kind: str, namespace: str, key: str) -> list[tuple[str, Metafield]]:
        """(owner gid, metafield) of every owner of a kind (Product, Customer …) that has this metafield."""
        place = (namespace, key)
        if kind == "Product":
            products = self.products.values()
            return [(f"gid://shopify/Product/{p.id}", p.metafields[place]) for p in products if place in p.metafields]
        prefix = f"gid://shopify/{kind}/"
        owners = list(self._metafields.items())
        return [(owner, held[place]) for owner, held in owners if owner.startswith(prefix) and place in held]

    def drop_app_data(self) -> None:
        """Uninstalling deletes what the app kept on its own installation; what it wrote to products stays."""
        self.web_pixel = None
        self._metafields.pop(f"gid://shopify/AppInstallation/{self.app_installation_id}", None)

    def best_sellers(self, limit: int, exclude: Iterable[int] = ()) -> list[Product]:
        """The most sold active products of the last 90 days, best first; products without sales follow."""
        with self.lock:
            sold = self._sales()
            hidden = set(exclude)
            shown = [p for p in self.products.values() if p.status == "ACTIVE" and p.id not in hidden]
            return sorted(shown, key=lambda p: (-sold[p.id], p.id))[:limit]

    def _sales(self) -> Counter[int]:
        if self._sold is None:
            since = self.clock.now() - BEST_SELLER_WINDOW
            recent = (o for o in self.orders.values() if o.created_at >= since and not o.cancelled_at)
            self._sold = Counter()
            for order in recent:
                for line in order.lines:
                    if line.product_id is not None:
                        self._sold[line.product_id] += line.quantity
        return self._sold

    def next_id(self) -> int:
        with self.lock:
            self._ids += 1
            return self._ids

    def emit(self, topic: str, subject: Any) -> None:
        for listener in self._listeners:
            listener(topic, subject)


def get(records: dict[int, T], key: int, kind: str) -> T:
    try:
        return records[key]
    except KeyError:
        raise Unknown(f"no {kind} {key}") from None


def field_value(name: str, value: Any) -> Any:
    if name == "tags":
        return tuple(value)
    if name == "address" and isinstance(value, dict):
        return Address(**value)
    return value


def free_handle(title: str, taken: dict[str, int]) -> str:
    base = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split()) or "item"
    handle, n = base, 1
    while handle in taken:
        handle, n = f"{base}-{n}", n + 1
    return handle


def _highest_id(world: World) -> int:
    """The highest id of any record; what is created later counts on from there."""
    highest = max((p.id for p in world.products), default=1000)
    for product in world.products:
        highest = max(highest, *(max(v.id, v.inventory_item_id) for v in product.variants), 0)
    for order in world.orders:
        highest = max(highest, order.id, *(line.id for line in order.lines))
        for refund in order.refunds:
            highest = max(highest, refund.id, *(line.id for line in refund.lines))
    return max(highest, *(c.id for c in world.collections), *(c.id for c in world.customers), 0)
