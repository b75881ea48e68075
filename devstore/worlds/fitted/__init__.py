"""Tastes fitted to the orders of a world that has no latent model of its own, above all to a real log's baskets.

Everything is learnt from the orders: what is asked for (`demand`), how products lie to each other (`styles`), what each
shopper likes and how much that counts (`shoppers`), who comes and what is bought again (`rhythm`). One thing no log of
orders shows is how many visits end without one; there the generated world's median stands for every shopper.
"""

from __future__ import annotations

import numpy as np

from devstore.model import World
from devstore.worlds.fitted import demand, rhythm, shoppers, styles
from devstore.worlds.fitted.purchases import PERIOD_DAYS, read_purchases
from devstore.worlds.taste import Tastes

VISIT_CONVERTS = 0.03
"""As `devstore.worlds.generated.parameters.Parameters.conversion`."""


def fit_tastes(world: World) -> Tastes:
    """The same world gives the same tastes, on one machine to the last bit."""
    purchases = read_purchases(world)
    taste_strength, habit = shoppers.strengths(purchases)
    together = styles.pairs(purchases)
    complement_rows, complement_weights = styles.complements(together)
    style = styles.styles(together)
    response = demand.price_response(world, purchases)
    price, relative = demand.prices(world, purchases)
    common = demand.log_shares(purchases) + response * relative
    interval = rhythm.intervals(purchases)
    own_from, own_product, own_last, own_weight = shoppers.own(purchases)
    count = len(purchases.customers)
    return Tastes(
        world=world.name,
        has_effect=True,
        start=purchases.start,
        period_days=PERIOD_DAYS,
        product_ids=purchases.product_ids,
        customers=purchases.customers,
        common=np.where(demand.on_sale(world, purchases), common, -np.inf),
        price=price,
        relative_price=relative,
        style=style,
        taste=shoppers.tastes(purchases, style) * np.float32(taste_strength),
        response=np.full(count, response),
        visit_converts=np.full(count, VISIT_CONVERTS),
        visits=rhythm.visits(purchases),
        first_order=rhythm.first_orders(purchases),
        complement_rows=complement_rows,
        complement_weights=complement_weights,
        interval_days=interval,
        loyalty=rhythm.loyalty(purchases, interval),
        habit=habit,
        own_from=own_from,
        own_product=own_product,
        own_last=own_last,
        own_days=interval[own_product],
        own_weight=own_weight,
    )
