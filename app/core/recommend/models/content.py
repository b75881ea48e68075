"""Learn from well-known items what goes with which descriptions, so that a new item is placed by what it is.

Ridge regression of behaviour on content (Hoerl and Kennard, "Ridge regression", Technometrics 12(1), 1970): for every
item i, how often other items j come with it is predicted from j's attributes, weighted by TF-IDF. Every well-known j is
predicted as if it had been left out of the learning (Allen's PRESS residual, Technometrics 16(1), 1974, a closed form),
so that its score is as good a guess as that of an item nobody has had: neither kind is ahead in the one ranking.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags

from app.core.recommend.histories import Histories
from app.core.recommend.item_facts import Attributes
from app.core.recommend.models.together import MOST_PAIRS, together
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.tables import TableSignal, table_of

Floats = npt.NDArray[np.float32]

MOST_ATTRIBUTES = 2048
"""Attributes that are learnt about, those of most items; fewer in large catalogues, see `EFFORT`."""
EFFORT = 2e11
"""Multiplications granted for turning every item's companions into attributes: items × attributes²."""
PAIRS = 1e11
"""Multiplications granted for scoring all items beside all others: items² × attributes of an item."""
MOST_OF_ITEM = (8, 100)
CELLS = 6_000_000
"""Places in the table, for K: more of them help a little, and an artefact is mapped by every web process."""
WIDTHS = (100, 200)
BLOCK_CELLS = 16_000_000
"""Scores that are held at a time; bounds the memory."""
SURE = np.float32(0.95)
"""The most that an item is taken to have shaped its own prediction, so that leaving it out does not divide by 0."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """With c(i, j) from `together` and m its sums by item, the regression explains c(i, j) / (m(i) m(j)) ** exponent.

    Args:
        ridge: in items: an attribute of so many well-known items is believed half.
        granted: what an item's own description says of its companions counts as so many pairs of events beside those
            that were seen; all that is known of the companions of a new item.
        reach, away, backward: how pairs are counted (`together`).
        decay, newest: how a history is read (`TableSignal`).
    """

    ridge: float = 10.0
    exponent: float = 0.4
    granted: float = 5.0
    reach: int = 20
    away: float = 0.9
    backward: float = 0.7
    decay: float = 0.8
    newest: int = 20

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


DEFAULT = Parameters()


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """The regression.

    `content` [N, D]: TF-IDF rows of length 1. `companions` [N, N]: what is explained. `known` bool [N]: who had
    companions. `solved` [D, D]: the inverse of the attributes' ridge matrix. `between` [D, D]: how much an attribute of
    an item speaks for an attribute of its companions; `granted` [N]: how much that counts for each item.
    """

    content: csr_matrix
    companions: csr_matrix
    known: npt.NDArray[np.bool_]
    solved: Floats
    between: Floats
    granted: Floats

    @property
    def leverage(self) -> Floats:
        """How much each item has shaped the prediction of itself, float32 [N], 0 to `SURE`; 0 for unknown ones."""
        own = np.zeros(len(self.known), dtype=np.float32)
        for low, high in _blocks(*self.content.shape):
            part = self.content[low:high]
            own[low:high] = np.asarray(part.multiply(part @ self.solved).sum(axis=1)).ravel()
        return np.where(self.known, np.clip(own, np.float32(0.0), SURE), np.float32(0.0))


def fit(histories: Histories, parameters: Parameters = DEFAULT, *, attributes: Attributes | None) -> ContentSignal:
    """The signal; deterministic for the same input.

    Time grows linearly with the events, and with items × (items × attributes of an item) for the table.

    Args:
        attributes: of the histories' items; None for a signal that says nothing.

    Raises:
        ValueError: the attributes are of another catalogue.
    """
    items = len(histories.items)
    if attributes is None:
        attributes = Attributes(np.zeros(items + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    if len(attributes) != items:
        raise ValueError(f"there are attributes of {len(attributes)} items for a catalogue of {items}")
    content, numbers = weighted(attributes)
    rows = table(learnt(histories, content, parameters))
    described = Attributes(content.indptr.astype(np.int64), numbers[content.indices], content.data)
    return ContentSignal(TableSignal(ContentSignal.name, rows, parameters.decay, parameters.newest), described)


def weighted(attributes: Attributes) -> tuple[csr_matrix, npt.NDArray[np.int32]]:
    """TF-IDF of the attributes that tell items alike, rows of length 1, float32 [N, D]; and the D attributes' numbers.

    An attribute of one item only can teach nothing about another; of the rest those of most items are kept, and of
    each item in a large catalogue those that weigh most.
    """
    items = len(attributes)
    numbers, column, sizes = np.unique(attributes.attribute, return_inverse=True, return_counts=True)
    most = int(np.clip(np.sqrt(EFFORT / max(items, 1)), 64, MOST_ATTRIBUTES))
    kept = np.sort(np.lexsort((numbers, -sizes))[:most])
    kept = kept[sizes[kept] >= 2]
    place = np.full(len(numbers), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    there = place[column] >= 0
    rarity = np.log((1.0 + items) / sizes[kept])
    at = place[column][there]
    rows = csr_matrix(
        (attributes.weight[there] * rarity[at], (attributes.item[there], at)),
        shape=(items, len(kept)),
        dtype=np.float64,
    )
    rows = _strongest(rows, int(np.clip(PAIRS / max(items, 1) ** 2, *MOST_OF_ITEM)))
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    unit = (diags(1.0 / np.maximum(lengths, 1e-12)) @ rows).astype(np.float32)
    return csr_matrix(unit), numbers[kept].astype(np.int32)


def _strongest(rows: csr_matrix, most: int) -> csr_matrix:
    """Of every row the `most` greatest values, those of lower columns where values are equal."""
    sizes = np.diff(rows.indptr)
    row = np.repeat(np.arange(rows.shape[0]), sizes)
    order = np.lexsort((rows.indices, -rows.data, row))
    rank = np.arange(len(row)) - np.repeat(rows.indptr[:-1], sizes)
    kept = order[rank < most]
    chosen = csr_matrix((rows.data[kept], (row[kept], rows.indices[kept])), shape=rows.shape)
    chosen.sort_indices()
    return chosen


def learnt(histories: Histories, content: csr_matrix, parameters: Parameters) -> Learnt:
    """Fit the regression on the items that had companions."""
    reach = max(min(parameters.reach, MOST_PAIRS // max(len(histories.item), 1)), 1)
    counted = together(histories, reach=reach, away=parameters.away, backward=parameters.backward)
    mass = np.asarray(counted.sum(axis=1)).ravel()
    scale = diags(np.maximum(mass, 1.0) ** -parameters.exponent)
    companions = csr_matrix(scale @ counted @ scale).astype(np.float32)
    known = mass > 0
    seen = csr_matrix(diags(known.astype(np.float32)) @ content)
    gram = (seen.T @ seen).toarray().astype(np.float64)
    gram.flat[:: len(gram) + 1] += parameters.ridge
    solved = np.linalg.inv(gram).astype(np.float32) if len(gram) else gram.astype(np.float32)
    crossed = np.zeros(gram.shape, dtype=np.float32)
    for low, high in _blocks(*content.shape):
        crossed += seen[low:high].T @ (companions[low:high] @ seen).toarray()
    granted = (parameters.granted / np.maximum(mass + parameters.granted, 1e-12)).astype(np.float32)
    return Learnt(content, companions, known, solved, solved @ crossed @ solved, granted)


def table(model: Learnt, *, threads: int = 2) -> Neighbours:
    """Of every item those that go best with it by their descriptions, `NEIGHBOUR` [N, K]."""
    items = model.content.shape[0]
    width = min(int(np.clip(CELLS // max(items, 1), *WIDTHS)), max(items - 1, 0))
    rows = np.zeros((items, width), dtype=NEIGHBOUR)
    rows["index"] = -1
    if not model.content.nnz or not model.companions.nnz:
        return rows[:, :0]
    seen = csr_matrix(diags(model.known.astype(np.float32)) @ model.content)
    leverage = model.leverage

    def fill(block: tuple[int, int]) -> None:
        low, high = block
        scores = _predicted(model, seen, leverage, low, high)
        source, target = _promising(scores, width)
        best = table_of(source, target, scores[source, target], high - low, width)
        rows[low:high, : best.shape[1]] = best

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, _blocks(items, items)))
    return rows


def _predicted(model: Learnt, seen: csr_matrix, leverage: Floats, low: int, high: int) -> Floats:
    """What every item is worth beside the items [low, high), as if it had been left out, float32 [high - low, N]."""
    own = model.companions[low:high]
    asked = (own @ seen).toarray() @ model.solved
    asked += model.granted[low:high, None] * (model.content[low:high] @ model.between)
    asked = np.ascontiguousarray(asked.T)
    scores = np.empty((high - low, len(leverage)), dtype=np.float32)
    for start in range(0, len(leverage), TURNED):
        scores[:, start : start + TURNED] = (model.content[start : start + TURNED] @ asked).T
    own = own.tocoo()
    scores[own.row, own.col] -= leverage[own.col] * own.data
    scores /= np.float32(1.0) - leverage
    scores[np.arange(high - low), np.arange(low, high)] = 0.0
    return scores


TURNED = 2048
"""Items whose scores are turned from columns to rows at a time, while they are in the processor's cache."""
SAMPLED = 16
"""One score in so many tells about where the best ones begin; looking through all of them for that takes longest."""


def _promising(scores: Floats, width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of at least the `width` best scores above 0 of every row."""
    sample = scores[:, ::SAMPLED]
    rank = 2 * width // SAMPLED + 8
    if rank < sample.shape[1]:
        floor = np.maximum(np.partition(sample, -rank, axis=1)[:, -rank], 0.0)
        promising = scores > floor[:, None]
        short = np.count_nonzero(promising, axis=1) < width
        promising[short] = scores[short] > 0
    else:
        promising = scores > 0
    row, column = np.nonzero(promising)
    return row, column


def _blocks(items: int, columns: int) -> list[tuple[int, int]]:
    size = int(np.clip(BLOCK_CELLS // max(columns, 1), 1, 1024))
    return [(low, min(low + size, items)) for low in range(0, items, size)]
