"""A recurrent network that has read a shopper's history says what comes next; run in NumPy, trained in JAX elsewhere.

A gated recurrent unit (Cho et al., EMNLP 2014) over the embeddings of the newest items, as in GRU4Rec (Hidasi et al.,
ICLR 2016); the same embeddings score the items. What is among the newest items has a weight of its own to come again.
`app.core.recommend.models.gru4rec` fits it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.crowd import Crowd
from app.core.recommend.histories import History
from app.core.recommend.signals.types import Arrays, Scores

Floats = npt.NDArray[np.float32]
NEWEST = 20
"""Events of a history that are read; each costs a request about 10 µs."""
LEAST_LOGIT = np.float32(-80.0)
"""Below the best one; what is further away would leave the range in which float32 is fast."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The weights of one gated recurrent unit with H hidden values, whose inputs have H values too.

    The columns of `into`, `again` float32 [H, 3H] and `bias` [3H] belong to the reset gate, the update gate and the new
    value, in this order; `inner` [H] is the bias of the old state within the new value (the variant in which the reset
    gate acts after the product, so that a step is one product).
    """

    into: Floats
    again: Floats
    bias: Floats
    inner: Floats

    def run(self, inputs: Floats) -> Floats:
        """The state after the last of the inputs, float32 [H]; zeros without any. `inputs`: float32 [n, H]."""
        width = len(self.inner)
        state = np.zeros(width, dtype=np.float32)
        one = np.float32(1.0)
        for own in inputs @ self.into + self.bias:
            old = state @ self.again
            gates = one / (one + np.exp(-(own[: 2 * width] + old[: 2 * width])))
            new = np.tanh(own[2 * width :] + gates[:width] * (old[2 * width :] + self.inner))
            state = new + gates[width:] * (state - new)
        return np.asarray(state, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class GruSignal:
    """The network and the items that it has learnt, which may be fewer than the catalogue's.

    Args:
        items: N, the size of the catalogue.
        known: int32 [K], ascending: the positions of the items that the network has learnt.
        embedding: float32 [K, H], of length 1, read as input and as output.
        bias: float32 [K], added to the items' logits.
        back: float32 [NEWEST], added to the logits of what was read, by how many read items ago that was last.
        scale: what the cosine of state and item is multiplied with to be a logit.
    """

    items: int
    known: npt.NDArray[np.int32]
    embedding: Floats
    bias: Floats
    back: Floats
    cell: Cell
    scale: float
    name: str = "gru"
    _row: npt.NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        row = np.full(self.items, -1, dtype=np.int32)
        row[self.known] = np.arange(len(self.known), dtype=np.int32)
        object.__setattr__(self, "_row", row)

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> GruSignal:
        """The signal that an artefact holds.

        Raises:
            ValueError: an array is missing, or the arrays do not fit together.
        """
        try:
            items, scale, name = int(meta["items"]), float(meta["scale"]), str(meta["name"])
            known, embedding, bias, back = arrays["known"], arrays["embedding"], arrays["bias"], arrays["back"]
            cell = Cell(*(arrays[f"cell_{part}"] for part in ("into", "again", "bias", "inner")))
        except KeyError as error:
            raise ValueError(f"a recurrent network lacks {error}") from error
        wide = embedding.shape[-1]
        shapes = {
            "embedding": (embedding, (len(known), wide)),
            "bias": (bias, (len(known),)),
            "back": (back, (NEWEST,)),
            "cell_into": (cell.into, (wide, 3 * wide)),
            "cell_again": (cell.again, (wide, 3 * wide)),
            "cell_bias": (cell.bias, (3 * wide,)),
            "cell_inner": (cell.inner, (wide,)),
        }
        for what, (array, shape) in shapes.items():
            if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError(f"a recurrent network: {what} is not a finite float32 array of shape {shape}")
        if (len(known) and not 0 <= int(known[0]) <= int(known[-1]) < items) or (np.diff(known) <= 0).any():
            raise ValueError("a recurrent network: the known items are not ascending positions of the catalogue")
        return cls(items, known, embedding, bias, back, cell, scale, name)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "known": self.known,
            "embedding": self.embedding,
            "bias": self.bias,
            "back": self.back,
            "cell_into": self.cell.into,
            "cell_again": self.cell.again,
            "cell_bias": self.cell.bias,
            "cell_inner": self.cell.inner,
        }

    def meta(self) -> dict[str, Any]:
        return {"name": self.name, "items": self.items, "scale": self.scale}

    def read(self, history: History) -> npt.NDArray[np.int32]:
        """The rows of the newest items that it knows, int32 [n], n up to NEWEST."""
        rows = self._row[history.item]
        return rows[rows >= 0][-NEWEST:]

    def state(self, history: History) -> Floats | None:
        """What it makes of the newest items that it knows, float32 [H], of length 1; None where it knows none."""
        return self._state(self.read(history))

    def _state(self, rows: npt.NDArray[np.int32]) -> Floats | None:
        if not len(rows):
            return None
        state = self.cell.run(self.embedding[rows])
        return np.asarray(state / np.sqrt(state @ state + np.float32(1e-12)), dtype=np.float32)

    def again(self, history: History) -> tuple[npt.NDArray[np.int32], Floats]:
        """The distinct rows that were read, ascending, and what is added to their logits."""
        return self._again(self.read(history))

    def _again(self, read: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], Floats]:
        rows, ago = np.unique(read[::-1], return_index=True)
        return rows, self.back[ago]

    def among(self, history: History, at: npt.NDArray[np.intp]) -> Scores:
        """The chance of each of these items against the likeliest of them, float32 [C]; 0 for what it does not know."""
        read = self.read(history)
        state = self._state(read)
        rows = self._row[at]
        known = rows >= 0
        if state is None or not known.any():
            return np.zeros(len(at), dtype=np.float32)
        logits = self.embedding.take(rows, axis=0, mode="wrap") @ (state * np.float32(self.scale))
        logits += self.bias.take(rows, mode="wrap")
        seen, added = self._again(read)
        place = np.minimum(seen.searchsorted(rows), len(seen) - 1)
        logits += np.where(seen[place] == rows, added[place], np.float32(0.0))
        logits -= logits[known].max()
        chances = np.exp(np.minimum(np.maximum(logits, LEAST_LOGIT), np.float32(0.0)))
        chances[~known] = 0.0
        return np.asarray(chances, dtype=np.float32)

    def among_all(self, crowd: Crowd, at: Sequence[npt.NDArray[np.intp]]) -> Sequence[Scores]:
        """As `among`, for each of a crowd; read one by one."""
        return [self.among(history, own) for history, own in zip(crowd.histories, at, strict=True)]

    def scores(self, history: History) -> Scores:
        """The probability of every item to come next, float32 [N] (softmax; together 1, or all 0 without a state)."""
        state = self.state(history)
        if state is None:
            return np.zeros(self.items, dtype=np.float32)
        logits = self.embedding @ (state * np.float32(self.scale))
        logits += self.bias
        seen, added = self.again(history)
        logits[seen] += added
        logits -= logits.max()
        np.maximum(logits, LEAST_LOGIT, out=logits)
        np.exp(logits, out=logits)
        logits /= logits.sum()
        if len(self.known) == self.items:
            return logits
        scores = np.zeros(self.items, dtype=np.float32)
        scores[self.known] = logits
        return scores
