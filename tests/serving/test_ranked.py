"""The home rail ranked by blends, over HTTP: the same order as in an evaluation, live stock, and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest
import redis

from app.adapters.redis import keys
from app.adapters.redis.customers import RedisCustomers
from app.core.events import Event, EventType
from app.core.experiments.types import UNCHANGED, Treatment
from app.core.ids import CustomerId, ProductId, VisitorId
from app.core.recommend.blend import Blend
from app.core.recommend.blended import Blends
from app.core.recommend.fusion import fused
from app.core.recommend.histories import History
from app.core.recommend.rails import Question
from app.core.recommend.ranked_source import visit_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.ports.steering import KeptSteering
from app.services.explain_rail import Explained, explain_rail
from app.services.preview_rail import Who, in_use, known_of, preview_rail
from app.wiring.web import Web
from tests.experiments.running import experiment
from tests.serving.catalogue import add_product, publish, rows_of, set_stock
from tests.serving.conftest import VISITOR, Ask, products_of
from tests.serving.ranked import PRODUCTS, orders, ranked_model
from tests.serving.running import start

ANN = CustomerId(5)


@pytest.fixture
def shelves(wiring: Web, shop: Shop, live_redis: redis.Redis) -> Iterator[psycopg.Connection]:
    """Sixty products, all of which can be bought."""
    with rows_of(wiring.database, shop.id) as connection:
        for product in range(1, PRODUCTS + 1):
            add_product(connection, shop.id, product)
        connection.commit()
        yield connection


@pytest.fixture
def model(wiring: Web, shop: Shop, shelves: psycopg.Connection) -> ItemModel:
    made = ranked_model()
    publish(wiring, shop.id, made)
    wiring.shelves.map_now(shop.id)
    return made


@pytest.fixture
def read(wiring: Web, shop: Shop, model: ItemModel) -> Blends:
    """The blends as the artefact gives them back."""
    return ItemModel.of(model.version, *wiring.artefacts.read(shop.id, model.version)).blends


def bought(wiring: Web, shop: Shop) -> History:
    """Have Ann buy along the second aisle; returns what an evaluation would ask with."""
    today = int(wiring.clock.now().timestamp() // 86_400)
    own = orders((today - 3, (13, 14)), (today - 40, (11, 12)))
    RedisCustomers(wiring.redis).replace(shop.id, [(ANN, own)])
    days = np.array([40, 40, 3, 3], dtype=np.float32)
    return History(np.array([10, 11, 12, 13], np.int32), np.array([0, 0, 1, 1], np.int32), days)


def looks(wiring: Web, shop: Shop, *products: int, ago: timedelta = timedelta()) -> None:
    """Have the visitor look at these, one a minute, the last one at the end."""
    consent = {"analytics": True, "preferences": True, "marketing": False}
    now = datetime.now(UTC) - ago
    events = [
        Event(
            f"{product}-{ago}",
            EventType.PRODUCT_VIEW,
            now - timedelta(minutes=len(products) - place),
            VisitorId(VISITOR),
            None,
            consent,
            product_id=ProductId(product),
        )
        for place, product in enumerate(products)
    ]
    wiring.live_state.fold(shop.id, events)


def home(ask: Ask, *, limit: int = 12, **parameters: object) -> list[ProductId]:
    return products_of(ask(placement="home", limit=limit, **parameters))


def best(blend: Blend, history: History, most: int = 12) -> list[int]:
    """As `attune evaluate` ranks what is new to the shopper: by one score for every item."""
    return [int(item) + 1 for item in np.argsort(-blend.scores(history, only_new=True), kind="stable")[:most]]


def test_a_customer_is_shown_what_an_evaluation_of_the_artefact_ranks_first(
    wiring: Web, shop: Shop, read: Blends, ask: Ask
) -> None:
    history = bought(wiring, shop)
    assert read.bought is not None
    answer = ask(placement="home", limit=12, logged_in_customer_id=ANN)
    assert answer.json is not None
    assert answer.json["strategy"] == "ranked"
    assert products_of(answer) == best(read.bought, history)
    assert products_of(answer)[0] == 15


def test_a_visit_is_ranked_by_what_was_looked_at_in_it(wiring: Web, shop: Shop, read: Blends, ask: Ask) -> None:
    looks(wiring, shop, 41, 42, ago=timedelta(hours=2))
    looks(wiring, shop, 21, 22, 23)
    assert read.visit is not None
    assert home(ask, visitor=VISITOR) == best(
        read.visit, History(np.array([20, 21, 22], np.int32), np.arange(3, dtype=np.int32))
    )
    assert home(ask, visitor=VISITOR)[0] == 24


def test_the_next_look_counts_in_the_next_answer(wiring: Web, shop: Shop, model: ItemModel, ask: Ask) -> None:
    looks(wiring, shop, 21, 22)
    first = home(ask, visitor=VISITOR)
    looks(wiring, shop, 55)
    assert home(ask, visitor=VISITOR)[0] == 56 != first[0]


def test_what_was_bought_and_what_is_looked_at_both_count(
    wiring: Web, shop: Shop, model: ItemModel, read: Blends, ask: Ask
) -> None:
    history = bought(wiring, shop)
    looks(wiring, shop, 21, 22)
    visit = visit_history(model, (ProductId(21), ProductId(22)))
    assert read.bought is not None
    assert read.visit is not None
    mask = np.ones(PRODUCTS, dtype=np.bool_)
    mask[[10, 11, 12, 13, 20, 21]] = False
    parts = [
        (read.bought.rank(history, mask, only_new=True).at, 0.5),
        (read.visit.rank(visit, mask, only_new=True).at, 0.5),
    ]
    found = home(ask, visitor=VISITOR, logged_in_customer_id=ANN)
    assert found == [int(item) + 1 for item in fused(parts, PRODUCTS)[0][:12]]
    assert {1, 2} <= {(product - 1) // 10 for product in found[:4]}


def test_what_sells_out_makes_room_for_the_next_best(
    wiring: Web, shop: Shop, shelves: psycopg.Connection, model: ItemModel, ask: Ask
) -> None:
    bought(wiring, shop)
    first = home(ask, logged_in_customer_id=ANN)
    set_stock(shelves, int(first[0]), 0)
    wiring.shelves.map_now(shop.id)
    assert home(ask, limit=11, logged_in_customer_id=ANN) == first[1:]


def test_a_rail_is_full_while_anything_may_be_shown(
    wiring: Web, shop: Shop, shelves: psycopg.Connection, model: ItemModel, ask: Ask
) -> None:
    bought(wiring, shop)
    for product in range(15, 58):
        set_stock(shelves, product, 0)
    wiring.shelves.map_now(shop.id)
    assert sorted(home(ask, limit=24, logged_in_customer_id=ANN)) == [*range(1, 11), 58, 59, 60]


def test_reasons_name_what_the_shopper_bought_in_the_shoppers_language(
    wiring: Web, shop: Shop, model: ItemModel, ask: Ask
) -> None:
    bought(wiring, shop)
    answer = ask(placement="home", limit=12, logged_in_customer_id=ANN, locale="de-AT")
    assert answer.json is not None
    reasons = [item["reason"] for item in answer.json["items"]]
    own = [reason for reason in reasons if reason["code"] == "because_bought"]
    assert own
    assert all(set(reason["because"]) <= {"11", "12", "13", "14"} for reason in own)
    named = [reason for reason in own if reason["because"]]
    assert named
    assert all(reason["text"].startswith("Weil du Product 1") for reason in named)


def test_a_stranger_and_a_customer_of_unknown_products_get_what_sells(
    wiring: Web, shop: Shop, model: ItemModel, ask: Ask
) -> None:
    wiring.redis.rpush(keys.customer(shop.id, ANN), "20000:999")
    sells = [60, 59, 58, 57]
    assert home(ask, limit=4) == sells
    assert home(ask, limit=4, logged_in_customer_id=ANN) == sells


def test_a_list_without_days_still_ranks(wiring: Web, shop: Shop, model: ItemModel, ask: Ask) -> None:
    wiring.redis.rpush(keys.customer(shop.id, ANN), 14, 13)
    answer = ask(placement="home", limit=12, logged_in_customer_id=ANN)
    assert answer.json is not None
    assert answer.json["strategy"] == "ranked"
    assert not {13, 14} & set(products_of(answer))


@pytest.mark.parametrize(
    ("treatment", "strategy", "first"),
    [(Treatment(trend=1.0), "ranked", 60), (Treatment(strategy=Strategy.TRENDING), "trending", 60)],
)
def test_an_experiment_may_weigh_what_sells_or_put_another_source_first(
    wiring: Web, shop: Shop, model: ItemModel, ask: Ask, treatment: Treatment, strategy: str, first: int
) -> None:
    looks(wiring, shop, 21, 22)
    start(wiring, shop, experiment(0, UNCHANGED, treatment, rails=(Rail.FOR_YOU,)))
    found = set()
    for number in range(12):
        visitor = f"{number:032x}"
        wiring.redis.copy(keys.visitor(shop.id, VisitorId(VISITOR)), keys.visitor(shop.id, VisitorId(visitor)))
        answer = ask(placement="home", limit=4, visitor=visitor)
        assert answer.json is not None
        found.add((answer.json["strategy"], products_of(answer)[0]))
    assert (strategy, first) in found
    assert len(found) == 2


def test_where_another_source_won_among_customers_a_customer_is_not_ranked_by_the_visit(
    wiring: Web, shop: Shop, shelves: psycopg.Connection, ask: Ask
) -> None:
    publish(wiring, shop.id, ranked_model(blends=Blends(visit=ranked_model().blends.visit), for_you=Strategy.TRENDING))
    wiring.shelves.map_now(shop.id)
    bought(wiring, shop)
    looks(wiring, shop, 21, 22)
    assert home(ask, visitor=VISITOR)[0] == 23
    assert home(ask, visitor=VISITOR, logged_in_customer_id=ANN)[0] == 60


def test_staff_are_told_what_every_signal_added_and_what_a_slider_moved(
    wiring: Web, shop: Shop, model: ItemModel
) -> None:
    looks(wiring, shop, 21, 22)
    ports, who = wiring.previewing, Who(VisitorId(VISITOR))
    known, served = known_of(shop, who, ports), in_use(shop, ports)
    assert served is not None

    def explained() -> list[Explained]:
        preview = preview_rail(shop, Question(Rail.FOR_YOU), ports, who=who)
        return list(explain_rail(shop, preview, known, served, ports))

    plain = explained()
    assert [one.source for one in plain] == [Strategy.RANKED] * 8
    assert [one.before for one in plain] == list(range(1, 9))
    assert all(one.added and all(name.startswith("visit ") for name in one.added) for one in plain)
    assert all(one.chance == 1.0 and not one.sliders for one in plain)
    sliders = Steering(popularity=1.0, exploration=1.0)
    ports.steering.keep(shop.id, KeptSteering(0, Rail.FOR_YOU, sliders, datetime.now(UTC), "a test"), instead_of=0)
    steered = explained()
    moved = [one for one in steered if one.before != steered.index(one) + 1]
    assert moved
    assert all(one.sliders == {"popularity": 1.0, "exploration": 1.0} for one in moved)
    assert (steered[0].chance, steered[1].chance) == (1.0, 0.7)
