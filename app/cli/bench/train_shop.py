"""A shop of any size for `attune bench train`: who bought and looked at what, with the structure that models look for.

Products lie in small clusters, each of one kind, and a few of each sell most; shoppers prefer a few clusters, stay in
one for a while as they look around, and buy from a cluster what goes with another one. A few shoppers do most of it.
Drawn in arrays, so that ten million interactions take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.groups import Groups
from app.core.recommend.interactions import baskets_of
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models.outcome import Material
from app.core.recommend.sessions import sessions_of, visits_of

SEED = 20261123
FIRST_PRODUCT = 8_000_000_000
END = 20_600
"""The last day, in days since 1970-01-01."""
ORDER_DAYS, VIEW_DAYS = 730, 180
BOUGHT = 0.4
"""Of all interactions those that are bought lines; the others are views."""
LINES, VIEWS = 2.5, 6.0
"""Of an order and of a session, on average."""
CLUSTER = 25
"""Products that are alike."""
KINDS = 120
PREFERRED = 4
"""Clusters that a shopper likes."""
STAYS, STRAYS, GOES_WELL = 0.75, 0.1, 0.35
"""Chances that the next view is of the same cluster, that one is of any cluster, and that a further line of an order
is of the cluster that goes with the first one's."""
SKEW = 0.9
"""Exponent of the popularity of clusters, and of products within them, by rank."""
ACTIVITY = 0.8
"""Gamma shape of how much each shopper does."""

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def draw(interactions: int, *, products: int, shoppers: int, seed: int = SEED) -> Material:
    """What a training of the shop with so many interactions reads; the same for the same arguments."""
    random = np.random.default_rng(seed)
    market = _Market.draw(products, shoppers, random)
    lines, views = round(interactions * BOUGHT), round(interactions * (1 - BOUGHT))
    items = np.arange(products, dtype=np.int64) + FIRST_PRODUCT
    bought, order, buyer, ordered = market.orders(lines, random)
    viewed, session, seen = market.sessions(views, random)
    groups = (market.cluster_of % KINDS).astype(np.int32)
    return Material(
        baskets_of(order, items[bought], ordered[order], customer=buyer[order] + 1, items=items),
        sessions_of(session, items[viewed], seen[session], items=items),
        groups,
        _facts(groups, random),
        visits_of(session, items[viewed], seen[session], items=items),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Market:
    """`cluster_of` int64 [N]; `liked` int64 [P, PREFERRED]; `partner` int64 [C]; `arrivals`, `clusters` and `places`
    are cumulated chances."""

    products: int
    cluster_of: Ids
    liked: Ids
    partner: Ids
    arrivals: Floats
    clusters: Floats
    places: Floats
    shuffled: Ids

    @classmethod
    def draw(cls, products: int, shoppers: int, random: np.random.Generator) -> _Market:
        count = max(products // CLUSTER, 1)
        clusters = _skewed(count)
        liked = np.searchsorted(clusters, random.random((shoppers, PREFERRED)) * clusters[-1])
        shuffled = random.permutation(products)
        cluster_of = np.empty(products, dtype=np.int64)
        cluster_of[shuffled] = np.arange(products) % count
        arrivals = np.cumsum(random.gamma(ACTIVITY, 1.0, shoppers))
        partner = random.permutation(count)
        places = _skewed(-(-products // count))
        return cls(products, cluster_of, liked, partner, arrivals, clusters, places, shuffled)

    def orders(self, lines: int, random: np.random.Generator) -> tuple[Ids, Ids, Ids, npt.NDArray[np.int32]]:
        """Product and order of every line, and buyer and day of every order, oldest first."""
        count = max(round(lines / LINES), 1)
        order = self._sized(count, lines, random)
        buyer = self._people(count, random)
        day = self._days(count, ORDER_DAYS, random)
        first = self.liked[buyer, random.integers(0, PREFERRED, count)][order]
        further = np.append(False, order[1:] == order[:-1])
        together = further & (random.random(lines) < GOES_WELL)
        other = self.liked[buyer[order], random.integers(0, PREFERRED, lines)]
        cluster = np.where(together, self.partner[first], np.where(further, other, first))
        return self._products(self._strayed(cluster, random), random), order, buyer, day

    def sessions(self, views: int, random: np.random.Generator) -> tuple[Ids, Ids, npt.NDArray[np.int32]]:
        """Product and session of every view, in its order, and the day of every session, oldest first."""
        count = max(round(views / VIEWS), 1)
        session = self._sized(count, views, random)
        viewer, day = self._people(count, random), self._days(count, VIEW_DAYS, random)
        moves = np.append(True, session[1:] != session[:-1]) | (random.random(views) >= STAYS)
        stay = np.maximum.accumulate(np.where(moves, np.arange(views), 0))
        cluster = self.liked[viewer[session], random.integers(0, PREFERRED, views)][stay]
        return self._products(self._strayed(cluster, random), random), session, day

    def _sized(self, count: int, events: int, random: np.random.Generator) -> Ids:
        """To which of `count` every event belongs, ascending; each has one at least where there are enough."""
        several = np.sort(random.integers(0, count, max(events - count, 0)))
        return np.sort(np.concatenate([np.arange(min(count, events)), several]), kind="stable").astype(np.int64)

    def _people(self, count: int, random: np.random.Generator) -> Ids:
        return np.asarray(np.searchsorted(self.arrivals, random.random(count) * self.arrivals[-1]), dtype=np.int64)

    def _days(self, count: int, days: int, random: np.random.Generator) -> npt.NDArray[np.int32]:
        return np.sort(END - random.integers(0, days, count)).astype(np.int32)

    def _strayed(self, cluster: Ids, random: np.random.Generator) -> Ids:
        anywhere = np.searchsorted(self.clusters, random.random(len(cluster)) * self.clusters[-1])
        return np.where(random.random(len(cluster)) < STRAYS, anywhere, cluster)

    def _products(self, cluster: Ids, random: np.random.Generator) -> Ids:
        place = np.searchsorted(self.places, random.random(len(cluster)) * self.places[-1])
        number = cluster + place * len(self.clusters)
        return self.shuffled[np.where(number < self.products, number, cluster)].astype(np.int64)


def _skewed(count: int) -> Floats:
    return np.cumsum(np.arange(1, count + 1) ** -SKEW)


def _facts(groups: Groups, random: np.random.Generator) -> ItemFacts:
    """Prices by kind, the stock's cover and the days on which products came."""
    items = len(groups)
    usual = random.lognormal(3.0, 0.8, KINDS)[groups]
    return ItemFacts(
        price=(usual * random.lognormal(0, 0.3, items)).astype(np.float32),
        margin=np.full(items, np.nan, dtype=np.float32),
        group=groups,
        created=(END - random.integers(0, 1500, items)).astype(np.float32),
        cover=random.gamma(2.0, 30.0, items).astype(np.float32),
    )
