"""The people of one experiment, and what each of them spends with the rail and without it.

People are drawn by who comes how often; they come as often as the crowd of `devstore.shoppers` does, within four weeks
after the world's present. All have consented, as nobody else is in an experiment, and each is one unit: second
browsers, which split people, are left to the tests of who is who.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from devstore.outcomes.past import Past
from devstore.outcomes.shelves import Shelves
from devstore.outcomes.walk import Walk
from devstore.shoppers.crowd import SAME_PERSON
from devstore.shoppers.habits import HABITS, Habits
from devstore.shoppers.mind import Mind
from devstore.worlds.taste import Floats, Ints, Tastes

DAYS = 28
SECOND = 1_000_000
NEVER = 0
WITHOUT, WITH, BEFORE = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of the people, a row each, and their orders, a row each; minor units, microseconds since 1970.

    A person's sums begin with her first exposure, as an experiment counts them. A real experiment learns when she was
    exposed, and of the rest what belongs to the arm that she fell into.
    """

    span: Ints
    """When it begins and ends."""
    person: Ints
    """The shopper's row in the world's tastes."""
    exposed_at: Ints
    """`NEVER` for whoever did not come by the rail's place."""
    with_rail: Ints
    without_rail: Ints
    clicked: Ints
    """With the rail: the part spent on products whose pages she reached by its cards."""
    after_click: Ints
    """With the rail: whole orders of visits in which she clicked on it, whatever they hold."""
    order_person: Ints
    """The place of the person in the columns above."""
    order_case: Ints
    """`WITHOUT` or `WITH` the rail, or `BEFORE` all this: what she had bought in the 90 days until the beginning."""
    order_at: Ints
    order_net: Ints
    order_clicked: Ints
    """The part of it that `clicked` sums up."""

    @property
    def exposed(self) -> NDArray[np.bool_]:
        return np.asarray(self.exposed_at != NEVER)

    def as_columns(self) -> dict[str, NDArray[np.generic]]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Remembered(Tastes):
    """The same tastes, quicker: what was worked out of a person is kept as long as she is the one looked at."""

    rows: dict[int, int] = field(default_factory=dict, repr=False)
    kept: dict[tuple[int, int, int], NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tastes: Tastes) -> Remembered:
        kept = {entry.name: getattr(tastes, entry.name) for entry in fields(Tastes) if entry.init}
        return cls(**kept, rows={product: row for row, product in enumerate(tastes.product_ids.tolist())})

    def row_of(self, product: int) -> int:
        return self.rows[product]

    def utilities(self, row: int, at: datetime) -> NDArray[np.float64]:
        key = (row, *self._moment(at))
        if key not in self.kept:
            self.kept.clear()
            self.kept[key] = Tastes.utilities(self, row, at)
        return self.kept[key]

    def wishes(self, row: int, at: datetime, count: int, random: np.random.Generator) -> list[int]:
        if count != 1:
            return Tastes.wishes(self, row, at, count, random)
        keys = self.utilities(row, at) + random.gumbel(0, 1, len(self.product_ids))
        best = int(keys.argmax())
        return [int(self.product_ids[best])] if np.isfinite(keys[best]) else []


@dataclass(slots=True)
class Case:
    """What one person has bought so far in one of the two cases; orders are (at, net, part clicked, whole clicked)."""

    orders: list[tuple[int, int, int, int]] = field(default_factory=list)
    bought: set[int] = field(default_factory=set)

    def take(self, walk: Walk, shelves: Shelves, at: int) -> None:
        """Note what a visit ended in."""
        if not walk.bought:
            return
        self.bought |= {*walk.bought}
        prices = {product: shelves.price(product) or 0 for product in walk.bought}
        net, clicked = sum(prices.values()), sum(prices[product] for product in prices if product in walk.came_by)
        self.orders.append((at, net, clicked, net if walk.came_by else 0))


@dataclass(slots=True)
class Life:
    """One person's four weeks in both cases."""

    exposed_at: int = NEVER
    shown: Case = field(default_factory=Case)
    bare: Case = field(default_factory=Case)


def simulate(
    tastes: Tastes, shelves: Shelves, past: Past, *, now: datetime, people: int, seed: int, habits: Habits = HABITS
) -> Outcomes:
    """Both cases of so many people (at most all that the world has); the same seed gives the same ones."""
    tastes = tastes if isinstance(tastes, Remembered) else Remembered.of(tastes)
    random = np.random.default_rng(seed)
    rows = _drawn(tastes.visits[-1], people, random)
    visits = random.geometric(1 - SAME_PERSON, len(rows))
    lives = [
        _live(tastes, shelves, habits, now, int(row), int(count), seed) for row, count in zip(rows, visits, strict=True)
    ]
    span = [round((now + timedelta(days=days)).timestamp() * SECOND) for days in (0, DAYS)]
    return _columns(np.array(span, np.int64), rows, lives, past.of(rows))


def _drawn(weights: Floats, people: int, random: np.random.Generator) -> Ints:
    """Different people, drawn one after the other by their weights; in the order of their rows."""
    keys = np.log(np.maximum(weights, 1e-300)) + random.gumbel(0, 1, len(weights))
    keys = np.where(weights > 0, keys, -np.inf)
    most = min(people, int((weights > 0).sum()))
    return np.sort(np.argsort(-keys, kind="stable")[:most].astype(np.int64))


def _live(tastes: Tastes, shelves: Shelves, habits: Habits, now: datetime, row: int, visits: int, seed: int) -> Life:
    life = Life()
    days = np.sort(np.random.default_rng([seed, row]).random(visits)) * DAYS

    def walk(case: Case, number: int, at: datetime, *, is_shown: bool) -> Walk:
        # Zeros at the end of a seed don't count: 0 would be the generator that the days were drawn from.
        random = np.random.default_rng([seed, row, 1 + number])
        made = Walk(shelves, Mind(tastes, row, habits, random, at=at, bought=case.bought), habits, random, is_shown)
        made.run()
        return made

    for number, day in enumerate(days.tolist()):
        at = now + timedelta(days=day)
        moment = round(at.timestamp() * SECOND)
        alike = life.shown.bought == life.bare.bought
        with_rail = walk(life.shown, number, at, is_shown=True)
        # Where nothing depended on the rail, the other case is the same.
        without = with_rail if alike and not with_rail.exposed else walk(life.bare, number, at, is_shown=False)
        if with_rail.exposed and life.exposed_at == NEVER:
            life.exposed_at = moment
        life.shown.take(with_rail, shelves, moment + SECOND)
        life.bare.take(without, shelves, moment + SECOND)
    return life


def _columns(span: Ints, rows: Ints, lives: Sequence[Life], past: tuple[Ints, Ints, Ints]) -> Outcomes:
    exposed_at = np.array([life.exposed_at for life in lives], np.int64)
    orders = [
        (place, number, *order)
        for place, life in enumerate(lives)
        for number, case in ((WITH, life.shown), (WITHOUT, life.bare))
        for order in case.orders
    ]
    person, case, at, net, clicked, after_click = np.array(orders, np.int64).reshape(-1, 6).T
    counts = (exposed_at[person] != NEVER) & (at >= exposed_at[person])

    def summed(amounts: Ints, of: int) -> Ints:
        chosen = counts & (case == of)
        return np.bincount(person[chosen], amounts[chosen], minlength=len(rows)).round().astype(np.int64)

    whose, when, spent = past
    nothing = np.zeros_like(spent)
    return Outcomes(
        span=span,
        person=rows,
        exposed_at=exposed_at,
        with_rail=summed(net, WITH),
        without_rail=summed(net, WITHOUT),
        clicked=summed(clicked, WITH),
        after_click=summed(after_click, WITH),
        order_person=np.concatenate([person, whose]),
        order_case=np.concatenate([case, np.full_like(whose, BEFORE)]),
        order_at=np.concatenate([at, when]),
        order_net=np.concatenate([net, spent]),
        order_clicked=np.concatenate([clicked, nothing]),
    )
