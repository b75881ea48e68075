"""Items alike by their attributes, and nothing else: the cosine of TF-IDF vectors (Salton and Buckley, 1988).

The floor for what is said of items that nobody has had yet. It is a baseline of `attune evaluate`, no part of a blend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.histories import History
from app.core.recommend.models.roster import Material
from app.core.recommend.signals.tables import weights_of
from app.core.recommend.signals.types import Scores

DECAY = 0.8
NEWEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class TfIdf:
    """`vectors`: one row of length 1 for each item, sparse [N, A]; 0 for an item without attributes."""

    vectors: csr_matrix
    name: str = "tfidf"

    def scores(self, history: History) -> Scores:
        """The cosine with every item of the history, newer ones weighing more, float32 [N]."""
        lately = history.newest(NEWEST)
        profile = self.vectors[lately.item].T @ weights_of(lately, DECAY)
        return np.asarray(self.vectors @ profile, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"starts": self.vectors.indptr, "attribute": self.vectors.indices, "weight": self.vectors.data}

    def meta(self) -> dict[str, Any]:
        return {"attributes": int(self.vectors.shape[1])}


def fit(given: Material) -> TfIdf:
    """Weigh the attributes; without any, nothing is like anything."""
    items = len(given.histories.items)
    described = given.facts.attributes
    if described is None or not described.count:
        return TfIdf(csr_matrix((items, 1), dtype=np.float32))
    having = np.bincount(described.attribute, minlength=described.count)
    idf = np.log(items / np.maximum(having, 1)) + 1.0
    weight = (described.weight * idf[described.attribute]).astype(np.float32)
    length = np.sqrt(np.bincount(described.item, weight**2, minlength=items))
    weight /= np.maximum(length, 1e-12)[described.item].astype(np.float32)
    return TfIdf(csr_matrix((weight, described.attribute, described.starts), shape=(items, described.count)))
