"""Several shoppers asked about at once: their histories one after the other, in arrays.

What NumPy does before each operation costs more than the operation where one shopper is asked about; a crowd pays it
once. `app.core.recommend.models.batch` ranks for crowds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Days, History, Items

Indexes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """B histories with E events, each oldest first.

    `item` and `back` int32 [E] as in `History`; `owner` intp [E]: whose event it is, ascending; `later` intp [E]: how
    many events of the same owner came after it; `age` float32 [E], None where any of the histories has none.
    """

    histories: Sequence[History]
    item: Items
    back: Items
    owner: Indexes
    later: Indexes
    age: Days | None

    @classmethod
    def of(cls, histories: Sequence[History]) -> Crowd:
        lengths = np.array([len(one) for one in histories], dtype=np.intp)
        ages = [one.age for one in histories if one.age is not None]
        return cls(
            histories,
            np.concatenate([one.item for one in histories]),
            np.concatenate([one.back for one in histories]),
            np.repeat(np.arange(len(histories)), lengths),
            np.repeat(np.cumsum(lengths), lengths) - 1 - np.arange(int(lengths.sum())),
            np.concatenate(ages) if len(ages) == len(histories) else None,
        )

    def __len__(self) -> int:
        return len(self.histories)
