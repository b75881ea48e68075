"""Stock of a system beside Shopify: signed, in CSV files, by the merchant's rule, and at once in what may be shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as trying
from sqlalchemy import text

from app.adapters.db.tables import InventoryLevel, OutsideStock, StockRuleRow, Variant
from app.config import Settings
from app.core.catalog import VariantFacts, as_counted, is_buyable
from app.core.ids import ProductId
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.outside_stock import StockRule, Winner, quantity_of, winner_of
from app.ports.sources import RawRow, SourceDelivery
from app.services.take_in_counts import take_in_counts
from app.web import create_app
from app.web.admin.data_figures import Told
from app.web.inventory import signature
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.patience import eventually
from tests.sources.conftest import NOW, table

Bring = Callable[..., SourceDelivery]
VASE, BOARD = ProductId(1), ProductId(2)


def buyable(wiring: Worker, shop: Shop) -> set[int]:
    return {card.product_id for card in wiring.catalog.cards(shop.id) if card.buyable}


def count(sku: str, available: int, **facts: object) -> dict[str, object]:
    return {"SKU": sku, "Location": "", "Quantity": available, **facts}


def test_what_the_outside_system_has_sold_out_is_not_recommended(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    assert buyable(wiring, stocked) == {1, 2}
    done = bring(Source.STOCK, table([count("VASE", 0), count("NOWHERE", 5)]))
    assert (done.report["taken"], done.report["unmatched"], done.report["strangers"]) == (
        2,
        {"products": 1},
        ["NOWHERE"],
    )
    assert buyable(wiring, stocked) == {2}
    bring(Source.STOCK, table([count("VASE", 3)]))
    assert buyable(wiring, stocked) == {1, 2}


def test_the_merchants_rule_says_which_system_wins_for_which_product(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    bring(Source.STOCK, table([count("VASE", 0), count("BOARD", 0)]))
    assert buyable(wiring, stocked) == set()
    wiring.stock_rules.put(stocked.id, StockRule(Winner.SHOPIFY))
    assert buyable(wiring, stocked) == {1, 2}
    wiring.stock_rules.put(stocked.id, StockRule(Winner.OUTSIDE, BOARD))
    assert buyable(wiring, stocked) == {1}
    wiring.stock_rules.remove(stocked.id, StockRule(Winner.OUTSIDE, BOARD))
    assert buyable(wiring, stocked) == {1, 2}


def test_what_shopify_has_sold_out_is_not_recommended_whatever_the_outside_system_says(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    with wiring.database.shop(stocked.id) as session:
        session.execute(text("UPDATE variants SET quantity = 0, tracked = true WHERE product_id = 1"))
    wiring.stock_rules.put(stocked.id, StockRule(Winner.OUTSIDE))
    bring(Source.STOCK, table([count("VASE", 9)]))
    assert buyable(wiring, stocked) == {2}


def test_a_rule_for_a_location_leaves_the_others_to_shopify(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    bring(
        Source.STOCK,
        table([count("VASE", 0, Location="900"), count("BOARD", 0, Location="gid://shopify/Location/900")]),
    )
    wiring.stock_rules.put(stocked.id, StockRule(Winner.OUTSIDE, location="900"))
    stock = {card.product_id: (card.buyable, card.stock) for card in wiring.catalog.cards(stocked.id)}
    assert stock == {1: (True, 2), 2: (False, 0)}, "the vase still lies at 901"


def test_an_older_count_that_comes_late_changes_nothing(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    bring(Source.STOCK, table([count("VASE", 0, at="2026-03-10T11:00:00Z")]))
    late = bring(Source.STOCK, table([count("VASE", 9, at="2026-03-10T10:00:00Z")]))
    assert late.report["let_go"] == {"older than what is known": 1}
    assert buyable(wiring, stocked) == {2}


@pytest.fixture
def web(settings: Settings, stocked: Shop) -> Iterator[Web]:
    opened = Web(settings)
    yield opened
    opened.close()


@pytest.fixture
def client(web: Web) -> FlaskClient:
    return create_app(web).test_client()


def post(
    client: FlaskClient, shop: Shop, secret: str, levels: object, *, at: int | None = None, signed: str = ""
) -> Any:
    body = orjson.dumps({"levels": levels})
    signed = signed or signature(secret.encode(), int(time.time()) if at is None else at, body)
    return client.post("/inventory", data=body, headers={"Attune-Shop": shop.domain, "Attune-Signature": signed})


def test_a_signed_post_is_known_to_the_shelves_within_a_second(web: Web, client: FlaskClient, stocked: Shop) -> None:
    secret = web.stock_keys.renew(stocked.id, at=NOW)
    eventually(lambda: web.shelves.mapped(stocked.id) is not None, "the shop is mapped")
    shelf = web.shelves.mapped(stocked.id)
    assert shelf is not None
    assert shelf.is_buyable(VASE)
    answer = post(client, stocked, secret, [{"sku": "VASE", "available": 0}, {"sku": "BOARD", "available": "many"}, 7])
    assert answer.status_code == 400
    assert (answer.json["taken"], [one["row"] for one in answer.json["problems"]]) == (1, [2, 3])
    eventually(lambda: not shelf.is_buyable(VASE), "the shelf knows that the vase is gone")
    assert post(client, stocked, secret, [{"sku": "VASE", "available": 4}]).status_code == 200
    eventually(lambda: shelf.is_buyable(VASE), "the shelf knows that it is back")


def test_a_days_posts_are_one_delivery_on_the_data_page(web: Web, client: FlaskClient, stocked: Shop) -> None:
    secret = web.stock_keys.renew(stocked.id, at=NOW)
    for available in (0, 4, 4):
        moment = f"2026-03-10T09:0{available}:00Z"
        levels = [{"sku": "VASE", "available": available, "at": moment}, {"sku": "NOWHERE", "available": "many"}]
        assert post(client, stocked, secret, levels).status_code == 400, "one of its counts is none"
    (told,) = map(Told.of, web.source_deliveries.latest(stocked.id, limit=9))
    assert (told.title, told.badge, told.is_posted) == ("Outside stock", "Partly taken in", True)
    assert (told.delivery.report["taken"], told.delivery.report["changed"], told.delivery.report["again"]) == (2, 1, 1)
    assert told.delivery.report["refused"] == {"a number that cannot be read": 3}
    assert told.summary == "2 of 6 rows taken, 1 known already, 3 refused."


def test_the_posts_of_another_day_are_another_delivery(wiring: Worker, web: Web, stocked: Shop) -> None:
    for hours, day in ((0, "10"), (10, "10"), (13, "11")):
        row = RawRow(1, {"item": "VASE", "available": str(hours)})
        now = NOW + timedelta(hours=hours)
        take_in_counts(stocked.id, [row], content=f"{hours}".encode(), now=now, ports=web.taking_stock)
        assert wiring.source_deliveries.latest(stocked.id, limit=1)[0].name == f"Posted counts of 2026-03-{day}"
    assert [one.report["rows"] for one in wiring.source_deliveries.latest(stocked.id, limit=9)] == [1, 2]


def test_only_the_shops_own_fresh_signature_opens_the_door(
    web: Web, client: FlaskClient, stocked: Shop, other_shop: Shop
) -> None:
    levels = [{"sku": "VASE", "available": 0}]
    assert post(client, stocked, "guessed", levels).status_code == 401, "no secret was made yet"
    secret = web.stock_keys.renew(stocked.id, at=NOW)
    strange = web.stock_keys.renew(other_shop.id, at=NOW)
    assert post(client, stocked, strange, levels).status_code == 401
    assert post(client, stocked, secret, levels, at=int(time.time()) - 3600).status_code == 401
    signed = signature(secret.encode(), int(time.time()), b'{"levels":[]}')
    assert post(client, stocked, secret, levels, signed=signed).status_code == 401, "of another body"
    assert post(client, stocked, secret, levels, signed="v1=zz").status_code == 401
    assert post(client, stocked, secret, levels).status_code == 200
    web.stock_keys.renew(stocked.id, at=NOW)
    assert post(client, stocked, secret, levels).status_code == 401, "a new secret ends the old one"
    with web.database.shop(other_shop.id) as session:
        assert session.execute(text("SELECT count(*) FROM outside_stock")).scalar() == 0


class Books:
    """One product's rows, written anew for each example."""

    def __init__(self, wiring: Worker, shop: Shop) -> None:
        self._wiring, self._shop = wiring, shop

    def card(
        self,
        quantity: int,
        tracked: bool,
        oversell: bool,
        levels: dict[str, int],
        outside: dict[str, int],
        rules: dict[tuple[int, str], Winner],
    ) -> tuple[bool, int | None]:
        id = self._shop.id
        with self._wiring.database.shop(id) as session:
            for name in ("outside_stock", "stock_rules", "inventory_levels", "variants"):
                session.execute(text(f"DELETE FROM {name}"))
            session.add(
                Variant(
                    shop_id=id, id=11, product_id=1, sku="VASE", price=100, quantity=quantity, tracked=tracked,
                    oversell=oversell, inventory_item_id=111,
                )
            )  # fmt: skip
            session.add_all(
                InventoryLevel(shop_id=id, inventory_item_id=111, location_id=int(at), available=units)
                for at, units in levels.items()
            )
            session.add_all(
                OutsideStock(shop_id=id, item="VASE", location=at, available=units, at=NOW, delivery="d", row=1)
                for at, units in outside.items()
            )
            session.add_all(
                StockRuleRow(shop_id=id, product_id=product, location=location, winner=winner)
                for (product, location), winner in rules.items()
            )
        (card,) = self._wiring.catalog.cards_of(id, [VASE])
        assert card.stock is None or isinstance(card.stock, int), "what divides by it wants no decimals"
        return card.buyable, card.stock


LOCATIONS = ("", "900", "901", "depot")
units = strategies.integers(-2, 4)
some = strategies.dictionaries


@trying(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    quantity=units,
    tracked=strategies.booleans(),
    oversell=strategies.booleans(),
    levels=some(strategies.sampled_from(("900", "901")), units),
    outside=some(strategies.sampled_from(LOCATIONS), units),
    rules=some(
        strategies.tuples(strategies.sampled_from((0, 1, 2)), strategies.sampled_from((*LOCATIONS, "*"))),
        strategies.sampled_from(list(Winner)),
    ),
)
def test_sql_and_python_reckon_alike(
    books: Books,
    quantity: int,
    tracked: bool,
    oversell: bool,
    levels: dict[str, int],
    outside: dict[str, int],
    rules: dict[tuple[int, str], Winner],
) -> None:
    kept = [
        StockRule(winner, product, None if location == "*" else location)
        for (product, location), winner in rules.items()
    ]
    winners = {location: winner_of(kept, VASE, location) for location in outside}
    found = quantity_of(quantity, levels, outside, winners, tracked=tracked)
    facts = as_counted(VariantFacts(100, quantity, tracked, oversell), found)
    expected = (is_buyable(facts), None if oversell or not facts.tracked else max(facts.quantity, 0))
    assert books.card(quantity, tracked, oversell, levels, outside, rules) == expected


@pytest.fixture
def books(wiring: Worker, stocked: Shop) -> Books:
    return Books(wiring, stocked)
