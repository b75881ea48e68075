"""What the shoppers see of the products, as arrays: appeal, style, kind, price level, complements and life in the shop.

Titles and other texts are made from the same draw in `devstore.worlds.generated.shelves`. Products are numbered from 0
in the order of their ids; the last two are the gift card and the free sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devstore.worlds.generated.arrays import Flags, Floats, Ints
from devstore.worlds.generated.kinds import Kind, partners, read_kinds
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.words import COLLECTIONS, RANGES

NEVER = 10_000
"""A week beyond every history."""
SPECIALS = 2


@dataclass(frozen=True, slots=True)
class Catalogue:
    kinds: list[Kind]
    kind: Ints
    collection: Ints
    range: Ints
    material: Ints
    base_price: Ints
    """Price in minor units on the first day (of the middle variant)."""
    interval: Ints
    """Days until used up, 0 for what lasts."""
    appeal: Floats
    """Log of how much the average shopper likes it."""
    style: Floats
    """(products, dimensions) of length 1, so that appeal alone says who sells on average."""
    complements: Ints
    """(products, k): what goes with it, best first."""
    complement_weight: Floats
    """(k,): how often each is thought of."""
    first_week: Ints
    last_week: Ints
    """Weeks of the history in which it can be bought, both included."""
    drafts: Flags
    archived: Flags
    return_rate: Floats

    @property
    def gift_card(self) -> int:
        return len(self.kind) - 2

    @property
    def sample(self) -> int:
        return len(self.kind) - 1


def make_catalogue(params: Parameters, random: np.random.Generator) -> Catalogue:
    """Draw the products; each kind gets nearly the same number of them, each with its own range and material."""
    kinds = read_kinds()
    kind, range_, material = _choose_names(kinds, params.products - SPECIALS, random)
    kind, range_, material = (
        np.append(part, tail) for part, tail in zip((kind, range_, material), _special_names(kinds), strict=True)
    )
    collection = np.array([k.collection for k in kinds])[kind]
    appeal = _appeal(params, random)
    style = _style(params, random, kind, collection, range_, len(kinds))
    first, last, drafts, archived = _life(params, random)
    return Catalogue(
        kinds=kinds,
        kind=kind,
        collection=collection,
        range=range_,
        material=material,
        base_price=_base_prices(kinds, kind, random),
        interval=_intervals(kinds, kind),
        appeal=appeal,
        style=style,
        complements=_complements(params, random, kinds, kind, range_, appeal, style),
        complement_weight=1.0 / np.arange(1, params.complements + 1),
        first_week=first,
        last_week=last,
        drafts=drafts,
        archived=archived,
        return_rate=random.beta(1.2, 1.2 / params.return_rate - 1.2, params.products),
    )


def _choose_names(kinds: list[Kind], count: int, random: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Distinct (kind, range, material) triples, so that titles are distinct too."""
    kind = np.sort(np.arange(count) % len(kinds))
    range_, material = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for number, a_kind in enumerate(kinds):
        mine = np.flatnonzero(kind == number)
        picked = random.choice(len(RANGES) * len(a_kind.materials), len(mine), replace=False)
        range_[mine], material[mine] = picked // len(a_kind.materials), picked % len(a_kind.materials)
    return kind, range_, material


def _special_names(kinds: list[Kind]) -> tuple[list[int], list[int], list[int]]:
    """The gift card stands with the greeting cards, the sample with the soap bars."""
    place = {kind.noun: number for number, kind in enumerate(kinds)}
    return [place["Greeting Cards"], place["Soap Bar"]], [0, 0], [0, 0]


def _appeal(params: Parameters, random: np.random.Generator) -> Floats:
    rank = random.permutation(params.products) + 1
    return -params.zipf * np.log(rank) + random.normal(0, params.appeal_noise, params.products)


def _style(
    params: Parameters, random: np.random.Generator, kind: Ints, collection: Ints, range_: Ints, kinds: int
) -> Floats:
    """Style adds up from collection, kind, range and product; centred, so that no style is liked by everyone."""
    size = params.dimensions
    style = (
        random.normal(0, params.style_of_collection, (len(COLLECTIONS), size))[collection]
        + random.normal(0, params.style_of_kind, (kinds, size))[kind]
        + random.normal(0, params.style_of_range, (len(RANGES), size))[range_]
        + random.normal(0, params.style_of_product, (params.products, size))
    )
    style -= style.mean(axis=0)
    return np.asarray(style / np.sqrt((style**2).sum(axis=1, keepdims=True)))


def _base_prices(kinds: list[Kind], kind: Ints, random: np.random.Generator) -> Ints:
    low, high = np.array([k.low for k in kinds])[kind], np.array([k.high for k in kinds])[kind]
    prices = price_point(low * (high / low) ** random.beta(2, 2.5, len(kind)))
    prices[-2:] = 5000, 0
    return prices


def price_point(price: Floats) -> Ints:
    """The nearest price that ends in .40 or .90; never below 0.90."""
    return np.maximum(np.round((price + 10) / 50).astype(np.int64) * 50 - 10, 90)


def _intervals(kinds: list[Kind], kind: Ints) -> Ints:
    intervals = np.array([k.interval for k in kinds])[kind]
    intervals[-2:] = 0
    return intervals


def _life(params: Parameters, random: np.random.Generator) -> tuple[Ints, Ints, Flags, Flags]:
    """Weeks in the shop: most were there before the history, some came later, a few left, drafts never came."""
    count, weeks = params.products, params.days // 7
    first, last = np.zeros(count, np.int64), np.full(count, NEVER)
    order = random.permutation(count - SPECIALS)
    drafts, archived = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    drafts[order[: params.drafts]] = True
    archived[order[params.drafts : params.drafts + params.archived]] = True
    late = order[params.drafts + params.archived :][: int(params.launched_later * count)]
    first[late] = random.integers(2, weeks - 1, len(late))
    first[drafts] = NEVER
    last[archived] = random.integers(weeks // 2, weeks - 2, params.archived)
    return first, last, drafts, archived


def _complements(
    params: Parameters,
    random: np.random.Generator,
    kinds: list[Kind],
    kind: Ints,
    range_: Ints,
    appeal: Floats,
    style: Floats,
) -> Ints:
    """For each product the best of the kinds that go with its kind: liked, alike in style, of the same range."""
    members = [np.flatnonzero(kind[:-SPECIALS] == number) for number in range(len(kinds))]
    noise = random.gumbel(0, 1, (len(kind), len(kind)))
    best = np.zeros((len(kind), params.complements), np.int64)
    for number, others in enumerate(partners(kinds)):
        candidates = np.concatenate([members[other] for other in others])
        mine = np.flatnonzero(kind == number)
        score = appeal[candidates] + noise[np.ix_(mine, candidates)] + style[mine] @ style[candidates].T
        score += params.same_range * (range_[mine][:, None] == range_[candidates])
        best[mine] = candidates[np.argsort(-score, axis=1)[:, : params.complements]]
    return best
