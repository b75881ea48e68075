"""What a shop has learnt since its last training: pairs that were just bought together, and where new products belong.

It stands beside one version of the model and means nothing beside another. It holds sums over orders and likenesses of
texts, but nobody's name or number, and it is bounded: a copy of it lies in every web process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.ids import ModelVersion, ProductId

Row = tuple[tuple[ProductId, float], ...]
"""Products with a score each, best first."""
Rows = Mapping[ProductId, Row]


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is newer than the model.

    Args:
        version: of the model that it was reckoned from.
        bought: in the place of the model's own neighbours, those with the new orders in them; of few products.
        placed: of every product that the model does not know the known ones that it is most like, and their shares.
    """

    version: ModelVersion
    bought: Rows = field(default_factory=dict)
    placed: Rows = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.bought or self.placed)

    def as_json(self) -> dict[str, Any]:
        return {"version": self.version, "bought": _written(self.bought), "placed": _written(self.placed)}

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Fresh:
        """As `as_json` wrote it.

        Raises:
            ValueError: something is missing, or is not what it should be.
        """
        try:
            return cls(ModelVersion(str(written["version"])), _read(written["bought"]), _read(written["placed"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not what a shop has learnt since its training: {error!r}") from error


def _written(rows: Rows) -> dict[str, list[float]]:
    """Products and scores by turns, which is shorter than pairs."""
    return {str(product): [part for pair in row for part in pair] for product, row in rows.items()}


def _read(rows: Mapping[str, list[float]]) -> dict[ProductId, Row]:
    return {
        ProductId(int(product)): tuple(
            [(ProductId(int(other)), float(score)) for other, score in zip(row[::2], row[1::2], strict=True)]
        )
        for product, row in rows.items()
    }
