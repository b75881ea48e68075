"""How likely a view ends in buying, in the generated world."""

from __future__ import annotations

import numpy as np
import pytest

from devstore.model import Product, World
from devstore.worlds.generated.conversion import view_to_buy


def price_now(world: World, product: Product) -> int:
    place = world.products.index(product)
    factor = np.exp(world.truth["log_relative_price"][-1, place])
    return int(np.rint(world.truth["base_price"][place] * factor))


def sold(world: World) -> list[Product]:
    return [p for p in world.products if p.status == "ACTIVE" and not p.is_gift_card][::30]


def liked(world: World, customer: int, product: Product) -> float:
    place, row = world.products.index(product), customer - world.customers[0].id
    return float(world.truth["taste"][-1, row] @ world.truth["style"][place])


def test_a_dearer_product_is_bought_less(generated: World) -> None:
    shopper, product = generated.customers[7].id, sold(generated)[3]
    usual = price_now(generated, product)
    chances = [view_to_buy(generated, shopper, product.id, usual * n // 10) for n in (8, 10, 12)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > chances[2] * 1.2


def test_the_price_of_the_week_changes_nothing_about_the_utility_of_the_week(generated: World) -> None:
    """Odds between two products stand as their wishes do, whatever the average is."""
    truth, customer = generated.truth, generated.customers[7]
    left, right = sold(generated)[3], sold(generated)[9]
    chances = [view_to_buy(generated, customer.id, p.id, price_now(generated, p)) for p in (left, right)]
    odds = [chance / (1 - chance) for chance in chances]

    def utility(product: Product) -> float:
        place = generated.products.index(product)
        common = truth["appeal"][place] + truth["season"][-1, truth["collection"][place]] + truth["shock"][-1, place]
        response = truth["price_response"][7] * truth["log_relative_price"][-1, place]
        return float(common + liked(generated, customer.id, product) - response)

    assert np.log(odds[0] / odds[1]) == pytest.approx(utility(left) - utility(right), abs=0.02)


def test_on_average_over_products_odds_are_those_of_a_visit(generated: World) -> None:
    customer = generated.customers[7]
    now = len(generated.truth["shock"]) - 1
    there = (generated.truth["first_week"] <= now) & (now <= generated.truth["last_week"])
    shelf = [product for product, here in zip(generated.products, there.tolist(), strict=True) if here]
    chances = [view_to_buy(generated, customer.id, p.id, price_now(generated, p)) for p in shelf]
    odds = np.mean([chance / (1 - chance) for chance in chances])
    rate = generated.truth["conversion"][7]
    assert odds == pytest.approx(rate / (1 - rate), rel=0.01)


def test_those_who_like_a_product_buy_it_more_often(generated: World) -> None:
    product = sold(generated)[5]
    price = price_now(generated, product)
    shoppers = sorted((c.id for c in generated.customers[:400]), key=lambda n: liked(generated, n, product))
    low, high = (
        np.mean([view_to_buy(generated, shopper, product.id, price) for shopper in part])
        for part in (shoppers[:100], shoppers[-100:])
    )
    assert high > 5 * low


def test_what_is_not_on_sale_is_never_bought(generated: World) -> None:
    draft = next(product for product in generated.products if product.status == "DRAFT")
    assert view_to_buy(generated, generated.customers[0].id, draft.id, 1000) == 0


def test_a_guest_is_named_by_row(generated: World) -> None:
    assert 0 < view_to_buy(generated, -1, generated.products[0].id, price_now(generated, generated.products[0])) < 1
