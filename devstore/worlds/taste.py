"""Tastes: what every shopper of a world wants at a moment, as plain arrays that fit into one file.

The program of the simulated shoppers reads nothing else of a world's truth: `Tastes.load` the file that the devstore
wrote (``python -m devstore --tastes FILE``), `draw_visitor`, and ask for `utilities`, `view_to_buy`, `complements` and
`due` of that row. The generated world and its null variant answer from the latent model that they were drawn from,
every other world from a model fitted to its orders (`devstore.worlds.fitted`); both have one shape:

    utility[product] = common[week] + style · taste[period, shopper] − response[shopper] × log price over usual price
                     + habit × log(1 + own earlier purchases, recent ones counting more)

A *row* numbers a shopper: the customers by id, then the guests (``customers[row] == 0``). Products are numbered as
``product_ids``; ids are Shopify's numeric ids, money is in minor units, times are UTC datetimes of store time. A time
beyond the history counts as its last week. Where `has_effect` is False (the null world), a shopper has to settle what
she buys before the visit (`wishes`), to click on cards whatever they show, and to buy nothing because it was shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from devstore.model import World

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

DAY, WEEK = 86_400, 7 * 86_400
NEVER = 2**62
"""The second of a first order that has not happened."""
_DUE_FROM, _DUE_UNTIL = 0.75, 1.75
"""A need is felt from this share of the usual interval on, and by then it was met elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Tastes:
    """S shoppers, N products, W weeks, P periods (quarters), D dimensions, K complements a product."""

    world: str
    has_effect: bool
    """False: what is shown changes nothing that is bought (the null world)."""
    start: int
    """The epoch second at which week 0 and period 0 begin."""
    period_days: int
    product_ids: Ints
    """(N,), ascending."""
    customers: Ints
    """(S,) the customer's id, 0 for a guest."""
    common: Floats
    """(W, N) utility that all shoppers share, in logits; -inf while the product is not on sale."""
    price: Ints
    """(W, N) the price of that week at which `common` and the logs were drawn or fitted; 0 where free or unknown."""
    relative_price: Floats
    """(W, N) its logarithm over the product's usual price."""
    style: Floats
    """(N, D)."""
    taste: Floats
    """(P, S, D)."""
    response: Floats
    """(S,) utility lost per unit of log price."""
    visit_converts: Floats
    """(S,) probability that a visit ends in an order."""
    visits: Floats
    """(P, S) how often each comes in that period, relative to the others."""
    first_order: Ints
    """(S,) epoch second of the shopper's first order, `NEVER` without one."""
    complement_rows: Ints
    """(N, K) rows of products that go with it, best first; -1 where there are fewer."""
    complement_weights: Floats
    """(N, K) how often each is thought of, relative to the others."""
    interval_days: Floats
    """(N,) days until a piece is used up and bought again; 0 for what lasts."""
    loyalty: Floats
    """(S,) probability that what ran out is bought here again."""
    habit: float
    """Utility per unit of log(1 + own earlier purchases); 0 in worlds whose shoppers have no habits."""
    own_from: Ints
    """(S + 1,) where each shopper's part of the four columns below begins."""
    own_product: Ints
    own_last: Ints
    """Epoch second of the shopper's last purchase of that product."""
    own_days: Floats
    """Days until the pieces bought then are used up; 0 for what lasts."""
    own_weight: Floats
    """Purchases of it, recent ones counting more, as of the end of the history."""
    _arrivals: dict[int, Floats] = field(default_factory=dict, repr=False)

    def utilities(self, row: int, at: datetime) -> NDArray[np.float64]:
        """(N,) utilities in logits at the prices of that week; -inf for what is not on sale then."""
        week, period = self._moment(at)
        found = self.common[week] + self.style @ self.taste[period, row]
        found = np.asarray(found - self.response[row] * self.relative_price[week], np.float64)
        if self.habit:
            mine = slice(int(self.own_from[row]), int(self.own_from[row + 1]))
            found[self.own_product[mine]] += self.habit * np.log1p(self.own_weight[mine])
        return found

    def view_to_buy(self, row: int, product: int, at: datetime, price: int | None = None) -> float:
        """The probability that looking at `product` (an id) ends in buying it for its own sake.

        A product as attractive as the average one of the week converts at the shopper's own rate; from there the odds
        follow the exponential of utility (see `devstore.worlds.generated.conversion`). With `price` it is judged at
        that price instead of the week's. Complements of the cart and what is `due` come on top.
        """
        return float(self.views_to_buy(row, np.array([self.row_of(product)]), at, price)[0])

    def views_to_buy(self, row: int, rows: Ints, at: datetime, price: int | None = None) -> NDArray[np.float64]:
        """`view_to_buy` of several products given by their rows; 0 for what is not on sale."""
        utility = self.utilities(row, at)
        average = np.log(np.exp(utility[np.isfinite(utility)]).mean())
        attraction = utility[rows] - average
        usual = self.price[self._moment(at)[0], rows]
        if price:
            attraction = attraction - self.response[row] * np.where(usual > 0, np.log(price / np.maximum(usual, 1)), 0)
        rate = self.visit_converts[row]
        odds = rate / (1 - rate) * np.exp(attraction)
        return np.asarray(odds / (1 + odds))

    def wishes(self, row: int, at: datetime, count: int, random: np.random.Generator) -> list[int]:
        """Up to `count` different product ids, drawn in turn by utility: what the shopper came for."""
        keys = self.utilities(row, at) + random.gumbel(0, 1, len(self.product_ids))
        best = np.argsort(-keys, kind="stable")[:count]
        return [int(self.product_ids[place]) for place in best if np.isfinite(keys[place])]

    def conversion(self, row: int) -> float:
        """The probability that a visit of this shopper ends in an order."""
        return float(self.visit_converts[row])

    def price_response(self, row: int) -> float:
        """Utility lost per unit of log price above the usual one."""
        return float(self.response[row])

    def complements(self, product: int) -> list[tuple[int, float]]:
        """Ids of what goes with `product`, best first, with the probability that each is the one thought of."""
        place = self.row_of(product)
        rows, weights = self.complement_rows[place], self.complement_weights[place]
        found = rows >= 0
        shares = weights[found] / max(float(weights[found].sum()), 1e-12)
        return list(zip(self.product_ids[rows[found]].tolist(), shares.tolist(), strict=True))

    def due(self, row: int, at: datetime) -> list[int]:
        """Ids of products that the shopper has bought and that have run out about now, most overdue first.

        With probability ``loyalty[row]`` she buys them here again. Only the purchases of the history are known; who
        simulates more has to leave out what was bought since.
        """
        mine = slice(int(self.own_from[row]), int(self.own_from[row + 1]))
        passed, lasts = (at.timestamp() - self.own_last[mine]) / DAY, self.own_days[mine]
        share = np.where(lasts > 0, passed / np.maximum(lasts, 1), 0)
        felt = np.flatnonzero((share >= _DUE_FROM) & (share <= _DUE_UNTIL))
        overdue = felt[np.argsort(-share[felt], kind="stable")]
        return [int(number) for number in self.product_ids[self.own_product[mine][overdue]]]

    def is_returning(self, row: int, at: datetime) -> bool:
        """Whether the shopper is a customer who has ordered before `at`."""
        return bool(self.customers[row] and self.first_order[row] < at.timestamp())

    def draw_visitor(self, random: np.random.Generator, at: datetime) -> int:
        """The row of the next one to come, drawn by who comes how often at that time."""
        period = self._moment(at)[1]
        if period not in self._arrivals:
            self._arrivals[period] = np.cumsum(self.visits[period], dtype=np.float64)
        arrivals = self._arrivals[period]
        return min(int(np.searchsorted(arrivals, random.random() * arrivals[-1], side="right")), len(arrivals) - 1)

    def row_of(self, product: int) -> int:
        """The row of a product's id.

        Raises:
            KeyError: the world has no such product.
        """
        place = int(np.searchsorted(self.product_ids, product))
        if place == len(self.product_ids) or self.product_ids[place] != product:
            raise KeyError(product)
        return place

    def save(self, path: Path) -> None:
        """Write everything to `path` (.npz), whole or not at all."""
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as file:
            np.savez(file, **{name: getattr(self, name) for name in _kept()})
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Tastes:
        """Read what `save` wrote.

        Raises:
            OSError, ValueError, KeyError: there is no such file, or it is none of ours.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                columns = {name: stored[name] for name in _kept()}
        except (BadZipFile, EOFError) as error:
            raise ValueError(f"{path} is not whole: {error}") from error
        return cls(**{name: value if value.ndim else value.item() for name, value in columns.items()})

    def _moment(self, at: datetime) -> tuple[int, int]:
        """The week of the tables and the period of the tastes."""
        seconds = max(int(at.timestamp()) - self.start, 0)
        return (
            min(seconds // WEEK, len(self.common) - 1),
            min(seconds // (self.period_days * DAY), len(self.taste) - 1),
        )


def tastes_of(world: World) -> Tastes:
    """The true tastes of the generated world and its null variant, for other worlds those that fit their orders."""
    if "taste" in world.truth:
        from devstore.worlds.generated.tastes import true_tastes

        return true_tastes(world)
    from devstore.worlds.fitted import fit_tastes

    return fit_tastes(world)


def _kept() -> list[str]:
    return [entry.name for entry in fields(Tastes) if not entry.name.startswith("_")]
