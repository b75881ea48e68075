"""Law 5 stands twice, in SQL for reading the catalogue and in Python: for every kind of product they agree."""

from __future__ import annotations

import itertools

from app.core.catalog import ProductFacts, VariantFacts, may_be_recommended
from tests.models.store import Installed

PRODUCTS = [
    ProductFacts(status, published, gift_card, deleted)
    for status in ("ACTIVE", "DRAFT", "ARCHIVED")
    for published, gift_card, deleted in itertools.product((True, False), repeat=3)
]
VARIANTS = [
    VariantFacts(price, quantity, tracked, oversell)
    for price, quantity in itertools.product((0, 100), (-2, 0, 3))
    for tracked, oversell in itertools.product((True, False), repeat=2)
]
OFFERS = [[variant] for variant in VARIANTS] + [[], *([VARIANTS[0], variant] for variant in VARIANTS)]


def test_the_catalogue_reader_allows_exactly_what_the_rule_allows(installed: Installed) -> None:
    shop = installed.shop.id
    installed.execute("DELETE FROM variants")
    installed.execute("DELETE FROM products")
    cases = dict(enumerate(itertools.product(PRODUCTS, OFFERS), start=1))
    installed.execute(
        "INSERT INTO products (shop_id, id, handle, title, vendor, product_type, image_url, status, published, "
        "is_gift_card, deleted_at) VALUES (%s, %s, '', '', '', '', '', %s, %s, %s, CASE WHEN %s THEN now() END)",
        [(shop, n, p.status, p.published, p.is_gift_card, p.deleted) for n, (p, _) in cases.items()],
    )
    installed.execute(
        "INSERT INTO variants (shop_id, id, product_id, title, sku, position, price, quantity, tracked, oversell) "
        "VALUES (%s, %s, %s, '', '', %s, %s, %s, %s, %s)",
        [
            (shop, number * 10 + place, number, place, v.price, v.quantity, v.tracked, v.oversell)
            for number, (_, variants) in cases.items()
            for place, v in enumerate(variants)
        ],
    )
    cards = {card.product_id: card.buyable for card in installed.wiring.catalog.cards(shop)}
    assert cards == {number: may_be_recommended(*case) for number, case in cases.items()}
