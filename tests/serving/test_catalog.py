"""Law 5 in SQL is law 5 in Python, and cards say what a rail needs."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.adapters.db.catalog import DbCatalog
from app.adapters.db.engine import Database
from app.core.catalog import ProductFacts, VariantFacts, may_be_recommended
from app.core.ids import ProductId
from app.core.shops import Shop
from tests.serving.catalogue import PRODUCT, VARIANT, add_product, rows_of

DELETED = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS: list[dict[str, Any]] = [
    {},
    {"status": "active"},
    {"status": "DRAFT"},
    {"status": "ARCHIVED"},
    {"published": False},
    {"is_gift_card": True},
    {"deleted_at": DELETED},
]
VARIANTS: list[list[dict[str, Any]]] = [
    [],
    [{}],
    [{"price": 0}],
    [{"quantity": 0}],
    [{"quantity": -3}],
    [{"quantity": 0, "oversell": True}],
    [{"quantity": 0, "tracked": False}],
    [{"quantity": 0}, {}],
    [{"price": 0, "quantity": 9}, {"quantity": 0}],
]


@pytest.fixture
def rows(database: Database, shop: Shop) -> Any:
    with rows_of(database, shop.id) as connection:
        yield connection


def test_sql_and_python_agree_on_what_may_be_recommended(
    rows: psycopg.Connection, database: Database, shop: Shop
) -> None:
    expected = {}
    for number, (facts, variants) in enumerate(itertools.product(PRODUCTS, VARIANTS), start=1):
        add_product(rows, shop.id, number, variants, **facts)
        expected[number] = may_be_recommended(_product(facts), [_variant(variant) for variant in variants])
    rows.commit()
    assert {card.product_id: card.buyable for card in DbCatalog(database).cards(shop.id)} == expected
    assert set(expected.values()) == {True, False}


def _product(facts: dict[str, Any]) -> ProductFacts:
    row = {**PRODUCT, **facts}
    return ProductFacts(row["status"], row["published"], row["is_gift_card"], row["deleted_at"] is not None)


def _variant(variant: dict[str, Any]) -> VariantFacts:
    row = {**VARIANT, **variant}
    return VariantFacts(row["price"], row["quantity"], row["tracked"], row["oversell"])


@pytest.mark.parametrize(
    ("variants", "shown"),
    [
        ([{}, {}], 101),
        ([{"quantity": 0}, {}], 102),
        ([{"position": 2}, {"position": 1}], 102),
        ([{"quantity": 0}, {"quantity": 0}], 101),
        ([], 0),
    ],
)
def test_the_card_shows_the_first_buyable_variant_else_the_first(
    rows: psycopg.Connection, database: Database, shop: Shop, variants: list[dict[str, Any]], shown: int
) -> None:
    add_product(rows, shop.id, 1, variants)
    rows.commit()
    (card,) = DbCatalog(database).cards(shop.id)
    assert card.variant_id == shown


def test_only_what_changed_since_is_read_when_asked(rows: psycopg.Connection, database: Database, shop: Shop) -> None:
    add_product(rows, shop.id, 1, changed_at=DELETED)
    add_product(rows, shop.id, 2, changed_at=DELETED + timedelta(seconds=1))
    rows.commit()
    assert [card.product_id for card in DbCatalog(database).cards(shop.id, changed_since=DELETED)] == [2]


def test_named_products_of_another_shop_are_unknown(
    rows: psycopg.Connection, database: Database, shop: Shop, other_shop: Shop
) -> None:
    add_product(rows, shop.id, 1)
    rows.commit()
    catalog = DbCatalog(database)
    assert [card.product_id for card in catalog.cards_of(shop.id, [ProductId(1), ProductId(2)])] == [1]
    assert not catalog.cards_of(other_shop.id, [ProductId(1)])
