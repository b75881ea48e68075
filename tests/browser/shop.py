"""A devstore shop and a scripted app behind it, both served on loopback, for tests of the storefront in a browser.

The page product has a list with everything that must not show in it; `ScriptedApp` plays the app: it answers the proxy
as a test tells it, and keeps what it was asked and sent.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from devstore.model import Metafield, Product, World
from devstore.options import Options, read_toml
from devstore.server import create
from devstore.store import Store
from devstore.worlds import build
from tests.extensions.node import EXTENSIONS, ROOT
from tests.patience import PATIENCE_S, eventually

COLLECT_KEY = "collect-key"
HOSTILE = '<img src=x onerror="window.hacked=1">"\'><script>window.hacked=1</script> & Co'


@dataclass
class ScriptedApp:
    """The app's public side as a test wants it.

    `ranking` lists product ids, best first, `unavailable` those sold out since; no ranking is sent while `answer` is
    not set.
    """

    ranking: list[int] = field(default_factory=list)
    unavailable: list[int] = field(default_factory=list)
    request_id: str = "request0001"
    status: int = 200
    answer: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, str]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answer.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches for event in batch["events"]]

    def wait_for(self, count: int, kind: str) -> list[dict[str, Any]]:
        """The events of one type, once there are `count`."""
        eventually(lambda: len(self.of(kind)) >= count, f"{count} events of the type {kind}")
        return self.of(kind)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def flask(self) -> Flask:
        app = Flask("scripted")

        @app.get("/proxy/v1/recommendations")
        def recommendations() -> tuple[Response, int]:
            self.asked.append(request.args.to_dict())
            self.answer.wait(PATIENCE_S)
            items = [{"product_id": str(product), "position": place} for place, product in enumerate(self.ranking)]
            gone = [str(product) for product in self.unavailable]
            return jsonify({"request_id": self.request_id, "items": items, "unavailable": gone}), self.status

        @app.post("/collect")
        def collect() -> tuple[str, int]:
            assert request.mimetype == "text/plain"
            self.batches.append(json.loads(request.get_data()))
            return "", 202

        return app


@dataclass(frozen=True)
class Shop:
    """The served shop. `listed` are the ids whose cards the page product shows, hidden ones included, in order."""

    origin: str
    app: ScriptedApp
    store: Store
    page: Product
    listed: list[int]

    @property
    def page_url(self) -> str:
        return f"{self.origin}/products/{self.page.handle}"

    def url_of(self, product_id: int) -> str:
        return f"{self.origin}/products/{self.store.products[product_id].handle}"


def open_shop(app: ScriptedApp, app_origin: str) -> tuple[Flask, Store, Product, list[int]]:
    world = build("small")
    page, *others = [product for product in world.products if plain(product)]
    others[1].title = HOSTILE
    odd = [product for product in world.products if not plain(product)]
    flask = create(world, options(world, app_origin))
    store: Store = flask.extensions["devstore_store"]
    listed = others[:8]
    put_list(store, page, [odd[0], listed[0], page, *odd[1:], *listed[1:]], "bought_together")
    put_list(store, others[2], [page], "trending")
    put_config(store, app_origin)
    return flask, store, page, [product.id for product in listed]


def plain(product: Product) -> bool:
    """May be recommended: for sale, in stock, not free, no gift card."""
    in_stock = any(variant.quantity > 0 or variant.oversell for variant in product.variants)
    return product.status == "ACTIVE" and in_stock and not product.is_gift_card and product.variants[0].price > 0


def put_list(store: Store, product: Product, others: list[Product], reason: str) -> None:
    gids = json.dumps([f"gid://shopify/Product/{other.id}" for other in others])
    put(store, product.metafields, store.app_namespace, "recs", "list.product_reference", gids)
    put(store, product.metafields, store.app_namespace, "recs_reason", "single_line_text_field", reason)


def put_config(store: Store, app_origin: str) -> None:
    value = {"collect": f"{app_origin}/collect", "key": COLLECT_KEY, "proxy": "/apps/attune"}
    installation = store.metafields(f"gid://shopify/AppInstallation/{store.app_installation_id}")
    put(store, installation, "attune", "config", "json", json.dumps(value))


def put(
    store: Store, fields: dict[tuple[str, str], Metafield], namespace: str, key: str, kind: str, value: str
) -> None:
    fields[namespace, key] = Metafield(store.next_id(), namespace, key, kind, value, store.clock.now())


def options(world: World, app_origin: str) -> Options:
    return Options(
        port=0,
        app_url=app_origin,
        app_toml=read_toml((ROOT / "shopify.app.toml").read_text(), app_origin),
        extensions=EXTENSIONS,
        api_key="test-api-key",
        api_secret="test-api-secret",
        shop_domain=world.shop.domain,
        origin="http://127.0.0.1",
    )
