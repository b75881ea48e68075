"""What is known of the products themselves, read from what an import has stored."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from app.adapters.db.product_facts import DbProductFacts
from app.core.recommend.item_words import ItemText, terms
from app.core.syncs import Resource
from app.services.gather_material import gather_facts
from tests.sync.store import Installed

DAY = 86400


@pytest.fixture
def stocked(installed: Installed) -> Installed:
    """The catalogue has been imported, and nothing has been sold."""
    installed.sync(Resource.PRODUCTS)
    installed.sql("DELETE FROM order_lines")
    installed.sql("DELETE FROM orders")
    return installed


def sell(installed: Installed, product: int, units: int, *, days_ago: float, customer: int | None = None) -> None:
    at, number = installed.wiring.clock.now() - timedelta(days=days_ago), installed.count("orders") + 1
    installed.sql(
        "INSERT INTO orders (shop_id, id, customer_id, created_at, updated_at, name, currency, total, discounts, "
        "refunded, source_name, test) VALUES (%s, %s, %s, %s, %s, '', 'EUR', 0, 0, 0, 'web', false)",
        *(installed.shop.id, number, customer, at, at),
    )
    installed.sql(
        "INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, discount) "
        "VALUES (%s, %s, %s, %s, %s, %s, 100, 0)",
        *(installed.shop.id, number, number, product, units, units),
    )


def numbers(installed: Installed) -> dict[int, tuple[float, float, float]]:
    """Price, age in days and cover of every product."""
    now = installed.wiring.clock.now()
    found = DbProductFacts(installed.wiring.database).numbers(installed.shop.id, now=now)
    ages = now.timestamp() / DAY - found.created
    return dict(zip(found.product.tolist(), zip(found.price, ages, found.cover, strict=True), strict=True))


def test_texts_are_those_of_the_store_without_gift_cards_and_deleted_products(stocked: Installed) -> None:
    gone = next(iter(stocked.store.products))
    stocked.sql("UPDATE products SET deleted_at = now() WHERE id = %s", gone)
    found = dict(DbProductFacts(stocked.wiring.database).texts(stocked.shop.id))
    assert found == {
        product.id: ItemText(
            product.title,
            product.product_type,
            product.vendor,
            tuple(product.tags),
            tuple(one.title for one in product.variants if one.title != "Default Title"),
        )
        for product in stocked.store.products.values()
        if product.id != gone and not product.is_gift_card
    }
    assert any(text.options for text in found.values())


def test_the_price_is_the_lowest_that_is_asked_and_the_age_is_the_products(stocked: Installed) -> None:
    product = next(one for one in stocked.store.products.values() if len(one.variants) > 1)
    stocked.sql("UPDATE variants SET price = 0 WHERE id = %s", product.variants[0].id)
    price, age, _ = numbers(stocked)[product.id]
    assert price == min(one.price for one in product.variants[1:])
    assert age == pytest.approx((stocked.wiring.clock.now() - product.created_at) / timedelta(days=1), abs=0.01)


def test_stock_lasts_as_long_as_the_rate_of_sales_says(stocked: Installed) -> None:
    slow, quick, young, unsold, gone, endless, mixed = [
        one.id for one in stocked.store.products.values() if not one.is_gift_card
    ][:7]
    now = stocked.wiring.clock.now()
    stocked.sql("UPDATE products SET created_at = %s", now - timedelta(days=400))
    stocked.sql("UPDATE products SET created_at = %s WHERE id = %s", now - timedelta(days=2), young)
    stocked.sql("UPDATE variants SET quantity = 0, tracked = true, oversell = false")
    stocked.sql("UPDATE variants SET quantity = 28 WHERE position = 1 AND product_id <> %s", gone)
    stocked.sql("UPDATE variants SET oversell = true WHERE product_id = %s", endless)
    stocked.sql("UPDATE variants SET quantity = 1000000 WHERE position = 1 AND product_id = %s", mixed)
    for product, units in ((slow, 1), (quick, 112), (young, 14), (gone, 3), (endless, 5), (mixed, 1)):
        sell(stocked, product, units, days_ago=1)
    sell(stocked, quick, 500, days_ago=60)
    found = {product: cover for product, (_, _, cover) in numbers(stocked).items()}
    assert found[quick] == pytest.approx(14.0)
    assert found[young] == pytest.approx(14.0)
    assert (found[slow], found[unsold], found[gone], found[mixed]) == (365.0, 365.0, 0.0, 365.0)
    assert np.isnan(found[endless])


def test_what_objectors_bought_is_not_counted(stocked: Installed) -> None:
    product = next(one.id for one in stocked.store.products.values() if not one.is_gift_card)
    stocked.sql("UPDATE variants SET quantity = 10, tracked = true, oversell = false")
    stocked.sql(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, 1, 1, 0, '', true)",
        stocked.shop.id,
    )
    sell(stocked, product, 500, days_ago=1, customer=1)
    assert numbers(stocked)[product][2] == 365.0


def test_facts_stand_at_their_items_and_nothing_is_known_of_strangers(stocked: Installed) -> None:
    items = np.array(sorted([5, *stocked.store.products]), dtype=np.int64)
    ports = stocked.wiring.training.material
    read = ports.facts.numbers(stocked.shop.id, now=stocked.wiring.clock.now())
    facts = gather_facts(stocked.shop, ports.facts, items, None, read)
    assert facts.attributes is not None
    assert len(facts) == len(items) == len(facts.attributes)
    assert np.isnan([facts.price[0], facts.created[0], facts.cover[0]]).all()
    assert facts.attributes.starts[1] == 0
    known = numbers(stocked)
    prices = [known[product][0] if product in known else np.nan for product in items.tolist()]
    assert np.array_equal(facts.price, prices, equal_nan=True)
    assert np.isfinite(prices).sum() > len(items) / 2
    place = len(items) // 2
    held = facts.attributes.attribute[facts.attributes.starts[place] : facts.attributes.starts[place + 1]]
    product = stocked.store.products[int(items[place])]
    assert set(terms(ItemText(kind=product.product_type))) & set(held.tolist())


def test_an_empty_shop_has_no_facts(installed: Installed) -> None:
    facts = DbProductFacts(installed.wiring.database)
    nothing = facts.numbers(installed.shop.id, now=installed.wiring.clock.now())
    assert len(nothing.product) == 0
    items = np.array([1, 2], dtype=np.int64)
    gathered = gather_facts(installed.shop, facts, items, None, nothing)
    assert gathered.attributes is not None
    assert np.isnan(gathered.price).all()
    assert not len(gathered.attributes.attribute)
