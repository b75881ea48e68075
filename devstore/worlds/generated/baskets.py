"""What goes into a basket: a first wish, then complements of what lies in it and further wishes.

A wish is drawn from the softmax of utility over everything that can be bought that week: appeal + taste · style
+ season + unseen shock − price response × log price. No basket holds two products of one kind: they are substitutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from devstore.worlds.generated.arrays import Flags, Floats, Ints
from devstore.worlds.generated.catalogue import Catalogue
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.prices import Prices
from devstore.worlds.generated.shoppers import QUARTER_DAYS, Shoppers
from devstore.worlds.generated.timing import DAY, WEEK, seasons

WISH, COMPLEMENT, REPLENISHMENT = 0, 1, 2
NOTHING = -1


@dataclass(frozen=True, slots=True)
class Occasions:
    """Orders to be filled: who, when, for whose taste, and with which code (0 none, 1 welcome, 2 newsletter)."""

    shopper: Ints
    time: Ints
    recipient: Ints
    code: Ints

    @property
    def week(self) -> Ints:
        return self.time // WEEK

    @property
    def quarter(self) -> Ints:
        return self.time // (QUARTER_DAYS * DAY)


class Market:
    """The utilities of products, and the filling of baskets by them."""

    def __init__(
        self, params: Parameters, goods: Catalogue, prices: Prices, shoppers: Shoppers, random: np.random.Generator
    ) -> None:
        self._params, self._goods, self._prices, self._shoppers, self._random = params, goods, prices, shoppers, random
        weeks = np.arange(len(prices.price))[:, None]
        self.on_sale: Flags = (goods.first_week <= weeks) & (weeks <= goods.last_week)
        season = seasons(params, len(prices.price))[:, goods.collection]
        common = goods.appeal + season + prices.shock
        self._common: Floats = np.where(self.on_sale, common, -np.inf)

    def fill(self, occasions: Occasions, first: Ints | None = None) -> tuple[Ints, Ints]:
        """(orders, lines) products and their origins; NOTHING where there is no line.

        With `first`, the baskets start with those products (a replenishment) instead of a wish.
        """
        wanted = self._wanted(occasions, replenishing=first is not None)
        wishes = self._wishes(occasions)
        lines = np.full((len(wanted), self._params.most_lines), NOTHING)
        origins = np.full_like(lines, WISH)
        lines[:, 0] = wishes[:, 0] if first is None else first
        if first is not None:
            origins[:, 0] = REPLENISHMENT
        for place in range(1, self._params.most_lines):
            self._add(place, np.flatnonzero(wanted > place), lines, origins, wishes, occasions)
        return lines, origins

    def _wanted(self, occasions: Occasions, *, replenishing: bool) -> Ints:
        """How many lines each basket should get; a replenishment trip picks up half as much besides."""
        params, count = self._params, len(occasions.time)
        need = self._shoppers.need[occasions.shopper]
        mean = params.further_lines * np.exp(params.need_on_lines * need) + params.code_effect * (occasions.code > 0)
        mean = mean * (0.5 if replenishing else 1.0)
        shape = params.further_lines_shape
        further = self._random.poisson(mean * self._random.gamma(shape, 1 / shape, count))
        return np.asarray(np.minimum(1 + further, params.most_lines))

    def _wishes(self, occasions: Occasions) -> Ints:
        """(orders, lines) independent draws from each shopper's utilities, week by week to keep memory small."""
        wishes = np.zeros((len(occasions.time), self._params.most_lines), np.int64)
        week = occasions.week
        order = np.argsort(week, kind="stable")
        edges = np.searchsorted(week[order], np.arange(len(self._common) + 1))
        for number, (start, stop) in enumerate(pairwise(edges.tolist())):
            if stop > start:
                wishes[order[start:stop]] = self._draw(number, order[start:stop], occasions)
        return wishes

    def _draw(self, week: int, rows: Ints, occasions: Occasions) -> Ints:
        taste = self._shoppers.taste[occasions.quarter[rows], occasions.recipient[rows]]
        response = self._shoppers.price_response[occasions.shopper[rows]]
        utility = (taste @ self._goods.style.T).astype(np.float32)
        utility -= np.outer(response, self._prices.relative[week]).astype(np.float32)
        utility += self._common[week].astype(np.float32)
        cumulative = np.cumsum(np.exp(utility), axis=1, dtype=np.float64)
        cumulative = cumulative / cumulative[:, -1:] + np.arange(len(rows))[:, None]
        points = self._random.random((len(rows), self._params.most_lines)) + np.arange(len(rows))[:, None]
        found = np.searchsorted(cumulative.ravel(), points.ravel()).reshape(points.shape)
        return np.asarray(
            np.clip(found - np.arange(len(rows))[:, None] * cumulative.shape[1], 0, cumulative.shape[1] - 1)
        )

    def _add(self, place: int, rows: Ints, lines: Ints, origins: Ints, wishes: Ints, occasions: Occasions) -> None:
        """Put one more product into the baskets `rows`, unless it cannot be bought or doubles a kind."""
        by_complement = self._random.random(len(rows)) < self._params.from_complements
        complement = self._complement(rows, place, lines, occasions)
        product = np.where(by_complement, complement, wishes[rows, place])
        kinds = np.where(lines[rows, :place] == NOTHING, NOTHING, self._goods.kind[lines[rows, :place]])
        fits = (kinds != self._goods.kind[product][:, None]).all(axis=1)
        fits &= self.on_sale[occasions.week[rows], product]
        lines[rows[fits], place] = product[fits]
        origins[rows[fits], place] = np.where(by_complement[fits], COMPLEMENT, WISH)

    def _complement(self, rows: Ints, place: int, lines: Ints, occasions: Occasions) -> Ints:
        """A complement of a random earlier line (the first where that is empty), by strength, taste and price."""
        base = lines[rows, self._random.integers(0, place, len(rows))]
        base = np.where(base == NOTHING, lines[rows, 0], base)
        options = self._goods.complements[base]
        taste = self._shoppers.taste[occasions.quarter[rows], occasions.recipient[rows]]
        utility = self._params.taste_on_complements * np.einsum("rd,rkd->rk", taste, self._goods.style[options])
        response = self._shoppers.price_response[occasions.shopper[rows]][:, None]
        utility -= response * self._prices.relative[occasions.week[rows][:, None], options]
        utility += np.log(self._goods.complement_weight) + self._random.gumbel(0, 1, options.shape)
        return np.asarray(options[np.arange(len(rows)), utility.argmax(axis=1)])
