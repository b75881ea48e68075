"""The generated world: a sustainable home-goods store of two years, drawn from a latent model of its shoppers.

`parameters` holds every number, `words` every word; `catalogue`, `prices` and `shoppers` draw the latent model,
`baskets` and `history` let it buy, `shelves`, `people` and `ledger` write records, and `truth` keeps what only the
simulator may know, so that models can be judged by it.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from devstore.model import ShopInfo, World
from devstore.worlds import ids
from devstore.worlds.generated.arrays import Ints
from devstore.worlds.generated.baskets import Market
from devstore.worlds.generated.catalogue import make_catalogue
from devstore.worlds.generated.history import History, make_history
from devstore.worlds.generated.ledger import write_orders
from devstore.worlds.generated.parameters import PARAMETERS, Parameters
from devstore.worlds.generated.people import make_customers
from devstore.worlds.generated.prices import make_prices
from devstore.worlds.generated.shelves import fill_shelves
from devstore.worlds.generated.shoppers import Shoppers, make_shoppers
from devstore.worlds.generated.timing import DAY
from devstore.worlds.generated.truth import keep_truth
from devstore.worlds.ids import Ids

_SCATTER = 7919
"""Spreads the openings of accounts without an order over the day."""

SHOP = ShopInfo(
    id=61_200_000_002,
    domain="everloom-home.myshopify.com",
    name="Everloom",
    email="owner@everloom.example",
    owner_name="Alice Everloom",
    currency="EUR",
    timezone="Europe/Berlin",
    country_code="DE",
)


def build_generated(seed: int, params: Parameters = PARAMETERS) -> World:
    """Draw the world; the same seed and parameters give the same records on every machine with the same NumPy."""
    latent, writing = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    goods = make_catalogue(params, latent)
    prices = make_prices(params, goods, latent)
    shoppers = make_shoppers(params, latent)
    history = make_history(params, goods, shoppers, Market(params, goods, prices, shoppers, latent), latent)
    counters = Ids()
    shelves = fill_shelves(params, goods, prices, counters, writing)
    customers = make_customers(params.start, *_account_times(shoppers, history), writing)
    orders = write_orders(params, goods, shelves, customers, history, counters, writing)
    now = params.start + timedelta(days=params.days, hours=params.quiet_hours)
    name = "generated" if params.effect else "null"
    return World(
        name, SHOP, now, shelves.products, shelves.collections, customers, orders, ids.LOCATION + 1,
        price_changes=shelves.price_changes,
        truth=keep_truth(params, goods, prices, shoppers, history, shelves.products, customers),
    )  # fmt: skip


def _account_times(shoppers: Shoppers, history: History) -> tuple[Ints, Ints]:
    """Seconds at which accounts were opened (just before the first order at the latest) and last changed."""
    joined = shoppers.join[: shoppers.customers] * DAY + np.arange(shoppers.customers) * _SCATTER % DAY
    own = history.occasions.shopper < shoppers.customers
    who, time = history.occasions.shopper[own], history.occasions.time[own]
    np.minimum.at(joined, who, time - 90)
    updated = joined.copy()
    np.maximum.at(updated, who, time)
    return joined, updated
