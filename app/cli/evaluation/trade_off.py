"""What the sliders would cost and bring with the production blend on the data at hand: the table of `--trade-off`.

Kinds and likeness of items come from their attributes, as a shop's come from types, collections and what was learnt;
without attributes only the sliders that need neither are measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from app.core.recommend.diversify import UNKNOWN, Floats, Kinds
from app.core.recommend.item_facts import Attributes
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.protocols.grading import NEW, PARTS, Scorer
from app.core.recommend.tasks import Task
from app.core.recommend.tradeoff import About, Measured, grid, table, telling, trade_off

MOST_CASES = 1000
"""So many questions, drawn at random: enough for an interval of a per cent or two."""
TELLING = 0.2
"""An attribute of more items than this tells nothing."""
KINDS = 60
"""So many of the commonest attributes are kinds; an item is of the rarest one that it has."""
DIMENSIONS = 32

Found = Mapping[str, Sequence[Measured]]
"""Behind ``all`` and, where new items are ranked apart, ``new``: the sliders off, then each alone."""


def measured(exam: Exam, scorer: Scorer, *, seed: int) -> Found:
    """Every way of the grid on a sample of the questions, ten places."""
    attributes = exam.facts.attributes if exam.facts is not None else None
    kind, vectors = described(attributes) if attributes is not None else (None, None)
    about = About.of(exam.training, kind=kind, vectors=vectors)
    ways = telling(grid(), about)
    cases = exam.cases.sample(MOST_CASES, seed)
    # The protocol of sequences ranks nothing but what the user did not have.
    parts = {} if exam.task is Task.SEQUENCE else {"all": False}
    parts |= {"new": True} if exam.task is Task.SEQUENCE or NEW in PARTS[exam.task] else {}
    return {name: trade_off(scorer, cases, about, ways, only_new=only_new) for name, only_new in parts.items()}


def described(attributes: Attributes) -> tuple[Kinds | None, Floats | None]:
    """A kind int32 [N] and a vector float32 [N, d] of length 1 or 0 for every item; None where too little is said."""
    items, width = len(attributes), attributes.count
    often = np.bincount(attributes.attribute, minlength=width)
    telling = (often >= 2) & (often <= TELLING * items)
    if telling.sum() < 2:
        return None, None
    common = np.argsort(-np.where(telling, often, 0), kind="stable")[: min(KINDS, int(telling.sum()))]
    rank = np.full(width, UNKNOWN, dtype=np.int32)
    rank[common] = np.arange(len(common))
    kind = np.full(items, UNKNOWN, dtype=np.int32)
    np.maximum.at(kind, attributes.item, rank[attributes.attribute])
    kept = telling[attributes.attribute]
    column = np.cumsum(telling) - 1
    weight = np.log(items / often[attributes.attribute[kept]])
    shape = (items, int(telling.sum()))
    matrix = sp.csr_matrix((weight, (attributes.item[kept], column[attributes.attribute[kept]])), shape=shape)
    if min(shape) <= 2:
        return kind, None
    left, strength, _ = svds(matrix, k=min(DIMENSIONS, min(shape) - 1), random_state=0)
    vectors = (left * strength).astype(np.float32)
    return kind, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))


def in_words(found: Found) -> list[str]:
    """The tables, as Markdown, each under what was asked."""
    titles = {"all": "all items", "new": "items new to the shopper"}
    return [
        f"\nSliders, {titles[name]}, {len(ways[0].each):,} questions of the test part: look, don't choose by it.\n"
        f"{table(ways)}"
        for name, ways in found.items()
    ]


def document(found: Found) -> dict[str, list[dict[str, Any]]]:
    """What --json holds of it; a change is that of NDCG, as a part, with its 95 % interval."""
    return {name: [_way(one, ways[0]) for one in ways] for name, ways in found.items()}


def _way(one: Measured, off: Measured) -> dict[str, Any]:
    change = None if one is off else one.change_from(off)
    sliders = {name: value for name, value in one.steering.as_json().items() if value}
    metrics = {name: None if np.isnan(value) else value for name, value in one.values.items()}
    return {"sliders": sliders, "metrics": metrics, "ndcg_change": change}
