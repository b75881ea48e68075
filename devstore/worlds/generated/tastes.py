"""The generated world's latent model in the shape that all worlds answer in (`devstore.worlds.taste`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from devstore.model import World
from devstore.worlds.generated.arrays import Floats, Ints
from devstore.worlds.taste import NEVER, Tastes

_RECENT = timedelta(days=91)


def true_tastes(world: World) -> Tastes:
    """Exactly what the history was drawn from, unseen demand included; shares its arrays with ``world.truth``."""
    truth = world.truth
    weeks = np.arange(len(truth["shock"]))[:, None]
    on_sale = (truth["first_week"] <= weeks) & (weeks <= truth["last_week"])
    common = truth["appeal"] + truth["season"][:, truth["collection"]] + truth["shock"]
    relative = truth["log_relative_price"]
    own_from, own_product, own_last, own_days, own_weight = _purchases(world)
    return Tastes(
        world=world.name,
        has_effect=bool(truth["has_effect"]),
        start=int(truth["parameters"]["start"].timestamp()),
        period_days=int(truth["quarter_days"]),
        product_ids=truth["product_ids"],
        customers=truth["shopper_ids"],
        common=np.where(on_sale, common, -np.inf),
        price=np.rint(truth["base_price"] * np.exp(relative)).astype(np.int64),
        relative_price=relative,
        style=truth["style"],
        taste=truth["taste"],
        response=truth["price_response"],
        visit_converts=truth["conversion"],
        visits=_visits(world),
        first_order=_first_orders(world),
        complement_rows=truth["complements"],
        complement_weights=np.tile(truth["complement_weight"], (len(truth["complements"]), 1)),
        interval_days=truth["interval_days"].astype(np.float64),
        loyalty=truth["loyalty"],
        habit=0.0,
        own_from=own_from,
        own_product=own_product,
        own_last=own_last,
        own_days=own_days,
        own_weight=own_weight,
    )


def _visits(world: World) -> Floats:
    """(periods, shoppers): orders per day of those who are still here, over the chance that a visit becomes one.

    Guests order once and are gone, so any guest may stand for the next one; together they place the share of orders
    that they placed lately.
    """
    truth = world.truth
    periods, shoppers = truth["taste"].shape[:2]
    days = np.minimum((np.arange(periods) + 1) * truth["quarter_days"], truth["parameters"]["days"])[:, None] - 1
    here = (truth["join_day"] <= days) & (days < truth["leave_day"])
    orders = np.where(here, truth["rate"], 0.0)
    guests = truth["shopper_ids"] == 0
    recent = [order for order in world.orders if order.created_at > world.now - _RECENT]
    share = sum(order.customer_id is None for order in recent) / max(len(recent), 1)
    orders[:, guests] = orders.sum(axis=1, keepdims=True) * share / (1 - share) / max(guests.sum(), 1)
    return np.asarray(orders / truth["conversion"], np.float64).reshape(periods, shoppers)


def _first_orders(world: World) -> Ints:
    first = np.full(len(world.truth["shopper_ids"]), NEVER, np.int64)
    seconds = np.array([int(order.created_at.timestamp()) for order in world.orders], np.int64)
    np.minimum.at(first, world.truth["order_shopper"], seconds)
    return first


def _purchases(world: World) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Each customer's last purchase of each product for oneself, by shopper and product (see `Tastes.own_from`)."""
    truth: dict[str, Any] = world.truth
    place = {number: row for row, number in enumerate(truth["product_ids"].tolist())}
    last: dict[tuple[int, int], tuple[int, int, int]] = {}
    columns = zip(world.orders, truth["order_shopper"].tolist(), truth["order_recipient"].tolist(), strict=True)
    for order, shopper, recipient in columns:
        if order.customer_id is None or shopper != recipient:
            continue
        second = int(order.created_at.timestamp())
        for line in order.lines:
            pair = shopper, place[line.product_id or 0]
            last[pair] = second, line.quantity, last.get(pair, (0, 0, 0))[2] + 1
    pairs = np.array(sorted(last), np.int64).reshape(-1, 2)
    values = np.array([last[left, right] for left, right in pairs.tolist()], np.int64).reshape(-1, 3)
    own_from = np.searchsorted(pairs[:, 0], np.arange(len(truth["shopper_ids"]) + 1)).astype(np.int64)
    lasts = truth["interval_days"][pairs[:, 1]] * values[:, 1] ** 0.85
    return own_from, pairs[:, 1], values[:, 0], lasts, values[:, 2].astype(np.float64)
