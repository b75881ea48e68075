"""Learn the forest that orders candidates: LambdaMART by LightGBM, from questions whose answers are known.

Burges, "From RankNet to LambdaRank to LambdaMART: an overview", Microsoft Research 2010; Ke et al., "LightGBM", NIPS
2017. What comes out is a `Forest`, which the web process evaluates without LightGBM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from app.core.recommend.forest import Forest, Ranker, Rows, nothing
from app.core.recommend.forest_trees import LEAVES
from app.core.recommend.models.ranker_measure import LEVELS, Measure, Whole
from app.core.recommend.models.ranker_trees import trees_of

SEED = 20100301
LONGEST = 10_000
"""Rows of one question: LightGBM's own limit."""
GRADES = 31
"""Levels of relevance that LightGBM has gains for when none are given."""
Lesson = tuple[Rows, Whole, Whole]
"""Rows float32 [R, F], relevance [R] and rows per question [Q], question after question."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How the forest is grown. `truncation`: pairs are learnt from if one of the two stands so far in front.

    `least`: training rows in a leaf. `columns`: the share of features that each tree sees. `patience`: trees without a
    gain on the validation part before growing ends. `gains`: what each level of relevance is worth, 2 ** level - 1
    where none is stated. `intermediate`: keep features monotone by LightGBM's method of that name, which costs less
    accuracy than its basic one.

    The defaults did well on replays of training data of every task; what else was tried changed NDCG@10 by less than
    its noise, so nothing is chosen anew for each shop.
    """

    trees: int = 120
    leaves: int = LEAVES
    rate: float = 0.1
    least: int = 50
    columns: float = 0.8
    ridge: float = 10.0
    truncation: int = 30
    normalized: bool = True
    patience: int = 30
    bins: int = 255
    gains: tuple[float, ...] = ()
    intermediate: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fit(
    rows: Rows,
    relevance: Whole,
    groups: Whole,
    *,
    names: Sequence[str],
    monotone: Sequence[int] = (),
    parameters: Parameters = Parameters(),
    validation: Lesson | None = None,
    seed: int = SEED,
    threads: int = 1,
) -> Forest:
    """The forest for these questions; the same for the same input, whatever the number of threads.

    Where there is nothing to learn (no rows, no question with rows of two levels of relevance, no feature that varies)
    it has no tree and scores 0. NaN is a value that is not known, and may decide; a feature that never varies is not
    used.

    Args:
        rows: the candidates of all questions, float32 [R, F].
        relevance: of each row, whole numbers from 0 [R]; higher is better.
        groups: how many rows each question has [Q], in the order of the rows; at most 10,000.
        names: of the features [F].
        monotone: of each feature 1 if more of it must never lower a score, -1 if it must never raise one, else 0.
        validation: other questions, on which growing stops early: by NDCG@10, or by the mean reciprocal rank if no
            question has more than one relevant row. Ties count against the forest. Left aside if it has no relevant
            row.
        threads: more than one only pay on processors that do nothing else: they wait for each other at every split.

    Raises:
        ValueError: the arrays do not fit together, two features have one name, a feature is infinite somewhere (it is
            named), a level of relevance is below 0 or has no gain, or a question has too many rows.
    """
    untaught = nothing(names)
    lesson = _checked((rows, relevance, groups), names, parameters)
    directions = tuple(monotone) or (0,) * len(names)
    if len(directions) != len(names) or not set(directions) <= {-1, 0, 1}:
        raise ValueError("every feature is monotone in one direction: 1, -1, or 0 for neither")
    judged = None if validation is None else _checked(validation, names, parameters)
    lesson = _telling(lesson)
    if not len(lesson[0]) or not _varies(lesson[0]).any():
        return untaught
    judged = None if judged is None else _telling(judged)
    booster = _grown(lesson, judged, directions, parameters, seed, threads)
    return Forest(untaught.names, trees_of(booster.dump_model(num_iteration=booster.best_iteration)))


def quality(ranker: Ranker, rows: Rows, relevance: Whole, groups: Whole) -> float:
    """How well the ranker orders these questions, 0 to 1: the measure by which growing stops early in `fit`."""
    return Measure.of(relevance, groups)(ranker.scores(rows))


# -- what LightGBM is given ------------------------------------------------------------------------------------------


def _checked(lesson: Lesson, names: Sequence[str], parameters: Parameters) -> Lesson:
    rows, relevance, groups = np.asarray(lesson[0], dtype=np.float32), np.asarray(lesson[1]), np.asarray(lesson[2])
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"the rows have the shape {rows.shape}, but there are {len(names)} features")
    if relevance.shape != (len(rows),) or groups.ndim != 1 or (groups < 0).any() or int(groups.sum()) != len(rows):
        raise ValueError("every row has one level of relevance and belongs to one question")
    if groups.max(initial=0) > LONGEST:
        raise ValueError(f"a question has {int(groups.max())} rows; {LONGEST} is the most")
    levels = min(len(parameters.gains), LEVELS) or GRADES
    if relevance.min(initial=0) < 0 or relevance.max(initial=0) >= levels:
        raise ValueError(f"a level of relevance is from 0 to {levels - 1}")
    for name, column in zip(names, rows.T, strict=True):
        if np.isinf(column).any():
            raise ValueError(f"the feature {name!r} is infinite in some rows")
    return rows, relevance, groups


def _telling(lesson: Lesson) -> Lesson:
    """Only the questions whose rows are not all of one level: the others teach nothing and make averages smaller."""
    rows, relevance, groups = lesson
    groups = groups[groups > 0]
    if not len(groups):
        return rows[:0], relevance[:0], groups
    starts = np.cumsum(groups) - groups
    tells = np.maximum.reduceat(relevance, starts) > np.minimum.reduceat(relevance, starts)
    kept = np.repeat(tells, groups)
    return (rows, relevance, groups) if kept.all() else (rows[kept], relevance[kept], groups[tells])


def _varies(rows: Rows) -> npt.NDArray[np.bool_]:
    """Which features have two values or more, NaN being one, bool [F]."""
    first = rows[0]
    return np.asarray(((rows != first) & ~(np.isnan(rows) & np.isnan(first))).any(axis=0), dtype=np.bool_)


def _grown(
    lesson: Lesson, judged: Lesson | None, directions: Sequence[int], parameters: Parameters, seed: int, threads: int
) -> lightgbm.Booster:
    settings = _settings(directions, parameters, seed, threads)
    learnt = _dataset(lesson, settings)
    if judged is None or not len(judged[0]):
        return lightgbm.train(settings, learnt, parameters.trees)
    measure = Measure.of(judged[1], judged[2])

    def measured(scores: npt.NDArray[np.float64], _: lightgbm.Dataset) -> tuple[str, float, bool]:
        return measure.name, measure(scores), True

    stop = lightgbm.early_stopping(parameters.patience, verbose=False)
    apart = _dataset(judged, settings, learnt)
    return lightgbm.train(settings, learnt, parameters.trees, valid_sets=[apart], feval=measured, callbacks=[stop])


def _settings(directions: Sequence[int], parameters: Parameters, seed: int, threads: int) -> dict[str, Any]:
    monotone = {
        "monotone_constraints": list(directions),
        "monotone_constraints_method": "intermediate" if parameters.intermediate else "basic",
    }
    gains = {"label_gain": list(parameters.gains)} if parameters.gains else {}
    return {
        "objective": "lambdarank",
        "metric": "None",
        "lambdarank_truncation_level": parameters.truncation,
        "lambdarank_norm": parameters.normalized,
        "num_leaves": min(parameters.leaves, LEAVES),
        "learning_rate": parameters.rate,
        "min_data_in_leaf": parameters.least,
        "feature_fraction": parameters.columns,
        "lambda_l2": parameters.ridge,
        "max_bin": parameters.bins,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **(monotone if any(directions) else {}),
        **gains,
    }


def _dataset(lesson: Lesson, settings: dict[str, Any], like: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    rows, relevance, groups = lesson
    return lightgbm.Dataset(
        np.ascontiguousarray(rows), label=relevance, group=groups, reference=like, params=dict(settings)
    )
