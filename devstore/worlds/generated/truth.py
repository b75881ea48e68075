"""What only the simulator may know, as plain arrays under documented names: the answers that models are judged by.

Rows named products and shoppers follow the order of ``product_ids`` and ``shopper_ids``; guests come after the
customers and have the id 0. Order and line arrays follow the world's orders and their lines.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from devstore.model import Customer, Product
from devstore.worlds.generated.catalogue import Catalogue
from devstore.worlds.generated.history import History
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.prices import Prices
from devstore.worlds.generated.shoppers import QUARTER_DAYS, Shoppers
from devstore.worlds.generated.timing import seasons


def keep_truth(
    params: Parameters,
    goods: Catalogue,
    prices: Prices,
    shoppers: Shoppers,
    history: History,
    products: list[Product],
    customers: list[Customer],
) -> dict[str, Any]:
    guests = np.zeros(len(shoppers.join) - len(customers), np.int64)
    return {
        "parameters": asdict(params),
        # False in the null world: shoppers there buy the same whatever they are shown.
        "has_effect": params.effect,
        "product_ids": np.array([product.id for product in products]),
        "shopper_ids": np.concatenate([np.array([customer.id for customer in customers]), guests]),
        # Products: collection, first price, log appeal, style, number of the kind (equal kinds are substitutes), row
        # numbers of complements with the weight of each place, days until used up (0 lasts), weeks in the shop, chance
        # of being sent back.
        "collection": goods.collection,
        "base_price": goods.base_price,
        "appeal": goods.appeal,
        "style": goods.style,
        "kind": goods.kind,
        "complements": goods.complements,
        "complement_weight": goods.complement_weight,
        "interval_days": goods.interval,
        "first_week": goods.first_week,
        "last_week": goods.last_week,
        "return_rate": goods.return_rate,
        # Weeks × collections: the utility of the season. Weeks × products: unseen demand and log price over the first
        # price.
        "season": seasons(params, len(prices.price)),
        "shock": prices.shock,
        "log_relative_price": prices.relative,
        # Shoppers: taste by quarter, utility per log price, unseen need, loyalty to consumables, rate of repeat
        # orders, first and last day, chance that a visit ends in an order (by product: `conversion.view_to_buy`).
        "quarter_days": QUARTER_DAYS,
        "taste": shoppers.taste,
        "price_response": shoppers.price_response,
        "need": shoppers.need,
        "loyalty": shoppers.loyalty,
        "rate": shoppers.rate,
        "join_day": shoppers.join,
        "leave_day": shoppers.leave,
        "conversion": shoppers.conversion,
        # Orders: row of the shopper and of whose taste counted (a gift where they differ), and the code (0 none,
        # 1 welcome, 2 newsletter). Lines: 0 wish, 1 complement, 2 replenishment.
        "order_shopper": history.occasions.shopper,
        "order_recipient": history.occasions.recipient,
        "order_code": history.occasions.code,
        "line_origin": history.origin,
    }
