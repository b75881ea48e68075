"""`attune report SHOP --what-if`: what another strategy would have earned, from a real lake, model and orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import ibis
import numpy as np
import orjson
import psycopg
import pytest
from click.testing import CliRunner, Result

from app.adapters.db.engine import Database
from app.adapters.lake.schema import DECISIONS, EVENTS
from app.analytics import experiment_logs, expressions
from app.cli.report import command
from app.config import Settings
from app.core.errors import NotEnoughData
from app.core.events import Event, EventType
from app.core.experiments.explore import draw
from app.core.experiments.off_policy import Warn
from app.core.experiments.replay import LeftOut
from app.core.experiments.what_if import WhatIf
from app.core.ids import CustomerId, ModelVersion, OrderId, ProductId, RequestId, VisitorId
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Placement, Rail, Strategy
from app.core.shops import Shop
from app.ports import Decision
from app.services.estimate_strategy import NotAskable, estimate_strategy
from app.services.store_records import Ports, store_records
from app.wiring.worker import Worker
from tests.conftest import TEST_KEY
from tests.lake.test_views import order_of_an_objector
from tests.serving.catalogue import add_product, publish, rows_of, set_stock

PAGE = 1
NEIGHBOURS = [2, 3, 4, 5, 6]
"""What is bought with the page's product, best first."""
PLACES, EPSILON = 3, 0.5


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


@pytest.fixture
def rows(database: Database, shop: Shop, worker: Worker) -> Iterator[psycopg.Connection]:
    """Six products, a model that knows them, and a shop that counts in pounds."""
    with rows_of(database, shop.id) as connection:
        connection.autocommit = True
        connection.execute(
            "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at) "
            "VALUES (%s, '', 'GBP', 'Europe/London', '', now())",
            [shop.id],
        )
        for product in [PAGE, *NEIGHBOURS]:
            add_product(connection, shop.id, product)
        publish(worker, shop.id, model())  # type: ignore[arg-type]
        yield connection


def model(products: int = 6, version: str = "v1") -> ItemModel:
    """Beside the page's product its neighbours; the higher an id, the better it sells."""
    ids = np.arange(1, products + 1, dtype=np.int64)
    near = np.zeros((len(ids), len(NEIGHBOURS)), dtype=NEIGHBOUR)
    near["index"] = -1
    near[0] = [(product - 1, 1.0 / product) for product in NEIGHBOURS]
    return ItemModel(ModelVersion(version), Strategy.ITEM_ITEM, ids, near, ids.astype(np.float32))


def decision(wiring: Worker, name: str, items: Sequence[Mapping[str, Any]], **facts: Any) -> Decision:
    """An answer of an hour ago beside the page's product."""
    made = Decision(
        request_id=name,
        at=wiring.clock.now() - timedelta(hours=1),
        placement="product",
        rail="bought_together",
        product_id=ProductId(PAGE),
        visitor=visitor(name),
        strategy="item_item",
        variant="default",
        model_version="v1",
        items=[
            {"position": place, "score": 1.0, "reason": "bought_together", **item} for place, item in enumerate(items)
        ],
    )
    return replace(made, **facts)


def visitor(name: str) -> str:
    return name.encode().hex().rjust(32, "0")


def explored(wiring: Worker, number: int, generator: Random) -> Decision:
    drawn = draw(NEIGHBOURS, PLACES, EPSILON, generator)
    pairs = zip(drawn.items, drawn.propensities, strict=True)
    return decision(wiring, f"r{number}", [{"product_id": one, "propensity": chance} for one, chance in pairs])


def certain(wiring: Worker, name: str, **facts: Any) -> Decision:
    return decision(wiring, name, [{"product_id": one, "propensity": 1.0} for one in NEIGHBOURS[:PLACES]], **facts)


def click(of: Decision, product: int, name: str = "") -> Event:
    return Event(
        event_id=f"{of.request_id}-{product}{name}",
        type=EventType.CLICK,
        at=of.at + timedelta(minutes=1),
        visitor=VisitorId(of.visitor or ""),
        client=None,
        consent={"analytics": True},
        placement=Placement.PRODUCT,
        rail=Rail.BOUGHT_TOGETHER,
        product_id=ProductId(product),
        request_id=RequestId(of.request_id),
    )


def log(wiring: Worker, shop: Shop, answers: int = 600, *, seed: int = 1) -> list[Decision]:
    """Answers under exploration; whoever sees product 6 clicks on it one time in two, on others one time in ten."""
    generator = Random(seed)
    made = [explored(wiring, number, generator) for number in range(answers)]
    clicks = [
        click(one, item["product_id"])
        for one in made
        for item in one.items
        if generator.random() < (0.5 if item["product_id"] == 6 else 0.1)
    ]
    store(wiring, shop, *made, *clicks)
    return made


def store(wiring: Worker, shop: Shop, *records: Event | Decision) -> None:
    """Everything that was answered was seen, too."""
    seen = [in_view(one) for one in records if isinstance(one, Decision) and one.visitor and one.items]
    store_unseen(wiring, shop, *records, *seen)


def store_unseen(wiring: Worker, shop: Shop, *records: Event | Decision) -> None:
    store_records([(shop.id, record) for record in records], Ports(wiring.lake))


def in_view(of: Decision) -> Event:
    """The first card of the answer."""
    card = click(of, int(of.items[0]["product_id"]))
    return replace(card, type=EventType.EXPOSURE, event_id=f"{of.request_id}-seen")


def asked(wiring: Worker, shop: Shop, strategy: Strategy = Strategy.TRENDING, **options: Any) -> WhatIf:
    return estimate_strategy(shop, Rail.BOUGHT_TOGETHER, strategy, wiring.estimating, **options)


def test_another_strategy_is_estimated_near_its_truth(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    log(worker, shop)
    found = asked(worker, shop)
    assert (found.answers, found.places) == (600, PLACES)
    assert found.clicks is not None
    # Trending shows 6, 5 and 4: half a click and two tenths.
    told = found.per_thousand(found.clicks.best)
    assert told.low < 700 < told.high
    assert found.clicks.gain.low > 0
    assert "“trending” would have earned" in found.sentence
    assert "more than chance explains" in found.sentence


def test_the_strategy_that_was_shown_earns_less_without_exploring_where_it_ranks_badly(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    log(worker, shop)
    found = asked(worker, shop, Strategy.ITEM_ITEM)
    assert found.clicks is not None
    told = found.per_thousand(found.clicks.best)
    assert told.low < 300 < told.high
    assert found.clicks.gain.high < 0


def test_what_can_not_be_bought_now_is_not_what_would_be_shown(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    log(worker, shop)
    set_stock(rows, 6, 0)
    found = asked(worker, shop)
    assert found.clicks is not None
    told = found.per_thousand(found.clicks.best)
    assert told.low < 300 < told.high


def test_without_exploration_no_number_is_told(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    made = [certain(worker, f"r{number}") for number in range(5)]
    store(worker, shop, *made, click(made[0], 2))
    found = asked(worker, shop)
    assert found.clicks is None
    assert "Nothing was explored on the rail “bought together”" in found.sentence
    assert "start an experiment with exploration" in found.sentence
    assert found.left_out == {LeftOut.UNEXPLORED: 5}


def test_answers_that_tell_nothing_are_left_out_and_counted(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    items = [{"product_id": 2, "propensity": 0.5}]
    store(
        worker,
        shop,
        decision(worker, "old", [{"product_id": 2}]),
        decision(worker, "control", items, show="empty"),
        decision(worker, "nameless", items, visitor=None),
        decision(worker, "shared", [{**items[0], "team": "a"}]),
        decision(worker, "empty", []),
        certain(worker, "certain"),
        decision(worker, "elsewhere", items, rail="goes_well"),
        decision(worker, "long ago", items, at=worker.clock.now() - timedelta(days=40)),
    )
    store_unseen(worker, shop, decision(worker, "unseen", items))
    used = log(worker, shop, 50)
    store(worker, shop, *used[:10])
    found = asked(worker, shop)
    assert found.answers == 50
    assert found.left_out == dict.fromkeys(LeftOut, 1)


def test_answers_of_which_no_card_came_into_view_are_not_what_was_shown(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    items = [{"product_id": 2, "propensity": 0.5}]
    store_unseen(worker, shop, *(decision(worker, name, items) for name in ("first", "second")))
    found = asked(worker, shop)
    assert found.sentence.startswith("Nobody has had explored cards in view on the rail “bought together”")
    assert found.left_out == {LeftOut.UNSEEN: 2}
    # A click may be quicker than the second after which a card counts as seen.
    log(worker, shop, 20)
    quick = decision(worker, "third", items)
    store_unseen(worker, shop, quick, click(quick, 2))
    assert asked(worker, shop).answers == 21


def test_a_card_of_the_page_itself_does_not_show_the_answer_whose_id_it_carries(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    """Under a pointer a rail keeps its own cards; 20 is in none of the answers, though 2 begins like it."""
    answered = decision(worker, "kept", [{"product_id": 2, "propensity": 0.5}])
    beside = replace(in_view(answered), product_id=ProductId(20))
    store_unseen(worker, shop, answered, beside)
    assert asked(worker, shop).left_out == {LeftOut.UNSEEN: 1}


def test_a_rail_without_answers_says_so(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    said = "There are no answers that could be compared on the rail “bought together” in the last 28 days"
    assert asked(worker, shop).sentence.startswith(said)


def test_too_little_to_tell_is_said_instead_of_a_number(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    first, second = (decision(worker, name, [{"product_id": 2, "propensity": 0.5}]) for name in ("first", "second"))
    store(worker, shop, first)
    assert "Only one visitor" in asked(worker, shop).sentence
    store(worker, shop, second, click(first, 2))
    assert "“trending” would show never stood in its place" in asked(worker, shop).sentence
    store(worker, shop, decision(worker, "third", [{"product_id": 6, "propensity": 0.5}]))
    assert "was clicked on the rail" in asked(worker, shop).sentence
    assert asked(worker, shop).clicks is None


def test_few_answers_come_with_a_warning(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    log(worker, shop, 40)
    found = asked(worker, shop)
    assert found.clicks is not None
    assert Warn.FEW_EFFECTIVE in found.clicks.warnings
    assert any(line.startswith("Take care: the log holds less than 100") for line in found.cautions)


def test_what_exploration_never_reached_is_said(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    for product in range(7, 9):
        add_product(rows, shop.id, product)
    publish(worker, shop.id, model(8, "v2"))  # type: ignore[arg-type]
    log(worker, shop)
    found = asked(worker, shop)
    assert found.clicks is not None
    assert Warn.NO_SUPPORT in found.clicks.warnings
    # Of the three best sellers the log has shown one only.
    assert found.clicks.covered.value == pytest.approx(1 / 3, abs=0.1)
    assert "the log knows too little to rely on it" in found.sentence
    assert any("was never tried" in line for line in found.cautions)


def test_a_click_that_came_twice_counts_once(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    made = log(worker, shop, 100)
    before = asked(worker, shop)
    told = [click(one, int(one.items[0]["product_id"]), "-again") for one in made[:1]]
    store(worker, shop, *told, *told)
    after = asked(worker, shop)
    assert before.clicks is not None
    assert after.clicks is not None
    assert after.clicks.logged.value * 300 - before.clicks.logged.value * 300 <= 1.0


def test_revenue_is_that_of_the_clicked_products_net_of_refunds(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    made = log(worker, shop)
    bought = [one for one in made if one.items[0]["product_id"] == 6]
    for number, one in enumerate(bought):
        # Two were ordered and one came back; what else is in the basket was not clicked.
        add_order(rows, shop, number, one.request_id, [(6, 1000, 2, 1), (3, 500, 1, 1)], "GBP")
    add_order(rows, shop, 9999, made[0].request_id, [(6, 100_000, 1, 1)], "EUR")
    found = asked(worker, shop)
    assert found.revenue is not None
    # With 6 always first, £10 an answer.
    told = found.per_thousand(found.revenue.best)
    assert told.low < 1_000_000 < told.high
    assert "Revenue after those clicks: " in found.sentence
    assert " GBP" in found.sentence
    assert found.revenue.logged.value * 3 * 600 == pytest.approx(1000 * len(bought) + 500 * shows(bought, 3))


def shows(decisions: Sequence[Decision], product: int) -> int:
    return sum(any(item["product_id"] == product for item in one.items) for one in decisions)


def add_order(
    rows: psycopg.Connection,
    shop: Shop,
    number: int,
    request: str,
    lines: Sequence[tuple[int, int, int, int]],
    currency: str,
) -> None:
    """Lines are (product, unit price, quantity, current quantity)."""
    rows.execute(
        "INSERT INTO orders (shop_id, id, name, currency, total, discounts, refunded, source_name, test, created_at, "
        "updated_at) VALUES (%s, %s, '', %s, 0, 0, 0, '', false, now(), now())",
        [shop.id, number, currency],
    )
    for place, (product, price, quantity, current) in enumerate(lines):
        rows.execute(
            "INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, "
            "discount, request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, %s)",
            [shop.id, number * 10 + place, number, product, quantity, current, price, request],
        )


def test_answers_do_not_leave_their_shop(
    rows: psycopg.Connection, worker: Worker, shop: Shop, other_shop: Shop
) -> None:
    log(worker, other_shop, 20)
    assert asked(worker, shop).answers == 0


def test_an_erased_visitors_answers_are_nobodys(rows: psycopg.Connection, worker: Worker, shop: Shop) -> None:
    made = log(worker, shop, 20)
    bought = replace(click(made[0], 2), type=EventType.PURCHASE, event_id="p", order_id=OrderId(77), product_id=None)
    store(worker, shop, bought)
    subject = worker.privacy.bury(shop.id, CustomerId(0), [OrderId(77)], at=worker.clock.now())
    for place in worker.erasable_places:
        place.erase_customer(shop.id, subject)
    found = asked(worker, shop)
    assert found.answers == 19
    assert found.left_out == {LeftOut.NO_CONSENT: 1}


def test_nothing_is_asked_of_the_answers_to_a_customer_who_opted_out(
    rows: psycopg.Connection, worker: Worker, shop: Shop
) -> None:
    made = log(worker, shop, 20)
    store(worker, shop, decision(worker, "other browser", made[1].items, unit=made[0].visitor))
    bought = replace(click(made[0], 2), type=EventType.PURCHASE, event_id="p", order_id=OrderId(77), product_id=None)
    store(worker, shop, bought)
    order_of_an_objector(worker, shop, 77)
    assert asked(worker, shop).answers == 19


@pytest.mark.parametrize(
    ("rail", "strategy", "words"),
    [
        (Rail.BOUGHT_TOGETHER, Strategy.ALS, "only item_item or co_view or complements or trending"),
        (Rail.FOR_YOU, Strategy.ITEM_ITEM, "only trending"),
        (Rail.GOES_WELL, Strategy.COMPLEMENTS, "only trending"),
        (Rail.ALSO_VIEWED, Strategy.CO_VIEW, "has no other strategy"),
    ],
)
def test_what_needs_more_than_the_log_holds_is_refused(
    worker: Worker, shop: Shop, rail: Rail, strategy: Strategy, words: str
) -> None:
    with pytest.raises(NotAskable, match=words):
        estimate_strategy(shop, rail, strategy, worker.estimating)


def test_a_strategy_that_the_model_does_not_have_is_refused(
    rows: psycopg.Connection, worker: Worker, shop: Shop, other_shop: Shop
) -> None:
    with pytest.raises(NotEnoughData, match="did not pass its exam"):
        asked(worker, shop, Strategy.CO_VIEW)
    with pytest.raises(NotEnoughData, match="has no model yet"):
        asked(worker, other_shop)


# -- The command -----------------------------------------------------------------------------------------------------


def run(settings: Settings, *arguments: str) -> Result:
    env = {
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "ATTUNE_DATA_DIR": str(settings.data_dir),
        "SHOPIFY_API_KEY": "test-api-key",
        "SHOPIFY_API_SECRET": "test-api-secret",
        "APP_URL": "https://attune.example.com",
        "ENCRYPTION_KEYS": TEST_KEY,
        "COLUMNS": "120",
    }
    return CliRunner(env=env).invoke(command, ["alice", *arguments])


def test_the_command_prints_sentence_table_and_what_it_rests_on(
    rows: psycopg.Connection, worker: Worker, shop: Shop, settings: Settings, tmp_path: Path
) -> None:
    log(worker, shop)
    file = tmp_path / "answer.json"
    result = run(settings, "--what-if", "trending", "--rail", "bought_together", "--json", str(file))
    assert result.exit_code == 0, (result.output, result.exception)
    for words in ("“trending” would have earned", "doubly robust", "SNIPS", "Based on 600 answers", "today's model"):
        assert words in result.output
    told = orjson.loads(file.read_bytes())
    assert told["sentence"] in result.output
    assert {(row["what"], row["by"]) for row in told["per_thousand"]} >= {("clicks", "IPS"), ("clicks", "difference")}
    assert told["clicks"]["effective_sample_size"] > 100
    assert told["warnings"] == []


def test_the_command_says_when_nothing_was_explored(
    rows: psycopg.Connection, worker: Worker, shop: Shop, settings: Settings
) -> None:
    store(worker, shop, certain(worker, "r1"), certain(worker, "r2"))
    result = run(settings, "--what-if", "trending", "--rail", "bought_together", "--days", "7")
    assert "in the last 7 days, so this can't be told" in result.output
    assert "Left out: 2 answers (nothing was drawn" in result.output
    assert "clicks per" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--what-if", "trending"],
        ["--rail", "bought_together"],
        ["--days", "3"],
        ["--what-if", "als", "--rail", "bought_together"],
        ["--what-if", "trending", "--rail", "bought_together", "--from", "2026-01-01"],
    ],
)
def test_options_that_make_no_question_are_refused(settings: Settings, arguments: list[str]) -> None:
    assert run(settings, *arguments).exit_code == 2


# -- The engine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark", "snowflake"])
def test_the_questions_compile_for_every_engine(worker: Worker, dialect: str) -> None:
    now = worker.clock.now()
    for expression in (experiment_logs.answers("for_you", now, now), experiment_logs.clicked("for_you", now, now)):
        assert "for_you" in str(ibis.to_sql(expression, dialect=dialect))


def test_the_questions_read_only_columns_that_the_lake_has() -> None:
    assert set(experiment_logs.DECISIONS.columns) <= set(DECISIONS.names)
    assert set(expressions.EVENTS.columns) <= set(EVENTS.names)
