"""The shops in memory: stock a second after the commit, new models and products, the least used shop makes room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np
import psycopg
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.redis import keys
from app.adapters.shelves import shelves as shelves_module
from app.adapters.shelves.shelves import MappedShelves
from app.core.ids import ModelVersion, ProductId, ShopId
from app.core.recommend import remembered as remembered_module
from app.core.recommend.cascade import Context
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.remembered import RememberedNeighbours
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.served import ServedModel
from app.core.recommend.types import Candidate, Placement, Reason, Strategy
from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.ports import Card, CatalogReader
from app.wiring.web import Web
from tests.serving.catalogue import add_product, publish, set_stock
from tests.serving.conftest import Ask, products_of


def seconds_until(condition: Callable[[], bool], *, at_most: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < at_most, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.fixture
def polled(ask: Ask, model: ItemModel) -> Ask:
    """The shop is mapped as in production: by the first question, with the polling thread running."""
    ask()
    seconds_until(lambda: products_of(ask(limit=3)) == [2, 3, 4], at_most=10)
    return ask


def test_what_is_sold_out_is_gone_within_a_second_of_the_commit(
    polled: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    for quantity in (0, 5, 0):
        set_stock(catalogue, 2, quantity)
        wiring.redis.incr(keys.catalog(shop.id))
        shown = quantity > 0
        assert seconds_until(partial(_shows, polled, 2, shown), at_most=5) <= 1.0


def _shows(ask: Ask, product: int, expected: bool) -> bool:
    return (product in products_of(ask(limit=10))) == expected


def test_a_new_model_and_a_roll_back_are_served(polled: Ask, wiring: Web, shop: Shop, model: ItemModel) -> None:
    neighbours = model.neighbours.copy()
    neighbours[0] = [(8, 0.9), (7, 0.5), (6, 0.25)]
    publish(wiring, shop.id, replace(model, version=ModelVersion("v2"), neighbours=neighbours))
    seconds_until(lambda: products_of(polled(limit=3)) == [9, 8, 7], at_most=2)


def test_without_a_model_any_more_nothing_learnt_is_served(polled: Ask, wiring: Web, shop: Shop) -> None:
    wiring.models.forget(shop.id)
    wiring.redis.incr(keys.model(shop.id))
    seconds_until(lambda: products_of(polled()) == [], at_most=2)


def test_a_new_product_and_a_new_title_are_shown_after_an_import(
    mapped: None, ask: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    catalogue.execute("UPDATE products SET title = 'Renamed' WHERE id = 2")
    catalogue.execute("UPDATE products SET deleted_at = now() WHERE id = 3")
    add_product(catalogue, shop.id, 11)
    catalogue.commit()
    wiring.redis.incr(keys.catalog_epoch(shop.id))
    wiring.shelves.refresh()
    answer = ask(limit=3)
    assert products_of(answer) == [2, 4, 10]
    assert answer.json is not None
    assert answer.json["items"][0]["title"] == "Renamed"
    shelf = wiring.shelves.mapped(shop.id)
    assert shelf is not None
    assert shelf.is_buyable(ProductId(11))


def test_while_redis_is_silent_shops_are_mapped_and_changes_are_found_in_the_rows(
    wiring: Web, shop: Shop, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    silent = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    shelves = MappedShelves(
        wiring.catalog, wiring.models, wiring.artefacts, wiring.experiments, silent, wiring.counters
    )
    shelf = shelves.map_now(shop.id)
    assert shelf.model is not None
    assert shelf.is_buyable(ProductId(2))
    set_stock(catalogue, 2, 0)
    shelves.refresh()
    assert not shelf.is_buyable(ProductId(2))
    assert wiring.counters.totals()["catalog_polls_failed"] == 2


def test_a_damaged_artefact_costs_the_model_and_nothing_else(
    ask: Ask, wiring: Web, shop: Shop, model: ItemModel, live_redis: redis.Redis
) -> None:
    wiring.artefacts.delete(shop.id, model.version)
    with pytest.raises(Permanent):
        wiring.artefacts.read(shop.id, model.version)
    live_redis.hset(keys.lists(shop.id), "1", "trending,5,6")
    wiring.shelves.map_now(shop.id)
    answer = ask()
    assert products_of(answer) == [5, 6]
    assert answer.json is not None
    assert answer.json["items"][0]["reason"]["code"] == "trending"


def test_a_damaged_new_version_leaves_the_one_before_in_use(
    ask: Ask, wiring: Web, shop: Shop, model: ItemModel
) -> None:
    wiring.shelves.map_now(shop.id)
    before = products_of(ask())
    publish(wiring, shop.id, replace(model, version=ModelVersion("v2")))
    wiring.artefacts.delete(shop.id, ModelVersion("v2"))
    wiring.shelves.refresh()
    assert products_of(ask()) == before
    wiring.models.forget(shop.id)
    wiring.redis.incr(keys.model(shop.id))
    wiring.shelves.refresh()
    assert products_of(ask()) == []


class TroubledCatalog:
    """The catalogue's port, which fails for one shop once trouble has begun."""

    def __init__(self, catalog: CatalogReader, shop: ShopId) -> None:
        self._catalog, self._shop = catalog, shop
        self.trouble = False

    def now(self) -> datetime:
        return self._catalog.now()

    def cards(self, shop: ShopId, *, changed_since: datetime | None = None) -> Sequence[Card]:
        if self.trouble and shop == self._shop:
            raise Retryable("this shop's rows cannot be read")
        return self._catalog.cards(shop, changed_since=changed_since)

    def cards_of(self, shop: ShopId, products: Iterable[ProductId]) -> Sequence[Card]:
        return self._catalog.cards_of(shop, products)


def test_one_shops_trouble_keeps_no_other_shop_from_being_read(
    wiring: Web, shop: Shop, other_shop: Shop, model: ItemModel, catalogue: psycopg.Connection
) -> None:
    catalog = TroubledCatalog(wiring.catalog, other_shop.id)
    shelves = MappedShelves(catalog, wiring.models, wiring.artefacts, wiring.experiments, wiring.redis, wiring.counters)
    shelves.map_now(other_shop.id)
    shelf = shelves.map_now(shop.id)
    catalog.trouble = True
    set_stock(catalogue, 2, 0)
    for one in (other_shop, shop):
        wiring.redis.incr(keys.catalog(one.id))
    shelves.refresh()
    assert not shelf.is_buyable(ProductId(2))
    assert wiring.counters.totals()["catalog_polls_failed"] == 1


def test_the_shop_that_was_not_asked_for_longest_makes_room(
    wiring: Web, shop: Shop, other_shop: Shop, live_redis: redis.Redis
) -> None:
    shelves = MappedShelves(
        wiring.catalog, wiring.models, wiring.artefacts, wiring.experiments, wiring.redis, wiring.counters, most_shops=1
    )
    shelves.map_now(shop.id)
    shelves.map_now(other_shop.id)
    assert shelves.mapped(other_shop.id) is not None
    assert shelves.mapped(shop.id) is None
    shelves.close()


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 14), min_size=1, max_size=5, unique=True))
def test_remembered_neighbours_are_the_models_own(seed: int, anchors: list[int]) -> None:
    chance = np.random.default_rng(seed)
    ids = np.arange(1, 13, dtype=np.int64)
    model = ItemModel(
        ModelVersion("m"),
        Strategy.ITEM_ITEM,
        ids,
        _random_neighbours(chance),
        np.ones(12, np.float32),
        viewed=_random_neighbours(chance),
        complementing=_random_neighbours(chance),
    )
    product, *cart = map(ProductId, anchors)
    context = Context(Placement.PRODUCT, product, tuple(cart), 8)
    for table in Table:
        remembered = RememberedNeighbours(model, table)
        expected = [
            Candidate(item, score, Reason(remembered.code, because))
            for item, score, because in model.neighbours_of_all(context.anchors, table)
        ]
        for _ in range(2):
            assert list(remembered.candidates(context)) == expected


def _random_neighbours(chance: np.random.Generator) -> Neighbours:
    """Up to four neighbours for each of twelve products, none twice and none its own."""
    neighbours = np.zeros((12, 4), dtype=NEIGHBOUR)
    neighbours["index"] = chance.integers(-1, 12, (12, 4))
    neighbours["index"] = np.where(neighbours["index"] == np.arange(12)[:, None], -1, neighbours["index"])
    for row in neighbours:
        _, first = np.unique(row["index"], return_index=True)
        row["index"][np.setdiff1d(np.arange(4), first)] = -1
    neighbours["score"] = -np.sort(-chance.integers(1, 5, (12, 4)).astype(np.float32) / 4, axis=1)
    return neighbours


def test_the_memory_of_a_tables_neighbours_is_bounded(monkeypatch: pytest.MonkeyPatch, model: ItemModel) -> None:
    monkeypatch.setattr(remembered_module, "MOST_REMEMBERED", 4)
    served = ServedModel.of(model)
    for product in range(1, 11):
        for sources in served.rails.values():
            for source in sources:
                list(source.candidates(Context(Placement.PRODUCT, ProductId(product), (), 8)))
    memories = {id(source): source for rail in served.rails.values() for source in rail}
    sizes = [len(one._known) for one in memories.values() if isinstance(one, RememberedNeighbours)]
    assert sizes
    assert max(sizes) <= 4


def test_a_look_without_news_reads_neither_the_model_nor_old_rows_again(
    wiring: Web, shop: Shop, model: ItemModel, catalogue: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.execute("UPDATE products SET changed_at = now() - interval '2 minutes'")
    catalogue.commit()
    shelf = wiring.shelves.map_now(shop.id)
    served, read = shelf.model, len(wiring.catalog.cards(shop.id))
    taken: list[int] = []
    monkeypatch.setattr(shelves_module, "UNASKED_S", -1.0)
    monkeypatch.setattr(shelf, "apply", lambda cards: taken.append(len(cards)))
    wiring.shelves.refresh()
    assert read == 10
    assert taken == [0]
    assert shelf.model is served is not None


def test_a_change_that_nobody_told_of_is_found(
    mapped: None, ask: Ask, wiring: Web, catalogue: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves_module, "UNASKED_S", -1.0)
    set_stock(catalogue, 2, 0)
    wiring.shelves.refresh()
    assert 2 not in products_of(ask())


def test_large_shops_make_room_by_their_products(
    wiring: Web, shop: Shop, other_shop: Shop, catalogue: psycopg.Connection
) -> None:
    shelves = MappedShelves(
        wiring.catalog,
        wiring.models,
        wiring.artefacts,
        wiring.experiments,
        wiring.redis,
        wiring.counters,
        most_products=9,
    )
    shelves.map_now(shop.id)
    assert shelves.mapped(shop.id) is not None
    shelves.map_now(other_shop.id)
    assert shelves.mapped(shop.id) is None
    shelves.close()
