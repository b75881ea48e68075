"""What goes with a shopper's history by what the items are, not by who had them: a voice for new and rare items.

Every item is scored from its description alone, the well-known ones too, so that an item that nobody has had yet
competes on equal terms. What was learnt about descriptions is `app.core.recommend.models.content`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.item_facts import DESCRIBED, Attributes
from app.core.recommend.signals.tables import TableSignal
from app.core.recommend.signals.types import Arrays, Said, Scores

LIKENESS = 4.0
"""The power of the cosine by which known items lend a newcomer their place: near ones must outweigh many far ones."""
LENDERS = 20


@dataclass(frozen=True, slots=True, eq=False)
class ContentSignal:
    """For every item those that go with it, as their descriptions tell; and the descriptions, for what comes later.

    Args:
        table: `rows` [N, K] and how a history is read with them.
        described: of every item its attributes with TF-IDF weights of length 1; no attributes where nothing is known.
    """

    name: ClassVar[str] = "content"

    table: TableSignal
    described: Attributes

    @property
    def everywhere(self) -> None:
        return None

    def scores(self, history: History) -> Scores:
        """The weighted sum of the rows of the history's items, float32 [N]."""
        return self.table.scores(history)

    def said(self, history: History) -> Said:
        """As `TableSignal.said`."""
        return self.table.said(history)

    def alike(self, attribute: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The known items most like one that came after the training, and their shares, which add up to 1.

        The newcomer's score is the sum of their scores times their shares; both are empty when nothing is like it.

        Args:
            attribute: int32 [n], what the newcomer is described by, each once.
        """
        described, items = self.described, len(self.described)
        shared = np.isin(described.attribute, attribute)
        _, place, sizes = np.unique(described.attribute[shared], return_inverse=True, return_counts=True)
        rarity = np.log((1.0 + items) / sizes)
        own = rarity / max(float(np.sqrt(np.sum(rarity**2))), 1e-12)
        cosine = np.bincount(described.item[shared], described.weight[shared] * own[place], minlength=items)
        near = np.argsort(-cosine, kind="stable")[:LENDERS]
        near = near[cosine[near] > 0]
        shares = cosine[near] ** LIKENESS
        return near, (shares / max(float(shares.sum()), 1e-12)).astype(np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {**self.table.arrays(), **{name: getattr(self.described, name) for name in DESCRIBED}}

    def meta(self) -> dict[str, Any]:
        return self.table.meta()

    @classmethod
    def of(cls, arrays: Arrays, meta: dict[str, Any]) -> ContentSignal:
        """The signal that an artefact holds.

        Raises:
            ValueError: an array is missing, or they do not fit together.
        """
        if missing := [name for name in DESCRIBED if name not in arrays]:
            raise ValueError(f"a content signal lacks the arrays {', '.join(missing)}")
        table, described = TableSignal.of(arrays, meta), Attributes(*(arrays[name] for name in DESCRIBED))
        if len(table.rows) != len(described):
            raise ValueError("a content signal has one description for each row")
        return cls(table, described)
