"""What each slider costs in accuracy, and what it brings: coverage, novelty, equality, variety, the shopper's own mix.

Every question is scored once; its head is then steered in every way of a grid, with the code that serves. `attune
evaluate … --trade-off` prints the table, docs/steering.md keeps one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import numpy.typing as npt

from app.core.recommend.diversify import UNKNOWN, Floats, Head, Kinds, Order, head_of, mix_of
from app.core.recommend.histories import Histories, History
from app.core.recommend.metrics import ndcg, recall
from app.core.recommend.protocols.exam import Case
from app.core.recommend.protocols.grading import Scorer
from app.core.recommend.steered import AHEAD, steer
from app.core.recommend.steering import OFF, Steering

MIXED = 0.01
"""Of the shopper's mix, blended into the rail's before the divergence is taken, as in Steck's paper."""
SHOWN = ("ndcg", "recall", "coverage", "gini", "novelty", "alike", "off_mix", "kinds")
SETTINGS = (0.1, 0.25, 0.5, 1.0)
SLIDERS = ("diversity", "calibration", "popularity", "exploration")
"""Those that can be measured on a log of purchases: nothing in one tells what was shown, earned or in stock."""


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What is measured of the N items of a catalogue.

    `popularity` float32 [N]: how often each was had. `kind` int32 [N], -1 where it is not known. `vectors` float32
    [N, d], of length 1 or 0.
    """

    popularity: Floats
    kind: Kinds | None = None
    vectors: Floats | None = None

    @classmethod
    def of(cls, histories: Histories, *, kind: Kinds | None = None, vectors: Floats | None = None) -> About:
        """Popularity as the histories have it."""
        counts = np.bincount(histories.item, minlength=len(histories.items))
        return cls(counts.astype(np.float32), kind, vectors)

    def head(self, positions: Order) -> Head:
        return Head(
            len(positions),
            kind=None if self.kind is None else self.kind[positions],
            vectors=None if self.vectors is None else self.vectors[positions],
            popularity=self.popularity[positions],
        )

    def mix(self, history: History) -> dict[int, float]:
        return {} if self.kind is None else mix_of(self.kind[history.item])


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One way to steer, and means over all questions for the first k places.

    * `ndcg`, `recall`: `app.core.recommend.metrics`.
    * `coverage`: the share of the catalogue that stood in any rail (Ge, Delgado-Battenfeld and Jannach, RecSys 2010).
    * `gini`: of how often each item of the catalogue did, 0 when all alike, 1 for one alone (Fleder and Hosanagar,
      Management Science 55(5), 2009).
    * `novelty`: bits of surprise of an item, -log2 of its share of all purchases (Zhou et al., PNAS 107(10), 2010).
    * `alike`: mean cosine of the pairs in a rail, intra-list similarity (Ziegler et al., WWW 2005).
    * `off_mix`: the divergence of the rail's kinds from the shopper's own (Steck, RecSys 2018).
    * `kinds`: different kinds in a rail.

    NaN where the items' kinds or vectors are not known.
    """

    steering: Steering
    values: Mapping[str, float]
    each: npt.NDArray[np.float64]
    """NDCG of every question, float64 [Q], in the same order for every way."""

    def change_from(self, base: Measured) -> tuple[float, float, float] | None:
        """The change of NDCG, and its 95 % interval, as parts of the base's; None where there is nothing to compare.

        From the paired differences of the same questions; the base's own mean is taken as known. The interval is of
        one way: of many that are looked at, the best one looks better than it is.
        """
        level = float(base.each.mean()) if len(base.each) > 1 else 0.0
        if level == 0.0:
            return None
        difference = self.each - base.each
        mean = float(difference.mean()) / level
        margin = 1.96 * float(difference.std(ddof=1)) / float(np.sqrt(len(difference))) / level
        return mean, mean - margin, mean + margin


def grid(base: Steering = OFF, settings: Sequence[float] = SETTINGS) -> list[Steering]:
    """The base, then each slider of `SLIDERS` alone at each of the settings."""
    return [base, *(replace(base, **{name: setting}) for name in SLIDERS for setting in settings)]


def telling(ways: Sequence[Steering], about: About) -> list[Steering]:
    """Those for which enough is known of the items: nothing can be more varied, or nearer to a mix, without kinds."""
    idle = {"calibration"} if about.kind is None else set[str]()
    idle |= {"diversity"} if about.kind is None and about.vectors is None else set()
    return [way for way in ways if not way.moved & idle]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question as the sliders meet it: scores float32 [N], what may be shown bool [N], the answers' positions."""

    scores: Floats
    allowed: npt.NDArray[np.bool_]
    targets: npt.NDArray[np.integer]
    mix: Mapping[int, float]


def trade_off(
    scorer: Scorer,
    cases: Iterable[Case],
    about: About,
    ways: Sequence[Steering],
    *,
    k: int = 10,
    only_new: bool = False,
) -> list[Measured]:
    """Steer the answers to all questions in all ways.

    Args:
        only_new: only items that the history lacks are ranked and asked for; questions without such are left out.
    """
    return in_all_ways(_asked(scorer, cases, about, only_new=only_new), about, ways, k=k)


def _asked(scorer: Scorer, cases: Iterable[Case], about: About, *, only_new: bool) -> Iterator[Asked]:
    for case in cases:
        targets = np.setdiff1d(case.targets, case.history.item) if only_new else case.targets
        if not len(targets):
            continue
        allowed = np.ones(len(about.popularity), dtype=np.bool_)
        allowed[case.history.item if only_new else case.history.item[:0]] = False
        scores = np.asarray(scorer(case.history, only_new=only_new), dtype=np.float32)
        yield Asked(scores, allowed, targets, about.mix(case.history))


def in_all_ways(asked: Iterable[Asked], about: About, ways: Sequence[Steering], *, k: int = 10) -> list[Measured]:
    """Steer the head of every ranking in all ways: as many candidates as are steered where rails are served."""
    sheets = [_Sheet(about, k) for _ in ways]
    for number, one in enumerate(asked):
        scores = np.nan_to_num(one.scores, posinf=0.0, neginf=0.0)
        positions = head_of(scores - min(float(scores.min()), 0.0), one.allowed, fallback=about.popularity, most=AHEAD)
        head, sorted_scores = about.head(positions), scores[positions].tolist()
        for sheet, way in zip(sheets, ways, strict=True):
            drawn = steer(head, k, way, scores=sorted_scores, mix=one.mix, generator=Random(number))  # noqa: S311 - a draw
            sheet.note(positions[list(drawn.order)], one.targets, one.mix)
    return [
        Measured(way, sheet.values(), np.array(sheet.each["ndcg"])) for way, sheet in zip(ways, sheets, strict=True)
    ]


def table(measured: Sequence[Measured]) -> str:
    """A Markdown table, a line for each way; the first one is what the others' NDCG is compared with, in per cent."""
    lines = [f"| {' | '.join(('sliders', *SHOWN))} |", "|---|" + "---:|" * len(SHOWN)]
    for one in measured:
        found = None if one is measured[0] else one.change_from(measured[0])
        change = " ({:+.1f}: {:+.1f} to {:+.1f})".format(*(100.0 * part for part in found)) if found else ""
        numbers = [f"{one.values[name]:.{_DIGITS.get(name, 3)}f}{change if name == 'ndcg' else ''}" for name in SHOWN]
        lines.append(f"| {' | '.join((_name_of(one.steering), *numbers))} |")
    return "\n".join(lines)


_DIGITS = {"ndcg": 4, "recall": 4, "novelty": 2, "kinds": 2}


def gini(counts: npt.NDArray[np.integer]) -> float:
    """The Gini coefficient of numbers of at least 0; 0 where all are 0."""
    ordered = np.sort(counts)
    whole = float(ordered.sum())
    if not whole:
        return 0.0
    rank = np.arange(1, len(ordered) + 1)
    return float(2.0 * (rank @ ordered) / (len(ordered) * whole) - (len(ordered) + 1) / len(ordered))


def _name_of(steering: Steering) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in steering.as_json().items() if value) or "none"


class _Sheet:
    """What one way to steer has shown so far."""

    def __init__(self, about: About, k: int) -> None:
        self.about, self.k = about, k
        self.shown = np.zeros(len(about.popularity), dtype=np.int64)
        self.each: defaultdict[str, list[float]] = defaultdict(list)
        part = (about.popularity + 1.0) / float((about.popularity + 1.0).sum())
        self.surprise = -np.log2(part)

    def note(self, rail: Order, targets: npt.NDArray[np.integer], mix: Mapping[int, float]) -> None:
        hits = np.flatnonzero(np.isin(rail, targets)) + 1
        ranks = np.append(hits, np.full(len(targets) - len(hits), self.k + len(self.shown)))
        self.shown[rail] += 1
        self.each["ndcg"].append(ndcg(ranks, self.k))
        self.each["recall"].append(recall(ranks, self.k))
        self.each["novelty"].append(float(self.surprise[rail].mean()))
        if self.about.vectors is not None and len(rail) > 1:
            vectors = self.about.vectors[rail]
            pairs = len(rail) * (len(rail) - 1)
            self.each["alike"].append(float(((vectors.sum(axis=0) ** 2).sum() - (vectors**2).sum()) / pairs))
        if self.about.kind is not None:
            kinds = self.about.kind[rail]
            self.each["kinds"].append(float(len(np.unique(kinds[kinds != UNKNOWN]))))
            if mix:
                self.each["off_mix"].append(_divergence(mix, mix_of(kinds)))

    def values(self) -> dict[str, float]:
        """Every name of `SHOWN`, NaN where there was nothing to measure."""
        means = {name: float(np.mean(self.each[name])) if name in self.each else float("nan") for name in SHOWN}
        return means | {"coverage": float(np.mean(self.shown > 0)), "gini": gini(self.shown)}


def _divergence(mix: Mapping[int, float], rail: Mapping[int, float]) -> float:
    """Kullback and Leibler's, of the rail's kinds from the shopper's."""
    return float(
        sum(p * np.log(p / ((1.0 - MIXED) * rail.get(kind, 0.0) + MIXED * p)) for kind, p in mix.items() if p > 0.0)
    )
