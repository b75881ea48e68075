"""Over HTTP, from the store's webhook to the answer of the storefront: an order and a new product count at once.

The shop is imported and trained for real; nothing here asks for another training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app import jobs
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.services.record_consent import record_consent
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.patience import PATIENCE_S, eventually

ANSWER = "/apps/attune/v1/recommendations"


@dataclass
class Store:
    """The trained shop, its storefront, and the workers."""

    devstore: DevStore
    wiring: Worker
    shop: Shop
    model: ItemModel
    browser: httpx.Client
    work: Callable[[], None]

    def asked(self, product: int, **parameters: str) -> list[dict[str, Any]]:
        query = {"placement": "product", "product_id": str(product), "limit": "8", **parameters}
        answer = self.browser.get(ANSWER, params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def for_you(self, browser: httpx.Client | None = None) -> dict[int, str]:
        """The reason of each item of the home page's rail."""
        answer = (browser or self.browser).get(ANSWER, params={"placement": "home", "limit": "8"})
        assert answer.status_code == 200, answer.text
        return {int(one["product_id"]): one["reason"]["code"] for one in answer.json()["items"]}

    def beside(self, product: int) -> dict[int, tuple[str, float]]:
        """Reason and score of each item."""
        return {int(one["product_id"]): (one["reason"]["code"], one["score"]) for one in self.asked(product)}

    def order(self, *products: int, **more: Any) -> dict[str, Any]:
        """Have them ordered together, and everything done that the store's webhooks set off."""
        variants = {card.product_id: card.variant_id for card in self.wiring.catalog.cards(self.shop.id)}
        lines = [{"variant_id": variants[ProductId(product)], "quantity": 1} for product in products]
        placed: dict[str, Any] = self.devstore.post("orders", lines=lines, **more)
        self.settle()
        return placed

    def settle(self) -> None:
        self.devstore.flush()
        self.work()

    def stock(self, *products: int) -> None:
        for card in self.wiring.catalog.cards_of(self.shop.id, map(ProductId, products)):
            self.devstore.post("inventory", variant_id=card.variant_id, quantity=100)
        self.settle()

    def strangers(self) -> tuple[int, int]:
        """A product with neighbours, and one that has never been bought with it."""
        buyable = {card.product_id for card in self.wiring.catalog.cards(self.shop.id) if card.buyable}
        for product in self.model.item_ids.tolist():
            near = [other for other, _ in self.model.neighbours_of(ProductId(product)) if other in buyable]
            far = sorted(buyable.difference(near, [product]).intersection(self.model.item_ids.tolist()))
            if product in buyable and far and near:
                return product, far[0]
        raise AssertionError("in the small world some products are never bought together")


@pytest.fixture
def store(
    devstore: DevStore, running_app: RunningApp, installed_shop: Shop, worker_wiring: Worker, work: Callable[[], None]
) -> Iterator[Store]:
    work()
    record_consent(
        installed_shop, granted=True, by="the owner", text_version="1", ports=worker_wiring.recording_consent
    )
    worker_wiring.due_work.put(installed_shop.id, jobs.TRAINING_DUE)
    work()
    version = worker_wiring.models.current(installed_shop.id)
    assert version is not None
    model = ItemModel.of(version, *worker_wiring.artefacts.read(installed_shop.id, version))
    eventually(lambda: running_app.wiring.shelves.mapped(installed_shop.id), "the web process has mapped the shop")
    with httpx.Client(base_url=devstore.origin, timeout=PATIENCE_S, follow_redirects=True) as browser:
        yield Store(devstore, worker_wiring, installed_shop, model, browser, work)


def test_orders_change_what_is_bought_together_and_a_cancellation_takes_it_back(store: Store) -> None:
    first, other = store.strangers()
    store.stock(first, other)
    assert store.beside(first).get(other, ("", 0.0))[0] != "bought_together"
    placed = [store.order(first, other) for _ in range(6)]
    eventually(
        lambda: store.beside(first).get(other, ("", 0.0))[0] == "bought_together", "what is ordered together shows up"
    )
    score = store.beside(first)[other][1]
    store.order(first, other)
    eventually(lambda: store.beside(first)[other][1] > score, "each order counts")
    for order in placed:
        store.devstore.post(f"orders/{order['id']}/cancel")
    store.settle()
    eventually(
        lambda: store.beside(first).get(other, ("", 0.0))[0] != "bought_together", "what is cancelled was not ordered"
    )


@pytest.fixture
def personal(store: Store) -> Store:
    """The same shop, as if "For you" had passed its exam by what customers bought; the world is too small for that."""
    wiring, shop = store.wiring, store.shop.id
    arrays, meta = wiring.artefacts.read(shop, store.model.version)
    known, version = wiring.models.one(shop, store.model.version), ModelVersion("personal")
    assert known is not None
    rails = sorted({*meta["rails"], Rail.FOR_YOU.value})
    wiring.artefacts.write(shop, version, arrays, {**meta, "for_you": Strategy.ITEM_ITEM.value, "rails": rails})
    wiring.models.record(shop, replace(known, version=version, state="training"))
    wiring.models.publish(shop, version, at=wiring.clock.now())
    wiring.model_signals.model_changed(shop)
    return store


def test_what_a_customer_bought_changes_their_own_list_at_once_and_an_erasure_takes_it_back(personal: Store) -> None:
    bought = personal.strangers()[0]
    personal.stock(bought)
    customer = personal.devstore.post("customers")["id"]
    personal.settle()
    personal.browser.get("/account/login", params={"customer_id": str(customer)})
    assert "because_bought" not in personal.for_you().values()
    personal.order(bought, customer_id=customer)
    eventually(lambda: "because_bought" in personal.for_you().values(), "the order counts for who made it")
    assert bought not in personal.for_you()
    with httpx.Client(base_url=personal.devstore.origin, timeout=PATIENCE_S) as somebody:
        assert "because_bought" not in personal.for_you(somebody).values()
    personal.devstore.post("compliance", topic="customers/redact", customer_id=customer)
    personal.settle()
    eventually(lambda: "because_bought" not in personal.for_you().values(), "who is erased is nobody's customer")


def test_a_new_product_is_recommended_beside_what_it_is_like_and_has_neighbours_itself(store: Store) -> None:
    like = store.strangers()[0]
    with store.wiring.database.shop(store.shop.id) as session:
        found = text("SELECT title, product_type, vendor FROM products WHERE id = :id")
        row = session.execute(found, {"id": like}).one()
    made = store.devstore.post(
        "products",
        title=f"{row.title} of this year",
        price=int(store.wiring.news.prices(store.shop.id)[ProductId(like)]),
        quantity=9,
        product_type=row.product_type,
        vendor=row.vendor,
    )["id"]
    store.settle()
    eventually(lambda: made in store.beside(like), "the new product stands beside what it is like")
    items = store.asked(like)
    assert (int(items[-1]["product_id"]), items[-1]["reason"]["code"]) == (made, "new")
    assert items[-1]["reason"]["text"] == f"New in this store, and like {row.title}"
    assert like in [one for one, (code, _) in store.beside(made).items() if code == "similar"]
    sold_out = store.wiring.catalog.cards_of(store.shop.id, [ProductId(made)])[0]
    store.devstore.post("inventory", variant_id=sold_out.variant_id, quantity=0)
    store.settle()
    eventually(lambda: made not in store.beside(like), "what is sold out is not recommended, however new")
