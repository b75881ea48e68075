"""What another strategy would have earned on a rail, place by place, from answers that were partly drawn at random.

The strategy's list is laid beside each logged answer. A place in which both have the same product counts by how rare it
was; whether a product is clicked is taken to depend on the product, the place and the page, not on its neighbours in
the rail. That is what makes rails of eight places answerable: whole lists hardly ever agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.experiments.click_model import ClickModel
from app.core.experiments.off_policy import CLIP, BadLog, Estimates, estimate
from app.core.ids import ProductId

NOTHING: Final = -1
"""In the place of a product where a list has none."""
FOLDS: Final = 2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LoggedAnswers:
    """Answers of one rail, A of them with S places in all, as columns. Every answer has at least one place."""

    question: Ints
    """Shape (A,): the product whose page it was, 0 where there is none."""
    browser: npt.NDArray[Any]
    """Shape (A,): who was answered, as texts or numbers."""
    request: npt.NDArray[Any]
    """Shape (A,): the answers' ids, as texts."""
    answer: Ints
    """Shape (S,): which answer, 0 to A - 1, ascending; its places follow each other."""
    place: Ints
    """Shape (S,), from 0."""
    product: Ints
    propensity: Floats
    """Shape (S,): the chance with which the place got its product, given those before it."""
    clicked: npt.NDArray[np.bool_]


class LeftOut(StrEnum):
    """Why an answer of the rail can't be used; the values are read by people."""

    NO_CONSENT = "nobody is known behind it, so that no click of it would be known"
    NOT_OURS = "something else than our recommendations was shown"
    INTERLEAVED = "two rankings shared the rail"
    UNKNOWN = "it was logged before chances were"
    UNEXPLORED = "nothing was drawn: what was shown was certain"
    EMPTY = "nothing could be recommended"
    UNSEEN = "no card of it came into view"


def replay(
    logged: LoggedAnswers,
    lists: Mapping[int, Sequence[ProductId]],
    *,
    worth: Floats | None = None,
    clip: float = CLIP,
) -> Estimates:
    """Estimate what a place of the rail would have earned with these lists; see `app.core.experiments.off_policy`.

    A product's place is the one that the answer gave it: where it stood in the end is not up to the strategy. Where a
    list is too short for a place nothing is earned there. Where the list's product stood in an earlier place of the
    answer already, the log could not have shown it: there the click model speaks alone (`Estimates.possible` is the
    part of places where it does not have to). The model is learnt from the browsers of the other half: Chernozhukov et
    al., "Double/debiased machine learning for treatment and structural parameters", The Econometrics Journal 21, 2018.

    Args:
        lists: for every question in the log, what the strategy would show, best first.
        worth: shape (S,), what followed each showing, such as revenue, 0 where there was no click; clicks themselves
            where it is not given.

    Raises:
        BadLog: the log is empty, from one browser only, or holds chances that are none.
        NoOverlap: no place of the log holds what the lists would put there.
    """
    if not len(logged.question):
        raise BadLog("the log is empty")
    browsers, browser = np.unique(logged.browser, return_inverse=True)
    if len(browsers) < FOLDS:
        raise BadLog("a log of one browser only tells nothing of the others")
    pairs = _pairs(logged, lists)
    predicted, expected = _predicted(logged, pairs, browser[logged.answer], worth)
    return estimate(
        logged.clicked if worth is None else worth,
        logged.propensity,
        (pairs.shown == pairs.wanted).astype(np.float64),
        predicted,
        expected,
        groups=browser[logged.answer],
        possible=~_stands_before(logged, pairs),
        idle=pairs.wanted == NOTHING,
        clip=clip,
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Products on pages, numbered from 0."""

    shown: Ints
    """Shape (S,): what stood in each place."""
    wanted: Ints
    """Shape (S,): what the list would put there; `NOTHING` where it is too short."""
    product: Ints
    """Shape (pairs,): the product of each, numbered from 0."""


def _pairs(logged: LoggedAnswers, lists: Mapping[int, Sequence[ProductId]]) -> _Pairs:
    questions, row = np.unique(logged.question, return_inverse=True)
    places = int(logged.place.max()) + 1
    table = np.full((len(questions), places), NOTHING, dtype=np.int64)
    for number, question in enumerate(questions.tolist()):
        own = list(lists.get(question, ()))[:places]
        table[number, : len(own)] = own
    page = row[logged.answer]
    wanted = table[page, logged.place]
    there = wanted != NOTHING
    named = np.concatenate([logged.product, wanted[there]])
    products, product = np.unique(named, return_inverse=True)
    keys, pair = np.unique(np.concatenate([page, page[there]]) * len(products) + product, return_inverse=True)
    wanted[there] = pair[len(page) :]
    return _Pairs(pair[: len(page)].astype(np.int64), wanted, keys % len(products))


def _stands_before(logged: LoggedAnswers, pairs: _Pairs) -> npt.NDArray[np.bool_]:
    """Where an earlier place of the same answer holds what the list wants in this one."""
    keys = logged.answer * len(pairs.product) + pairs.shown
    asked = logged.answer * len(pairs.product) + pairs.wanted
    order = np.argsort(keys, kind="stable")
    found = order[np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)]
    return np.asarray((keys[found] == asked) & (pairs.wanted != NOTHING) & (logged.place[found] < logged.place))


def _predicted(logged: LoggedAnswers, pairs: _Pairs, browser: Ints, worth: Floats | None) -> tuple[Floats, Floats]:
    """What the click model of the other browsers expects of what was shown, and of what the list wants."""
    predicted, expected = np.zeros(len(browser)), np.zeros(len(browser))
    places = int(logged.place.max()) + 1
    for fold in range(FOLDS):
        own = browser % FOLDS == fold
        clicked = logged.clicked[~own]
        model = ClickModel.fit(
            logged.place[~own], pairs.shown[~own], clicked, places=places, product_of_pair=pairs.product
        )
        each = 1.0 if worth is None else float(worth[~own].sum()) / max(int(clicked.sum()), 1)
        predicted[own] = each * model.rate(logged.place[own], pairs.shown[own])
        expected[own] = each * model.rate(logged.place[own], pairs.wanted[own])
    return predicted, expected
