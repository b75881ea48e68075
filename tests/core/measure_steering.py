"""Measure what the sliders cost and bring on real logs: `python -m tests.core.measure_steering retail|beauty FILE…`

Both are asked about a part that no test of the house uses: purchases of the 28 days from 2011-09-01 (`retail`), and the
last item but one of each sequence (`beauty`, with the file of attributes after it). The scorer is a plain one, so that
the figures say something of the sliders and little of a model: neighbours by cosine, what the shopper has, what sells.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from app.core.recommend.diversify import UNKNOWN, Floats, Kinds
from app.core.recommend.histories import Histories, History
from app.core.recommend.protocols.exam import Cases
from app.core.recommend.protocols.grading import Scorer
from app.core.recommend.signals.types import Scores
from app.core.recommend.steering import Steering
from app.core.recommend.tradeoff import About, grid, table, trade_off

UNTIL, DAYS = "2011-09-01", 28
MOST_CASES = 1000
WORD_SHARE = 0.2
"""A word (an attribute) of more items than this tells nothing."""
KINDS = 60
"""So many of the commonest words are kinds; an item is of the rarest one that it has."""
DIMENSIONS = 32
TOGETHER = Steering(diversity=0.1, calibration=0.25)
RETAIL = """
    SELECT dense_rank() OVER (ORDER BY CustomerID) - 1 AS person, upper(StockCode) AS item,
           date_diff('day', DATE '1970-01-01', CAST(InvoiceDate AS DATE)) AS placed, max(Description) AS words
    FROM read_parquet(?) WHERE CustomerID IS NOT NULL AND regexp_matches(upper(StockCode), '^[0-9]{5}[A-Z]{0,2}$')
    GROUP BY CustomerID, 2, 3 HAVING sum(Quantity) > 0 ORDER BY person, placed, item
"""
BEAUTY = """
    SELECT person - 1 AS person, item, row_number() OVER (PARTITION BY person ORDER BY place) AS placed,
           count(*) OVER (PARTITION BY person) AS length
    FROM (SELECT row_number() OVER (ORDER BY "user") AS person, unnest(items) AS item,
                 generate_subscripts(items, 1) AS place FROM read_parquet(?))
    ORDER BY person, placed
"""


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """What may be learnt, what is asked, and the words of the items."""

    training: Histories
    cases: Cases
    words: Sequence[frozenset[str]]


def retail(path: str) -> Log:
    rows = duckdb.execute(RETAIL, [path]).fetchnumpy()
    until = int(np.datetime64(UNTIL).astype(int))
    placed = np.asarray(rows["placed"]).astype(np.int64)
    words = {str(item): _words(str(text)) for item, text in zip(rows["item"], rows["words"], strict=True)}
    asked = (placed >= until) & (placed < until + DAYS)
    return _log(np.asarray(rows["person"]), np.asarray(rows["item"]).astype(str), placed, placed < until, asked, words)


def beauty(path: str, attributes: str) -> Log:
    rows = duckdb.execute(BEAUTY, [path]).fetchnumpy()
    placed, length = (np.asarray(rows[name]).astype(np.int64) for name in ("placed", "length"))
    found = duckdb.execute("SELECT item, attributes FROM read_parquet(?)", [attributes]).fetchall()
    words = {str(item): frozenset(map(str, has)) for item, has in found}
    return _log(
        np.asarray(rows["person"]), np.asarray(rows["item"]).astype(str), placed, placed < length - 1,
        placed == length - 1, words,
    )  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in text.upper().split() if len(word) > 2 and word.isalpha())


def _log(
    person: npt.NDArray[Any], item: npt.NDArray[Any], placed: npt.NDArray[np.int64],
    learnt: npt.NDArray[np.bool_], asked: npt.NDArray[np.bool_], words: dict[str, frozenset[str]],
) -> Log:  # fmt: skip
    """Rows come by person and time; people who are asked have a history, and answers are items that were learnt."""
    names, position = np.unique(item[learnt], return_inverse=True)
    place = {name: number for number, name in enumerate(names.tolist())}
    people, numbers = np.unique(person[learnt], return_inverse=True)
    starts = np.append(0, np.cumsum(np.bincount(numbers))).astype(np.int64)
    training = Histories(
        np.arange(len(names)), starts, position.astype(np.int32), placed[learnt].astype(np.int32),
        placed[learnt].astype(np.float32),
    )  # fmt: skip
    answers: dict[int, list[int]] = {}
    for one, name in zip(person[asked].tolist(), item[asked].tolist(), strict=True):
        if name in place:
            answers.setdefault(int(np.searchsorted(people, one)), []).append(place[name])
    known = [one for one in sorted(answers) if one < len(people)]
    targets = [np.unique(np.array(answers[one], dtype=np.int32)) for one in known]
    cases = Cases(
        training,
        np.append(0, np.cumsum([len(one) for one in targets])),
        np.concatenate(targets),
        np.zeros(len(known), dtype=np.int64),
    )
    return Log(
        training, replace(cases, histories=_only(training, known)), [words.get(name, frozenset()) for name in place]
    )


def _only(training: Histories, people: Sequence[int]) -> Histories:
    wanted = np.zeros(len(training), dtype=np.bool_)
    wanted[list(people)] = True
    return training.keep(wanted[training.person])


def described(words: Sequence[frozenset[str]]) -> tuple[Kinds, Floats]:
    """A kind and a vector for every item, from what describes it."""
    often = Counter(word for one in words for word in one)
    telling = {word: number for word, number in often.items() if 2 <= number <= WORD_SHARE * len(words)}
    rank = {word: number for number, (word, _) in enumerate(Counter(telling).most_common(KINDS))}
    kind = np.array(
        [max((rank[word] for word in one if word in rank), default=UNKNOWN) for one in words], dtype=np.int32
    )
    column = {word: number for number, word in enumerate(sorted(telling))}
    entries = [(row, column[word]) for row, one in enumerate(words) for word in sorted(one) if word in column]
    weight = [float(np.log(len(words) / telling[word])) for one in words for word in sorted(one) if word in column]
    matrix = sp.csr_matrix((weight, tuple(zip(*entries, strict=True))), shape=(len(words), len(column)))
    left, strength, _ = svds(matrix, k=DIMENSIONS, random_state=0)
    vectors = (left * strength).astype(np.float32)
    return kind, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))


def plain(training: Histories) -> Scorer:
    """Neighbours of what the shopper has, what the shopper has, and what sells lately, each as a share of its best."""
    items = len(training.items)
    had = sp.csr_matrix((np.ones(len(training.item)), (training.person, training.item)), shape=(len(training), items))
    had.data[:] = 1.0
    scale = sp.diags(1.0 / np.sqrt(np.asarray(had.sum(axis=0)).ravel() + 10.0))
    near = (scale @ (had.T @ had) @ scale).tocsr()
    near.setdiag(0.0)
    assert training.day is not None
    lately = np.bincount(training.item, 0.5 ** ((training.end - training.day) / DAYS), minlength=items)

    def score(history: History, *, only_new: bool) -> Scores:
        weight = 0.5 ** (history.back / 3.0)
        own = np.bincount(history.item, weight, minlength=items)
        return np.asarray(_share(own @ near) + 0.6 * _share(own) + 0.4 * _share(lately), dtype=np.float32)

    return score


def _share(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(values / max(float(values.max()), 1e-9))


def tables(log: Log, *, parts: Sequence[bool]) -> Iterator[str]:
    kind, vectors = described(log.words)
    about = About.of(log.training, kind=kind, vectors=vectors)
    cases, scorer = log.cases.sample(MOST_CASES, 0), plain(log.training)
    for only_new in parts:
        found = trade_off(scorer, cases, about, [*grid(), TOGETHER], only_new=only_new)
        yield f"{len(found[0].each)} questions, {len(about.popularity)} items, {'only new' if only_new else 'all'}"
        yield table(found)


def main() -> None:
    name, *paths = sys.argv[1:]
    log = retail(*paths) if name == "retail" else beauty(*paths)
    for text in tables(log, parts=(False, True) if name == "retail" else (True,)):
        print(text, flush=True)


if __name__ == "__main__":
    main()
