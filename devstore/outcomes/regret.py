"""How far a rail stays behind the best list that there is, by what the world's people would really take next.

The value of a product on a list is the true probability that it is the next new one that the shopper takes, by the
model from which the world's orders were drawn: with a product in hand, a share of further lines goes with it
(`generated.baskets`), the rest, and what somebody with empty hands takes, follows her own utilities. Who has run out of
something comes, by her loyalty, for that: she may take another of its kind instead, and has it in hand for what is
next. A list is worth the sum over its places; beside it stands the same times the price. Over all questions

    regret = (best - list) / (best - random)

so that 0 is the best that could be shown, and 1 what a draw among all that is for sale would hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstore.model import World
from devstore.outcomes.questions import Questions
from devstore.outcomes.shelves import Shelves
from devstore.worlds.errors import WorldError
from devstore.worlds.taste import Tastes, tastes_of

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Lists = Sequence[Sequence[int]]
PLACES: Mapping[str, int] = {"home": 8, "bought_together": 8, "also_viewed": 8, "complete_the_look": 4, "cart": 8}
"""The cards of each rail that count."""
CLAIMS = frozenset({"also_viewed", "complete_the_look"})
"""Rails that stay away where they have nothing: judged on the pages where they are."""
VIEWERS = 4000
"""People who stand for all who come to a product's page, drawn by how often they come."""
OWNED = -1.0
"""The value of what the rail leaves out on purpose; it is never the best, and not drawn either."""


@dataclass(frozen=True, slots=True)
class Regret:
    """Means over the questions: the chance that a list holds what is taken next, and that times the price, in minor
    units."""

    questions: int
    answered: int
    ours: float
    best: float
    popular: float
    random: float
    revenue_ours: float
    revenue_best: float
    revenue_random: float

    @property
    def regret(self) -> float:
        return _share(self.best - self.ours, self.best - self.random)

    @property
    def regret_of_popular(self) -> float:
        return _share(self.best - self.popular, self.best - self.random)

    @property
    def revenue_regret(self) -> float:
        return _share(self.revenue_best - self.revenue_ours, self.revenue_best - self.revenue_random)

    def as_json(self) -> dict[str, float]:
        own = {name: getattr(self, name) for name in self.__slots__}
        derived = ("regret", "regret_of_popular", "revenue_regret")
        return own | {name: getattr(self, name) for name in derived}


class Judge:
    """The world's own truth at its present; products are columns in the order of ``tastes.product_ids``.

    Raises:
        WorldError: the world was not drawn from a known model.
    """

    def __init__(self, world: World, shelves: Shelves, *, seed: int, viewers: int = VIEWERS) -> None:
        if "parameters" not in world.truth:
            raise WorldError("only the generated world knows what its people would take next")
        self._tastes: Tastes = tastes_of(world)
        self._from_complements = float(world.truth["parameters"]["from_complements"])
        self._taste_on_complements = float(world.truth["parameters"]["taste_on_complements"])
        self._switches = float(world.truth["parameters"]["switches"])
        self._now = world.now
        ids = self._tastes.product_ids.tolist()
        self._place = {product: place for place, product in enumerate(ids)}
        self._offered: Flags = np.array([product in shelves.proposed for product in ids])
        self._price: Values = np.array([float(shelves.price(product) or 0) for product in ids])
        self._ranked = [self._place[product] for product in shelves.ranked]
        self._rows = {customer: row for row, customer in enumerate(self._tastes.customers.tolist()) if customer}
        kinds = {product.id: product.product_type for product in world.products}
        names = {name: number for number, name in enumerate(sorted(set(kinds.values())))}
        self._kind = np.array([names[kinds[product]] for product in ids])
        self._seed, self._viewers = seed, viewers

    def judge(self, rail: str, questions: Questions, lists: Lists) -> Regret:
        """One rail's lists, one for each question of its placement, in their order.

        Raises:
            ValueError: there is no such rail, or the lists are not as many as the questions.
        """
        if rail not in PLACES:
            raise ValueError(f"{rail!r} is no rail; there are {', '.join(PLACES)}")
        values = self._values(rail, questions)
        if len(lists) != len(values):
            raise ValueError(f"{rail}: {len(lists)} lists for {len(values)} questions")
        return self._compared(values, lists, PLACES[rail], only_answered=rail in CLAIMS)

    def _values(self, rail: str, questions: Questions) -> Values:
        """The chances to be taken next, float64 [Q, N]; `OWNED` for what the rail leaves out."""
        if rail == "home":
            return np.array([self._of_customer(customer) for customer in questions.home])
        if rail == "cart":
            return np.array([self._beside_cart(customer, cart) for customer, cart in questions.cart])
        places = np.array([self._place[product] for product in questions.product], dtype=np.intp)
        found = np.where(self._offered, self._of_pages(places, in_hand=rail != "also_viewed"), OWNED)
        found[np.arange(len(places)), places] = OWNED
        if rail == "complete_the_look":
            found[self._kind[places][:, None] == self._kind] = OWNED
        return found

    def _of_customer(self, customer: int) -> Values:
        """With empty hands, or for what has run out; what she has bought is left out, as the rail does."""
        row = self._rows[customer]
        wishes = self._wishes(np.array([row]))[0]
        due = [self._place[product] for product in self._tastes.due(row, self._now)]
        comes = float(self._tastes.loyalty[row]) / max(len(due), 1)
        values = (1 - comes * len(due)) * wishes
        for place in due:
            values += comes * self._on_a_trip(place, row, wishes)
        values = np.where(self._offered, values, OWNED)
        own = slice(int(self._tastes.own_from[row]), int(self._tastes.own_from[row + 1]))
        values[self._tastes.own_product[own]] = OWNED
        return np.asarray(values)

    def _on_a_trip(self, place: int, row: int, wishes: Values) -> Values:
        """The next new product of somebody who comes for one that has run out, [N]."""
        # What she switches to is drawn from the whole kind, and not bought if it is not for sale, so nor counted.
        kind = self._kind == self._kind[place]
        instead = self._switches * kind / np.count_nonzero(kind)
        along, chances = self._thought_of(place, np.array([row]))
        beside = (1 - self._from_complements) * wishes
        beside[along] += self._from_complements * chances[0]
        return np.asarray(instead + (1 - self._switches) * beside)

    def _beside_cart(self, customer: int, cart: Sequence[int]) -> Values:
        """No order holds two products of one kind, so that what a cart has of a kind is all that is taken of it."""
        rows, held = np.array([self._rows[customer]]), [self._place[product] for product in cart]
        values = (1 - self._from_complements) * self._wishes(rows)[0]
        for place in held:
            along, chances = self._thought_of(place, rows)
            values[along] += self._from_complements * chances[0] / len(held)
        values[np.isin(self._kind, self._kind[held])] = 0.0
        values[~self._offered] = OWNED
        values[held] = OWNED
        return np.asarray(values)

    def _of_pages(self, places: NDArray[np.intp], *, in_hand: bool) -> Values:
        """What the people on each product's page take next, [Q, N]; who wishes for it more is there more often.

        Without it in their hands they only compare: what goes with it does not count, and its own kind does.
        """
        tastes, random = self._tastes, np.random.default_rng(self._seed)
        rows = np.array([tastes.draw_visitor(random, self._now) for _ in range(self._viewers)])
        wishes = self._wishes(rows)
        who = wishes[:, places] / np.maximum(wishes[:, places].sum(axis=0), 1e-300)
        values = np.asarray(who.T @ wishes)
        if in_hand:
            values *= 1 - self._from_complements
            for number, place in enumerate(places.tolist()):
                along, chances = self._thought_of(place, rows)
                values[number, along] += self._from_complements * (who[:, number] @ chances)
            values[self._kind[places][:, None] == self._kind] = 0.0
        return values

    def _wishes(self, rows: NDArray[np.int64]) -> Values:
        """The chances of all products to be wished for, [R, N]."""
        utilities = np.array([self._tastes.utilities(int(row), self._now) for row in rows.tolist()])
        odds = np.exp(utilities - utilities.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _thought_of(self, place: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Values]:
        """What goes with a product, [K], and the chances that each of it is the one thought of, [R, K]."""
        tastes = self._tastes
        along = tastes.complement_rows[place]
        liking = tastes.taste[-1, rows] @ tastes.style[along].T
        utility = self._taste_on_complements * liking - np.outer(
            tastes.response[rows], tastes.relative_price[-1, along]
        )
        odds = np.exp(utility) * tastes.complement_weights[place] * np.isfinite(tastes.common[-1, along])
        return along, np.asarray(odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-300))

    def _compared(self, values: Values, lists: Lists, places: int, *, only_answered: bool) -> Regret:
        chosen = [[self._place[product] for product in listed][:places] for listed in lists]
        counted = [number for number, one in enumerate(chosen) if one or not only_answered]
        sums = np.zeros((len(counted), 7))
        for line, number in enumerate(counted):
            own, ours = values[number], chosen[number]
            open_ = np.flatnonzero(own > OWNED)
            # What a rail leaves out on purpose is worth nothing to it if it shows it all the same.
            worth = np.maximum(own, 0.0)
            earned = worth * self._price
            best = open_[np.argsort(-worth[open_], kind="stable")[:places]]
            dearest = open_[np.argsort(-earned[open_], kind="stable")[:places]]
            selling = [place for place in self._ranked if own[place] > OWNED][:places]
            sums[line] = (
                worth[ours].sum(),
                worth[best].sum(),
                worth[selling].sum(),
                worth[open_].mean() * places,
                earned[ours].sum(),
                earned[dearest].sum(),
                earned[open_].mean() * places,
            )
        means = sums.mean(axis=0) if counted else np.zeros(7)
        return Regret(len(counted), sum(bool(one) for one in chosen), *means.tolist())

    # -- complements -------------------------------------------------------------------------------------------------

    def complements(self, questions: Questions, lists: Lists) -> dict[str, float]:
        """Of the pairs in looks the shares that are true complements and substitutes, and how many products have any.

        A pair is a true complement if the world's shoppers think of one beside the other; `thought_of` counts those
        where it is the product of the page that makes them think of the other. Substitutes are of one kind.
        """
        pairs = [
            (self._place[product], self._place[other])
            for product, listed in zip(questions.product, lists, strict=True)
            for other in listed
        ]
        beside = [set(row.tolist()) for row in self._tastes.complement_rows]
        sizes = np.array([len(listed) for listed in lists])
        return {
            "pairs": float(len(pairs)),
            "complements": _mean([other in beside[one] or one in beside[other] for one, other in pairs]),
            "thought_of": _mean([other in beside[one] for one, other in pairs]),
            "substitutes": _mean([bool(self._kind[one] == self._kind[other]) for one, other in pairs]),
            "products_with_2": _mean((sizes >= 2).tolist()),
            "products_with_4": _mean((sizes >= 4).tolist()),
        }


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _mean(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if len(flags) else 0.0
