"""Order the head of a ranking anew: less alike, nearer to the shopper's own mix of kinds, with fewer best sellers.

What may not be shown is left out before the head is cut, so that a rail is short only where too little is eligible. A
candidate's relevance is its place in the ranking and nothing else: scores of different models, and of sources that
fill up a rail one after the other, are on no common scale. docs/steering.md compares it with relevance by score, and
the greedy choice of `rerank` with a determinantal point process, which was no better and took about twice the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.steering import Steering

Floats = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.int32]
Order = npt.NDArray[np.intp]

HEAD = 100
"""Candidates that are ordered anew; the best of a catalogue by its scores."""
UNLIKE = 0.43
"""What likeness to what is shown already costs at full diversity; the first place is worth 1, the third 0.5."""
CALIBRATED = 1.0
"""What a kind that the shopper misses is worth at full calibration, for each unit of divergence that it removes."""
SMOOTHED = 0.01
"""The part of the shopper's own mix that is mixed into the rail's, as in Steck's paper: no kind divides by 0."""
DEBIASED = 0.5
"""The power of popularity by which relevance is divided at the slider's end."""
PUSHED = 1.0
"""Relevance is multiplied by e to this times how far the margin (or the stock) is above the head's mean, 0 to 1."""
COVERED_DAYS = 14.0
"""Stock that lasts so long is as good as any: by then a merchant has ordered more."""
UNKNOWN = -1
WAITING, GONE = 1e3, np.float32(-1e9)
"""Further back than anything a slider can do: a kind that has its places, and a candidate that has been chosen."""
KIN = 0.5
"""Two of a kind are so alike at least, by judgement: factors tell who buys what, and nobody buys two teapots."""
LONGEST = 1.01
"""No part of a direction is longer than 1, but for what rounding adds."""
LEAST_SHARE = 0.25
"""Of the rail's places, rounded up: so many one kind may take at full diversity."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Candidates best first, all of which may be shown, none twice; arrays over them.

    Args:
        size: n, how many there are.
        kind: int32 [n], their kinds, -1 where it is not known; None where nothing is known of kinds.
        vectors: float32 [n, d] of length 1 or 0: likeness is their product, or `KIN` for two of a kind if that is more.
            Without them products of a kind are alike.
        popularity: float32 [n], at least 0, such as decayed numbers of orders.
        ignored: float32 [n], in (0, 1]: what is left of a candidate that the shopper keeps ignoring (`impressions`).
        margin: float32 [n], what a sale earns of its price, 0 to 1, NaN where it is not known.
        cover: float32 [n], for how many days the stock lasts, infinity where it never ends, NaN where it is not known.
    """

    size: int
    kind: Kinds | None = None
    vectors: Floats | None = None
    popularity: Floats | None = None
    ignored: Floats | None = None
    margin: Floats | None = None
    cover: Floats | None = None


def head_of(
    scores: Floats, allowed: npt.NDArray[np.bool_], *, fallback: Floats | None = None, most: int = HEAD
) -> Order:
    """The best candidates of a whole catalogue, at most `most`: first the mask, then the best of what is left.

    Where fewer items have a score above 0 than are asked for, the others follow by `fallback`: they say nothing of the
    shopper, and still are no lottery. Equal ones come by their position.

    Args:
        scores: float32 [N]; NaN counts as 0.
        allowed: bool [N].
        fallback: float32 [N], at least 0, such as popularity.
    """
    speaking = allowed & (scores > 0.0)
    found = np.flatnonzero(speaking)
    found = found[_top(scores[found], most)]
    missing = most - len(found)
    if missing <= 0:
        return found
    rest = np.flatnonzero(allowed & ~speaking)
    if fallback is not None:
        rest = rest[_top(fallback[rest], missing)]
    return np.concatenate([found, rest[:missing]])


def rerank(head: Head, places: int, steering: Steering, mix: Mapping[int, float] | None = None) -> Order:
    """The candidates for the places in order, as positions in the head, intp [min(places, n)].

    One greedy pass; each place goes to the candidate with the greatest

        relevance - diversity · likeness to the likest one chosen + calibration · what its kind adds

    * likeness: maximal marginal relevance; Carbonell and Goldstein, "The use of MMR, diversity-based reranking for
      reordering documents and producing summaries", SIGIR 1998.
    * what its kind adds: how much nearer the rail comes to the mix, by the divergence of Steck, "Calibrated
      recommendations", RecSys 2018, section 3, which is submodular and so fit for a greedy choice.
    * relevance: 1 / log2(1 + rank), the discount of NDCG, divided by a power of popularity and multiplied by what the
      other sliders say, then brought to 1 for the greatest.

    A kind that has its share of the places waits until no other one is left, so that the rail never becomes short.

    Args:
        mix: the shopper's own kinds and their shares, which sum to 1; nothing is calibrated without it.
    """
    places = min(places, head.size)
    if places == 0 or not steering.reorders:
        return np.arange(places)
    worth = _relevance(head, steering)
    if not steering.diversity and not (steering.calibration and mix):
        return _top(worth, places)
    return _greedy(head, places, steering, worth, mix if mix and steering.calibration else {})


def mix_of(kinds: Kinds, weights: Floats | None = None) -> dict[int, float]:
    """The shares of the kinds that a shopper has chosen so far; empty where none is known.

    Args:
        kinds: int32 [n], of the shopper's own products, -1 where it is not known.
        weights: float32 [n], at least 0; all alike where they are not given.
    """
    parts: dict[int, float] = {}
    for kind, weight in zip(kinds.tolist(), [1.0] * len(kinds) if weights is None else weights.tolist(), strict=True):
        if kind >= 0 and weight > 0.0:
            parts[kind] = parts.get(kind, 0.0) + weight
    whole = sum(parts.values())
    return {kind: part / whole for kind, part in sorted(parts.items())}


def directions(vectors: Floats) -> Floats:
    """The same of length 1, float32 [n, d]; zeros stay."""
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, np.float32(1e-9)), dtype=np.float32)


def _top(values: Floats, most: int) -> Order:
    """Positions of the greatest values, greatest first, equal ones by position."""
    if len(values) > most:
        # A partition keeps any of the values that are equal to the least of the best; a sort takes the foremost ones.
        least = values[np.argpartition(-values, most - 1)[most - 1]]
        kept = np.flatnonzero(values >= least)
        return kept[np.argsort(-values[kept], kind="stable")[:most]]
    return np.argsort(-values, kind="stable")


def _relevance(head: Head, steering: Steering) -> Floats:
    worth = _DISCOUNT[: head.size].copy() if head.size <= len(_DISCOUNT) else _discount(head.size)
    if steering.popularity and head.popularity is not None:
        selling = np.where((head.popularity > 0.0) & np.isfinite(head.popularity), head.popularity, 0.0) + 1.0
        worth *= ((selling / selling.max()) ** (-DEBIASED * steering.popularity)).astype(np.float32)
    if steering.impressions and head.ignored is not None:
        worth *= np.float32(1.0) - np.float32(steering.impressions) * (np.float32(1.0) - _part(head.ignored, 1.0))
    if steering.margin and head.margin is not None:
        worth *= _push(head.margin, steering.margin)
    if steering.stock and head.cover is not None:
        worth *= _push(head.cover / np.float32(COVERED_DAYS), steering.stock)
    return np.asarray(worth / max(float(worth.max()), 1e-9), dtype=np.float32)


def _part(known: Floats, unknown: float) -> Floats:
    """Brought between 0 and 1."""
    return np.clip(np.where(np.isnan(known), np.float32(unknown), known), np.float32(0.0), np.float32(1.0))


def _push(known: Floats, strength: float) -> Floats:
    """What is not known of a candidate neither helps nor harms it."""
    there = ~np.isnan(known)
    if not there.any():
        return np.ones_like(known)
    part = _part(known, 0.0)
    apart = np.where(there, part - part[there].mean(), np.float32(0.0))
    return np.exp(np.float32(PUSHED * strength) * apart)


def _greedy(head: Head, places: int, steering: Steering, worth: Floats, mix: Mapping[int, float]) -> Order:
    """`worth` is what is left of each candidate's value, and is changed as its kind fills up."""
    kinds = [UNKNOWN] * head.size if head.kind is None else head.kind.tolist()
    same = _of_a_kind(head) if steering.diversity or mix else None
    alike = _likeness(head, same, steering) if steering.diversity else None
    adds = _gains(mix, places, steering, _most_of_a_kind(places, steering.diversity))
    if mix:
        worth += np.array([adds(kind, 0) for kind in kinds], dtype=np.float32)
    nearest, value = np.zeros(head.size, dtype=np.float32), worth
    counts: dict[int, int] = {}
    chosen: list[int] = []
    for _ in range(places):
        best = int(value.argmax())
        chosen.append(best)
        worth[best] = GONE
        kind = kinds[best]
        if same is not None and kind != UNKNOWN:
            count = counts[kind] = counts.get(kind, 0) + 1
            change = adds(kind, count) - adds(kind, count - 1)
            if change:
                worth += same[best] * np.float32(change)
        if alike is not None:
            np.maximum(nearest, alike[best], out=nearest)
            value = worth - nearest
    return np.array(chosen, dtype=np.intp)


def _of_a_kind(head: Head) -> Floats | None:
    """1 for candidates of one kind, float32 [n, n]; what has no kind is of no one's."""
    if head.kind is None:
        return None
    return np.asarray((head.kind[:, None] == head.kind) & (head.kind != UNKNOWN), dtype=np.float32)


def _likeness(head: Head, of_a_kind: Floats | None, steering: Steering) -> Floats | None:
    """What it costs to stand beside another one, float32 [n, n]; None where nothing tells two candidates apart."""
    if head.vectors is not None:
        # What is no direction is like nothing; one such row would else spoil every comparison.
        sound = np.abs(head.vectors).max(axis=1, initial=0.0, keepdims=True) <= LONGEST
        vectors = np.where(sound, head.vectors, np.float32(0.0))
        alike = np.asarray(vectors @ vectors.T, dtype=np.float32)
        if of_a_kind is not None:
            np.maximum(alike, np.float32(KIN) * of_a_kind, out=alike)
    elif of_a_kind is not None:
        alike = of_a_kind.copy()
    else:
        return None
    alike *= np.float32(UNLIKE * steering.diversity)
    return alike


def _most_of_a_kind(places: int, diversity: float) -> int:
    """From all places without diversity down to `LEAST_SHARE` of them, always one at least."""
    share = 1.0 - diversity * (1.0 - LEAST_SHARE)
    return max(int(np.ceil(share * places - 1e-9)), 1)


def _gains(mix: Mapping[int, float], places: int, steering: Steering, most: int) -> Callable[[int, int], float]:
    """What one more of a kind adds to a rail that has some of it already, as a function of the kind and the number.

    Of a kind in the mix it is p · (log q̃ with it - log q̃ without), where q̃ = (1 - a) · number / places + a · p.
    """
    counts = np.arange(places + 2) * ((1.0 - SMOOTHED) / places)
    shares = np.array(list(mix.values()))[:, None]
    added = CALIBRATED * steering.calibration * shares * np.diff(np.log(counts + SMOOTHED * shares), axis=1)
    of_kind = dict(zip(mix, added.tolist(), strict=True))
    nothing = [0.0] * (places + 1)

    def adds(kind: int, number: int) -> float:
        gain: float = of_kind.get(kind, nothing)[number]
        return gain - WAITING if number >= most else gain

    return adds


def _discount(size: int) -> Floats:
    return np.asarray(1.0 / np.log2(2.0 + np.arange(size)), dtype=np.float32)


_DISCOUNT = _discount(256)
