"""TIFU-KNN: a shopper's fading item frequencies, mixed with those of the shoppers most alike.

Hu, He, Gao and Zhang, "Modeling personalized item frequency information for next-basket recommendation", SIGIR 2020, in
the paper's formulas. It keeps a row of every person, so it is a baseline of `attune evaluate` and never an artefact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories, History
from app.core.recommend.models.roster import Material
from app.core.recommend.signals.types import Scores

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Parameters:
    """A basket counts `within` for every newer one of its group, a group of `group` baskets `between` for every newer
    group. `alpha` is the shopper's own share, the rest is the mean of the `neighbours` nearest people."""

    group: int = 7
    within: float = 0.9
    between: float = 0.7
    alpha: float = 0.7
    neighbours: int = 300

    def weights(self, back: npt.NDArray[np.int64], baskets: npt.NDArray[np.int64]) -> Floats:
        """Of events so many baskets back, of people with so many baskets, float32 [E]."""
        group, place = np.divmod(back, self.group)
        groups = -(-baskets // self.group)
        # The oldest group holds what the newer ones have left over.
        size = np.where(group == groups - 1, baskets - group * self.group, self.group)
        weight = self.within**place * self.between**group / (size * groups)
        return np.asarray(weight, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TifuKnn:
    """`people`: one row for everybody, sparse [P, N]; `lengths` float32 [P]: their squared lengths."""

    people: csr_matrix
    lengths: Floats
    parameters: Parameters
    name: str = "tifu_knn"

    def scores(self, history: History) -> Scores:
        """The mix of own and neighbours' frequencies, float32 [N]; who is asked may be a neighbour of themselves."""
        items = self.people.shape[1]
        back = history.back.astype(np.int64)
        visits = np.full(len(back), int(back.max(initial=-1)) + 1)
        own = np.bincount(history.item, self.parameters.weights(back, visits), minlength=items).astype(np.float32)
        distance = self.lengths - 2.0 * (self.people @ own)
        nearest = np.argpartition(distance, min(self.parameters.neighbours, len(distance)) - 1)
        chosen = self.people[nearest[: self.parameters.neighbours]]
        others = np.asarray(chosen.sum(axis=0)).ravel() / max(chosen.shape[0], 1)
        return np.asarray(self.parameters.alpha * own + (1.0 - self.parameters.alpha) * others, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Nothing: rows of people are never published."""
        return {}

    def meta(self) -> dict[str, Any]:
        return {}


def fit(given: Material, parameters: Parameters | None = None) -> TifuKnn:
    """Everybody's vector; linear in the number of events."""
    parameters = Parameters() if parameters is None else parameters
    histories = given.histories
    visit, visits = _visits(histories)
    weight = parameters.weights(visits[histories.person] - 1 - visit, visits[histories.person])
    shape = (len(histories), len(histories.items))
    people = csr_matrix((weight, (histories.person, histories.item)), shape=shape)
    return TifuKnn(people, np.asarray(people.multiply(people).sum(axis=1), dtype=np.float32).ravel(), parameters)


def _visits(histories: Histories) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The visit of every event within its person, int64 [E] from 0, and everybody's number of visits, int64 [P]."""
    person = histories.person
    changed = np.append(False, (person[1:] != person[:-1]) | (histories.step[1:] != histories.step[:-1]))[: len(person)]
    number = np.cumsum(changed)
    first = np.zeros(len(histories), dtype=np.int64)
    filled = histories.lengths > 0
    first[filled] = number[histories.starts[:-1][filled]]
    visit = number - first[person]
    visits = np.zeros(len(histories), dtype=np.int64)
    np.maximum.at(visits, person, visit + 1)
    return visit, visits
