"""Previews of any shopper: what is known of them, every rail with its reasons, and who was active lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
import redis
from click.testing import CliRunner, Result
from sqlmodel import SQLModel

from app.adapters.db.catalog import DbCatalog
from app.adapters.db.tables import Customer, DecisionRow, Order, OrderLine, Tombstone
from app.cli import commands
from app.config import Settings
from app.core.ids import CustomerId, ProductId, ShopId, VisitorId
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, ReasonCode
from app.core.shops import Shop
from app.ports import Card
from app.services import preview_rail as preview_module
from app.services.preview_rail import Preview, Who, preview_rail
from app.services.preview_shopper import recent_shoppers, shopper_overview
from app.wiring.web import Web
from tests.devstore_fixture import environment
from tests.experiments.running import hold_out
from tests.serving.catalogue import add_product, set_stock
from tests.serving.conftest import VISITOR, Ask, products_of
from tests.serving.running import start, visitor_in
from tests.serving.test_rails import remember

AT = datetime(2026, 3, 1, tzinfo=UTC)
ADA, BEN = CustomerId(77), CustomerId(78)
SEEN = Who(visitor=VisitorId(VISITOR))


def add(wiring: Web, shop: Shop, *rows: SQLModel) -> None:
    with wiring.database.shop(shop.id) as session:
        for row in rows:
            session.add(row)
            session.flush()


def order(wiring: Web, shop: Shop, number: int, customer: int | None, *products: int) -> None:
    """One order, `number` days after the first of March."""
    at = AT + timedelta(days=number)
    lines = [
        OrderLine(
            shop_id=shop.id,
            id=number * 100 + place,
            order_id=number,
            product_id=product,
            quantity=1,
            current_quantity=1,
            unit_price=1,
        )
        for place, product in enumerate(products)
    ]
    add(wiring, shop, Order(shop_id=shop.id, id=number, customer_id=customer, created_at=at, updated_at=at), *lines)


def shown(preview: Preview) -> list[int]:
    return [item.product_id for item in preview.ranking.items]


# -- One rail ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rail", "asked"),
    [
        (Rail.FOR_YOU, {"placement": "home"}),
        (Rail.BOUGHT_TOGETHER, {}),
        (Rail.ALSO_VIEWED, {"rail": "also_viewed"}),
        (Rail.COMPLETE_THE_LOOK, {"rail": "complete_the_look"}),
        (Rail.GOES_WELL, {"placement": "cart", "cart": "1"}),
    ],
)
def test_a_preview_shows_what_the_storefront_shows(
    full_model: ItemModel,
    wiring: Web,
    shop: Shop,
    ask: Ask,
    live_redis: redis.Redis,
    rail: Rail,
    asked: dict[str, str],
) -> None:
    remember(live_redis, shop, viewed=[5, 2], carted=[8])
    cart = (ProductId(1),) if rail is Rail.GOES_WELL else ()
    preview = preview_rail(shop, Question(rail, ProductId(1), cart), wiring.previewing, who=SEEN)
    answer = ask(**asked, visitor=VISITOR)
    assert shown(preview) == products_of(answer)
    assert answer.json is not None
    texts = [item["reason"]["text"] for item in answer.json["items"]]
    assert [preview.reason(item) for item in preview.ranking.items] == texts


def test_a_customers_orders_count_here_newest_first(
    full_model: ItemModel, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    order(wiring, shop, 1, ADA, 7, 6)
    order(wiring, shop, 2, ADA, 6)
    preview = preview_rail(shop, Question(Rail.FOR_YOU), wiring.previewing, who=Who(customer=ADA))
    assert shown(preview)[0] == 10
    assert preview.reason(preview.ranking.items[0]) == "Because you bought Product 6 and Product 7"
    assert not {6, 7} & set(shown(preview))


@pytest.mark.parametrize(
    "why",
    [
        "UPDATE customers SET opted_out = true",
        "UPDATE orders SET erased = true",
        "UPDATE orders SET test = true",
        "UPDATE orders SET cancelled_at = now()",
        "UPDATE order_lines SET current_quantity = 0",
    ],
)
def test_what_nothing_may_be_learnt_from_is_not_previewed_either(
    full_model: ItemModel, wiring: Web, shop: Shop, catalogue: psycopg.Connection, why: LiteralString
) -> None:
    add(wiring, shop, Customer(shop_id=shop.id, id=ADA))
    order(wiring, shop, 1, ADA, 6)
    asked = Question(Rail.FOR_YOU)
    before = preview_rail(shop, asked, wiring.previewing, who=Who(customer=ADA))
    assert ReasonCode.BECAUSE_BOUGHT in {item.reason.code for item in before.ranking.items}
    catalogue.execute(why)
    catalogue.commit()
    preview = preview_rail(shop, asked, wiring.previewing, who=Who(customer=ADA))
    assert {item.reason.code for item in preview.ranking.items} == {ReasonCode.TRENDING}


def test_an_erased_customer_is_nobody(full_model: ItemModel, wiring: Web, shop: Shop) -> None:
    order(wiring, shop, 1, ADA, 6)
    add(wiring, shop, Tombstone(shop_id=shop.id, customer_id=ADA, at=AT))
    assert not wiring.shoppers.orders(shop.id, ADA)
    assert not recent_shoppers(shop, wiring.previewing).customers


def test_the_whole_catalogue_is_read_only_when_a_rail_would_stay_short(
    full_model: ItemModel, wiring: Web, shop: Shop, catalogue: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[ShopId] = []
    everything = DbCatalog.cards

    def recording(catalog: DbCatalog, of: ShopId, **options: Any) -> Sequence[Card]:
        read.append(of)
        return everything(catalog, of, **options)

    monkeypatch.setattr(DbCatalog, "cards", recording)
    question = Question(Rail.BOUGHT_TOGETHER, ProductId(1), limit=3)
    assert shown(preview_rail(shop, question, wiring.previewing)) == [2, 3, 4]
    assert not read
    monkeypatch.setattr(preview_module, "READ_AHEAD", 2)
    for product in (2, 3, 10, 9):
        set_stock(catalogue, product, 0)
    assert shown(preview_rail(shop, question, wiring.previewing)) == [4, 8, 7]
    assert read


def test_without_a_model_a_preview_is_empty(wiring: Web, shop: Shop, catalogue: psycopg.Connection) -> None:
    preview = preview_rail(shop, Question(Rail.FOR_YOU), wiring.previewing)
    assert (shown(preview), preview.ranking.model_version) == ([], None)


# -- A whole shopper ---------------------------------------------------------------------------------------------------


def test_an_overview_tells_what_is_known_and_fills_every_rail(
    full_model: ItemModel, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[1, 5], clicked=[2], carted=[6])
    overview = shopper_overview(shop, SEEN, wiring.previewing, limit=2)
    assert (overview.known.viewed, overview.known.clicked, overview.known.carted) == ((1, 5), (2,), (6,))
    assert (overview.product, overview.cart) == (1, (6,))
    assert list(overview.rails) == list(Rail)
    filled = {rail for rail, preview in overview.rails.items() if preview.ranking.items}
    # Nobody but a customer has anything to buy again.
    assert filled == set(Rail) - {Rail.BUY_AGAIN}
    assert overview.cards[ProductId(5)].title == "Product 5"


def test_the_rails_of_a_page_do_not_repeat_each_other(
    full_model: ItemModel, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[1, 5])
    overview = shopper_overview(shop, SEEN, wiring.previewing)
    page = [
        product
        for rail in (Rail.BOUGHT_TOGETHER, Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK)
        for product in shown(overview.rails[rail])
    ]
    assert len(page) == len(set(page))
    assert shown(overview.rails[Rail.COMPLETE_THE_LOOK]) == [3, 9]


def test_an_overview_of_a_stranger_has_no_products_page(full_model: ItemModel, wiring: Web, shop: Shop) -> None:
    overview = shopper_overview(shop, SEEN, wiring.previewing)
    assert (overview.product, list(overview.rails)) == (None, [Rail.FOR_YOU, Rail.BUY_AGAIN, Rail.GOES_WELL])
    asked = shopper_overview(shop, SEEN, wiring.previewing, product=ProductId(1), cart=(ProductId(6),))
    assert (asked.product, asked.cart, len(asked.rails)) == (1, (6,), len(Rail))


# -- Who was active lately ---------------------------------------------------------------------------------------------


def test_the_last_active_visitors_and_customers_come_first(
    wiring: Web, shop: Shop, other_shop: Shop, catalogue: psycopg.Connection
) -> None:
    for number, (customer, day) in enumerate([(ADA, 1), (BEN, 5), (ADA, 3), (None, 9)]):
        order(wiring, shop, 10 * day + number, customer, 1)
    add(wiring, shop, Customer(shop_id=shop.id, id=BEN, orders_count=4))
    for number, visitor in enumerate(["a" * 32, "b" * 32, "a" * 32, None, "c" * 32]):
        at = AT + timedelta(minutes=number)
        decision = DecisionRow(
            shop_id=shop.id, request_id=f"r{number}", at=at, placement="home", strategy="als", visitor=visitor
        )
        add(wiring, shop, decision)
    recent = recent_shoppers(shop, wiring.previewing, limit=2)
    assert [(one.visitor, one.at.minute) for one in recent.visitors] == [("c" * 32, 4), ("a" * 32, 2)]
    assert [(one.customer, one.orders) for one in recent.customers] == [(BEN, 4), (ADA, 0)]
    nobody = recent_shoppers(other_shop, wiring.previewing)
    assert (list(nobody.visitors), list(nobody.customers)) == ([], [])


def test_customers_who_opted_out_do_not_appear(wiring: Web, shop: Shop, catalogue: psycopg.Connection) -> None:
    order(wiring, shop, 1, ADA, 1)
    add(wiring, shop, Customer(shop_id=shop.id, id=ADA, opted_out=True))
    assert not recent_shoppers(shop, wiring.previewing).customers


# -- The command line --------------------------------------------------------------------------------------------------


def attune(settings: Settings, *arguments: str) -> Result:
    return CliRunner(env={**environment(settings), "COLUMNS": "200"}).invoke(commands, ["recommend", *arguments])


def test_the_command_shows_any_shoppers_rail_and_why(
    full_model: ItemModel, settings: Settings, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    remember(live_redis, shop, viewed=[2])
    order(wiring, shop, 1, ADA, 6)
    asked = (shop.domain, "--placement", "home", "--limit", "2", "--explain")
    visitor = attune(settings, *asked, "--visitor", VISITOR)
    assert visitor.exit_code == 0, visitor.exception
    assert "Because you looked at Product 2" in visitor.output
    assert "because of 2 Product 2" in visitor.output
    customer = attune(settings, *asked, "--customer", str(ADA))
    assert "Because you bought Product 6" in customer.output
    assert "Strategy als" in customer.output


def test_the_command_tells_a_visitors_arms_and_what_they_see(
    full_model: ItemModel, settings: Settings, wiring: Web, shop: Shop
) -> None:
    (test,) = start(wiring, shop, hold_out(0.2))
    asked = (shop.domain, "--placement", "home", "--explain", "--visitor")
    held_out = attune(settings, *asked, visitor_in("control", test)).output
    assert "Experiments: 1:control, that is Test 1 (control); the visitor sees nothing in its place" in held_out
    outside = attune(settings, *asked, visitor_in(None, test)).output
    assert "Experiments: this visitor takes part in none" in outside


def test_the_command_shows_each_rail_of_a_page(full_model: ItemModel, settings: Settings, shop: Shop) -> None:
    page = (shop.domain, "--placement", "product", "--product", "1")
    assert "Often looked at together with Product 1" in attune(settings, *page, "--rail", "also_viewed").output
    assert "Goes with Product 1" in attune(settings, *page, "--rail", "complete_the_look").output
    cart = attune(settings, shop.domain, "--placement", "cart", "--cart", "6", "--limit", "1")
    assert "Goes with Product 6" in cart.output


@pytest.mark.parametrize(
    "wrong",
    [
        ("--placement", "home", "--rail", "goes_well"),
        ("--placement", "product"),
        ("--placement", "home", "--customer", "ada"),
        ("--placement", "cart", "--cart", "1,x"),
    ],
)
def test_a_command_that_does_not_fit_is_refused(
    full_model: ItemModel, settings: Settings, shop: Shop, wrong: tuple[str, ...]
) -> None:
    assert attune(settings, shop.domain, *wrong).exit_code == 2


def test_a_title_may_hold_anything(
    full_model: ItemModel, settings: Settings, shop: Shop, catalogue: psycopg.Connection
) -> None:
    add_product(catalogue, shop.id, 11)
    catalogue.execute("UPDATE products SET title = '[bold]{0} {{ x }}' WHERE id = 1")
    catalogue.commit()
    shown = attune(settings, shop.domain, "--placement", "product", "--product", "1", "--limit", "1")
    assert "Often bought together with [bold]{0} {{ x }}" in shown.output
