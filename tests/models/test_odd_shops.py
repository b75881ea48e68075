"""Shops as nobody would invent them: each ends in a bounded, sane result, or in a sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from app.cli.evaluation import process
from app.core.recommend.models.baselines import SLOW, names_for
from app.core.recommend.protocols import baskets, purchases, sessions
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.protocols.grading import grade
from app.core.recommend.protocols.lists import Lists
from app.core.recommend.protocols.purchases import Purchases

WITHOUT = SLOW | {"gru", "bpr"}
"""Slow to fit, and asked of odd histories in their own tests."""


def lists(*rows: list[int]) -> Lists:
    lengths = [len(row) for row in rows]
    return Lists(
        np.append(0, np.cumsum(lengths)).astype(np.int64),
        np.array([one for row in rows for one in row], dtype=np.int64),
    )


def names(rows: Lists, *more: int) -> tuple[str, ...]:
    return tuple(f"item {number}" for number in range(max(int(rows.item.max(initial=0)), *more, 0) + 1))


def visits(rows: Lists, prefixes: Lists, targets: list[int]) -> Exam:
    both = names(rows, int(prefixes.item.max(initial=0)), *targets)
    return sessions.session(rows, prefixes, np.array(targets, dtype=np.int64), both)


def bought(rows: list[tuple[int, int, float]], until: float) -> Exam:
    user, item, day = (np.array(column) for column in zip(*rows, strict=True))
    nan = np.full(len(rows), np.nan)
    lines = Purchases(user.astype(np.int64), item.astype(np.int64), day.astype(float), np.ones(len(rows)), nan)
    return purchases.time(lines, tuple(map(str, range(int(item.max()) + 1))), until=until, days=28)


DRAW = np.random.default_rng(1)
AGAIN = "baskets in which everything is bought again"
LATER = [(user, 3 + user, 55.0) for user in range(30)]


def sequence(rows: Lists) -> Exam:
    return sessions.sequence(rows, names(rows))


def one_basket_each() -> Exam:
    rows = lists([1, 2], [2], [0, 1, 2])
    return baskets.basket(np.array([0, 0, 1]), np.array([0, 1, 0]), rows, np.array([False, True, False]), names(rows))


def bought_again() -> Exam:
    rows = lists(*[[user, (user * 7) % 20] for user in range(20) for _ in range(5)])
    user, number = np.repeat(np.arange(20), 5), np.tile(np.arange(5), 20)
    return baskets.basket(user, number, rows, number == 4, names(rows))


ODD: dict[str, Exam] = {
    "visits of one view": visits(lists(*[[number % 9] for number in range(60)]), lists([1], []), [2, 4]),
    "visits that repeat one view": visits(
        lists(*[[number % 9] * 6 for number in range(60)]), lists([1], [3], []), [1, 3, 3]
    ),
    "prefixes that nobody knows": visits(
        lists(*DRAW.integers(20, size=(60, 4)).tolist()), lists([99], [98, 97], [1, 99, 2], []), [3, 2, 5, 3]
    ),
    "users who know nearly everything": sequence(lists(*[DRAW.permutation(60)[:58].tolist() for _ in range(30)])),
    "one user among many who came once": sequence(lists([0, 1, 2, 3], *[[number % 7] for number in range(40)])),
    "one basket each": one_basket_each(),
    AGAIN: bought_again(),
    "everything bought once": bought(
        [(user, user * 8 + week, week * 7.0) for user in range(30) for week in range(8)] + LATER, 50
    ),
    "one customer": bought([(0, int(DRAW.integers(5)), float(day)) for day in range(60)], 40),
    "all on one day": bought(
        [(user, user % 11, 9.5) for user in range(40)] + [(user, 3, 10.5) for user in range(40)], 10
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_every_model_answers(name: str) -> None:
    exam = ODD[name]
    for model in ("attune", *(one for one in names_for(exam.task) if one not in WITHOUT)):
        with tempfile.TemporaryDirectory() as folder:
            scorer = process.ours(exam, Path(folder)) if model == "attune" else process.baseline(model, exam)
            found = grade(scorer, exam.cases, exam.task, (1, 10)).metrics
        assert all(0.0 <= value <= 1.0 for value in found.values()), (model, found)


def test_what_is_always_bought_again_is_found(tmp_path: Path) -> None:
    exam = ODD[AGAIN]
    assert grade(process.ours(exam, tmp_path), exam.cases, exam.task, (10,)).metrics["recall@10"] == 1.0
