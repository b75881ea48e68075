"""A devstore shop and a scripted app behind it, both served on loopback, for tests of the storefront in a browser.

The page product has a list with everything that must not show in it; `ScriptedApp` plays the app: it answers the proxy
as a test tells it, with cards in the app's own Liquid, and keeps what it was asked and sent.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from flask import Flask, Response, jsonify, request

from app.core.experiments.types import Show
from app.core.ids import ProductId, RequestId
from app.core.recommend.explain import reason_text
from app.core.recommend.types import Again, Candidate, Rail, Reason, ReasonCode, Strategy
from app.services.serve_recommendations import Answer, Item
from app.web.rail_liquid import rail_liquid
from devstore.model import Metafield, Product, WebPixel, World
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

    `ranking` lists product ids, best first, `unavailable` those sold out since, `reason` why all of them are there; no
    ranking is sent while `answer` is not set. `again` is what customers need again, by product. `arms` says how each
    rail looks that an experiment touches, as the app's route of that name does; `fetches` makes product pages ask for
    cards. The real app with real experiments is in test_experiments.py.
    """

    ranking: list[int] = field(default_factory=list)
    unavailable: list[int] = field(default_factory=list)
    reason: ReasonCode = ReasonCode.BECAUSE_VIEWED
    again: dict[int, Again] = field(default_factory=dict)
    handles: dict[int, str] = field(default_factory=dict)
    arms: dict[str, dict[str, str]] = field(default_factory=dict)
    arms_asked: int = 0
    fetches: bool = False
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

        @app.get("/proxy/v1/arms")
        def arms() -> Response:
            self.arms_asked += 1
            return jsonify({"rails": self.arms})

        @app.get("/proxy/v1/recommendations")
        def recommendations() -> tuple[Response, int]:
            self.asked.append(request.args.to_dict())
            self.answer.wait(PATIENCE_S)
            why = {"code": self.reason, "text": "in the app's words"}
            items = [
                {"product_id": str(product), "position": place, "reason": why}
                for place, product in enumerate(self.ranking)
            ]
            gone = [str(product) for product in self.unavailable]
            show, stale = self._look()
            if self.fetches and show is Show.OURS:
                told = {"request_id": "unrecorded", "fetch": True, "unavailable": gone}
                return jsonify({**told, "items": []}), self.status
            told = {"request_id": self.request_id, "show": show, "stale": stale, "unavailable": gone}
            return jsonify({**told, "items": items if show is Show.OURS else []}), self.status

        @app.get("/proxy/v1/rail")
        def rail() -> Response:
            self.asked.append(request.args.to_dict())
            self.answer.wait(PATIENCE_S)
            elsewhere = request.args.get("shown", "").split(",")
            name, id = Rail(request.args["rail"]), RequestId(self.request_id)
            ranking = list(self.again) if name is Rail.BUY_AGAIN else self.ranking
            items = tuple(self._item(product, name) for product in ranking if str(product) not in elsewhere)
            show, stale = self._look()
            listed = [int(product) for product in request.args.get("native", "").split(",") if product]
            native = tuple(self.handles[product] for product in listed if show is Show.NATIVE)
            shown = items if show is Show.OURS else ()
            answer = Answer(id, name, Strategy.ITEM_ITEM, "", shown, None, (), True, (), show, native, stale)
            if name is Rail.BUY_AGAIN and show is Show.EMPTY:
                answer = replace(answer, reserved=items)
            body = rail_liquid(answer, request.args.to_dict())
            return Response(body, self.status, content_type="application/liquid")

        @app.post("/collect")
        def collect() -> Response:
            assert request.mimetype == "text/plain"
            self.batches.append(json.loads(request.get_data()))
            return Response(status=202, headers={"Access-Control-Allow-Origin": "*"})

        return app

    def _look(self) -> tuple[Show, bool]:
        """What stands in the place of the rail that is asked for, and whether the page was painted for other arms."""
        look = self.arms.get(request.args["rail"])
        if look is None or request.args.get("arms") != look["variant"]:
            return Show.OURS, look is not None
        return Show(look["show"]), False

    def _item(self, product: int, rail: Rail) -> Item:
        reason = Reason(self.reason)
        if rail is Rail.BUY_AGAIN:
            reason = Reason(ReasonCode.BUY_AGAIN, (), self.again[product])
        text = reason_text(reason, {})
        return Item(Candidate(ProductId(product), 1.0, reason), self.handles[product], b"", text)


@dataclass(frozen=True)
class Shop:
    """The served shop. `listed` are the ids whose cards the page product shows, hidden ones included, in order."""

    origin: str
    app: ScriptedApp
    store: Store
    page: Product
    listed: list[int]
    app_origin: str

    @property
    def home_url(self) -> str:
        return f"{self.origin}/"

    @property
    def cart_url(self) -> str:
        return f"{self.origin}/cart"

    @property
    def rich_url(self) -> str:
        """A product with three rails."""
        return self.url_of(self.listed[7])

    def arrange(self, **theme: Any) -> None:
        """Change the theme's settings as the theme editor does."""
        httpx.put(f"{self.origin}/_dev/theme", json=theme).raise_for_status()

    def connect_pixel(self) -> None:
        """As the app does after its installation."""
        settings = {"collect": f"{self.app_origin}/collect", "key": COLLECT_KEY, "shop": self.store.world.shop.domain}
        self.store.web_pixel = WebPixel(self.store.next_id(), settings)

    def add(self, *product_ids: int) -> str:
        """A script that puts these products into the cart."""
        items = [{"id": self.store.products[product].variants[0].id, "quantity": 1} for product in product_ids]
        sent = json.dumps(json.dumps({"items": items}))
        headers = '{ "Content-Type": "application/json" }'
        return f"fetch('/cart/add.js', {{ method: 'POST', headers: {headers}, body: {sent} }}).then(r => r.json())"

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
    rich = others[7]
    put_list(store, rich, others[0:2], "bought_together")
    put_references(store, rich, "also_viewed", [odd[0], *others[2:5]])
    put_references(store, rich, "complete_the_look", [*others[5:7], page])
    put_config(store, app_origin)
    home = [odd[0], *listed, odd[1]]
    put_installed(store, "home", json.dumps({"reason": "trending", "handles": [product.handle for product in home]}))
    app.handles = {product.id: product.handle for product in world.products}
    return flask, store, page, [product.id for product in listed]


def plain(product: Product) -> bool:
    """May be recommended: for sale, in stock, not free, no gift card."""
    in_stock = any(variant.quantity > 0 or variant.oversell for variant in product.variants)
    return product.status == "ACTIVE" and in_stock and not product.is_gift_card and product.variants[0].price > 0


def put_list(store: Store, product: Product, others: list[Product], reason: str) -> None:
    put_references(store, product, "recs", others)
    put(store, product.metafields, store.app_namespace, "recs_reason", "single_line_text_field", reason)


def put_references(store: Store, product: Product, key: str, others: list[Product]) -> None:
    gids = json.dumps([f"gid://shopify/Product/{other.id}" for other in others])
    put(store, product.metafields, store.app_namespace, key, "list.product_reference", gids)


def put_config(store: Store, app_origin: str) -> None:
    value = {"collect": f"{app_origin}/collect", "key": COLLECT_KEY, "proxy": "/apps/attune"}
    put_installed(store, "config", json.dumps(value))


def put_installed(store: Store, key: str, value: str) -> None:
    installation = store.metafields(f"gid://shopify/AppInstallation/{store.app_installation_id}")
    put(store, installation, "attune", key, "json", value)


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
