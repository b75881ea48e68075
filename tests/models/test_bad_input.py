"""Bad data end in a clear error or in a bounded result, and never in a model that shoppers should not get."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.ids import ProductId
from app.core.recommend.cascade import recommend
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import Baskets, Ids, baskets_of
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import blending, co_view
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.ranked import purchases_of
from app.core.recommend.models.training import build, learn
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.sessions import sessions_of, telling_visits, visits_of
from app.core.recommend.shopper import Shopper
from app.core.recommend.soundness import Unsound, check
from app.core.recommend.tasks import Task
from app.core.recommend.types import Rail, Strategy
from app.services import train_models as training
from app.services.train_models import train_models
from tests.models.store import Installed
from tests.models.worlds import TODAY, VERSION

Views = tuple[Baskets, Histories]


def looks(session: list[int], product: list[int], items: Ids) -> Views:
    seen = np.array(session), np.array(product), np.full(len(session), TODAY - 3, dtype=np.int32)
    return sessions_of(*seen, items=items), visits_of(*seen, items=items)


def learnt(orders: Baskets, views: Views | None = None, facts: ItemFacts | None = None) -> ItemModel:
    sessions, visits = views or (None, None)
    material = Material(orders, sessions, facts=facts, visits=visits)
    outcome = learn(material, today=TODAY, least_customers=20, least_visits=20)
    made = build(material, outcome, today=TODAY, version=VERSION)
    check(made)
    return ItemModel.of(VERSION, made.arrays(), made.meta())


def shown(model: ItemModel, rail: Rail, product: int, shopper: Shopper) -> list[ProductId]:
    served = ServedModel.of(model)
    asked = Question(rail, ProductId(product)).for_shopper(shopper)
    ranking = recommend(asked, served.sources(rail, shopper), lambda _: True, model_version=VERSION)
    assert not ranking.failed
    assert np.isfinite([one.score for one in ranking.items]).all()
    return [one.product_id for one in ranking.items]


def one_shopper(orders: int, products: int) -> Baskets:
    """Customer 1 alone, who always orders the next one or two of so many products."""
    order = np.repeat(np.arange(orders), 2)
    product = (np.arange(2 * orders) // 2 + np.arange(2 * orders) % 2) % products + 1
    day = np.repeat((TODAY - orders + 1 + np.arange(orders)).astype(np.int32), 2)
    return baskets_of(order, product, day, customer=np.ones(len(order), dtype=np.int64))


@pytest.mark.parametrize(("orders", "products"), [(1, 1), (300, 1), (1, 5), (300, 5)])
def test_one_shopper_or_one_item_is_no_trouble(orders: int, products: int) -> None:
    bought = one_shopper(orders, products)
    views = looks([1] * 50, [1] * 50, bought.items)
    model = learnt(bought, views, ItemFacts.unknown(len(bought.items)))
    her = Shopper((ProductId(1),), orders=(PastOrder(TODAY, (ProductId(1),)),), bought=(ProductId(1),), today=TODAY)
    for rail in Rail:
        found = shown(model, rail, 1, her)
        assert len(found) == len(set(found)) <= products
        assert set(found) <= set(bought.items.tolist())
        assert rail in (Rail.BUY_AGAIN, Rail.GOES_WELL) or 1 not in found, "she looks at it, and has it"


def test_what_comes_twice_counts_once() -> None:
    """Lines of an order that are delivered again, and views of a page that is loaded again."""
    order, product, day = np.array([1, 1, 2, 2]), np.array([5, 6, 5, 7]), np.array([3, 3, 4, 4], dtype=np.int32)
    once = baskets_of(order, product, day)
    twice = baskets_of(np.repeat(order, 3), np.repeat(product, 3), np.repeat(day, 3))
    assert [getattr(once, name).tolist() for name in ("starts", "item", "day")] == [
        getattr(twice, name).tolist() for name in ("starts", "item", "day")
    ]
    _, visits = looks([1, 1, 2, 2], [5, 6, 5, 7], once.items)
    _, again = looks([1] * 6 + [2] * 6, [5, 5, 5, 6, 6, 6, 5, 5, 5, 7, 7, 7], once.items)
    assert (visits.item.tolist(), visits.starts.tolist()) == (again.item.tolist(), again.starts.tolist())


def test_a_bot_that_looks_at_everything_changes_no_shoppers_rail() -> None:
    """100,000 views in one visit say nothing of what belongs together."""
    items = np.arange(1000, 1150)
    generator = np.random.default_rng(4)
    first = 1000 + 2 * generator.integers(75, size=1500)
    session = np.repeat(np.arange(1500), 2).tolist()
    product = np.column_stack([first, first + 1]).ravel().tolist()
    crawl = generator.choice(items, size=100_000).tolist()
    alone, visits = looks(session, product, items)
    beside, crawled = looks(session + [9999] * len(crawl), product + crawl, items)
    told, untold = telling_visits(visits, alone), telling_visits(crawled, beside)
    assert (told.item.tolist(), told.starts.tolist()) == (untold.item.tolist(), untold.starts.tolist())
    near, with_it = (co_view.fit(part, co_view.learn(part).parameters) for part in (alone, beside))
    assert np.array_equal(near, with_it)
    assert (near["index"] >= 0).any()


ODD = (np.nan, np.inf, -np.inf, 0.0, -5.0, 3e38, 900.0)


def test_odd_facts_of_products_are_unknown_and_leave_every_score_a_number() -> None:
    people, turns = 60, 6
    order = np.repeat(np.arange(people * turns), 2)
    product = 1 + ((order * 7) % 40 + np.arange(len(order)) % 2) % 40
    day = (TODAY - 200 + order * 200 // (people * turns)).astype(np.int32)
    orders = baskets_of(order, product, day, customer=1 + order.astype(np.int64) % people)
    odd = np.resize(np.array(ODD, dtype=np.float32), len(orders.items))
    facts = replace(ItemFacts.unknown(len(odd)), price=odd, margin=odd, created=odd, cover=odd)
    assert facts.price[: len(ODD)].tolist() == pytest.approx([np.nan] * 5 + [3e38, 900.0], nan_ok=True, rel=1e-6)
    assert np.nanmin(facts.margin) >= 0
    assert np.nanmax(facts.margin) <= 1
    assert not np.isinf(np.concatenate([facts.created, facts.cover])).any()
    histories = purchases_of(orders)
    blend = blending.fit(histories, Task.TIME, facts=facts)
    for person in range(0, people, 10):
        assert np.isfinite(blend.scores(histories.of(person), only_new=True)).all()


def sound() -> ItemModel:
    near = np.array([[(1, 0.5), (2, 0.25)], [(0, 0.5), (-1, 0.0)], [(0, 0.25), (-1, 0.0)]], dtype=NEIGHBOUR)
    ids = np.array([5, 6, 9], dtype=np.int64)
    return ItemModel(VERSION, Strategy.ITEM_ITEM, ids, near, np.array([2.0, 1.0, 0.0], dtype=np.float32))


def test_a_sound_model_is_left_alone() -> None:
    check(sound())


@pytest.mark.parametrize("what", ["popularity", "items", "score", "index", "negative"])
def test_an_unsound_model_is_refused_in_words(what: str) -> None:
    model = sound()
    table, popularity = model.neighbours.copy(), model.popularity.copy()
    if what == "score":
        table["score"][0, 0] = np.nan
    if what == "index":
        table["index"][0, 0] = len(model.item_ids)
    if what in ("popularity", "negative"):
        popularity[2] = np.nan if what == "popularity" else -1.0
    items = model.item_ids[::-1] if what == "items" else model.item_ids
    broken = replace(model, neighbours=table, popularity=popularity, item_ids=items)
    with pytest.raises(Unsound, match=r"items|not finite|below 0"):
        check(broken)


def test_a_training_that_comes_to_nonsense_leaves_the_model_in_use_alone(
    trained: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring, shop = trained.wiring, trained.shop
    first = train_models(shop, wiring.training).version
    trained.order(10_001, trained.products[:2], days_ago=0.01)

    def run_over(*args: object, **named: object) -> ItemModel:
        made = build(*args, **named)  # type: ignore[arg-type]
        return replace(made, popularity=np.full_like(made.popularity, np.nan))

    monkeypatch.setattr(training, "build", run_over)
    with pytest.raises(Unsound, match="popularity"):
        train_models(shop, wiring.training)
    assert wiring.models.current(shop.id) == first
    assert list(wiring.artefacts.versions(shop.id)) == [first]
