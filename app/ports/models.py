"""Trained models, and the lists that were made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy.typing as npt

from app.core.ids import (
    ModelVersion,
    ProductId,
    ShopId,
)
from app.ports.serving import StoredList
from app.ports.work import Json


class ArtefactStore(Protocol):
    """Immutable, versioned model files. What is published never changes; a half-written version is never visible."""

    def write(
        self, shop: ShopId, version: ModelVersion, arrays: Mapping[str, npt.NDArray[Any]], meta: Json
    ) -> None: ...

    def read(self, shop: ShopId, version: ModelVersion) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Memory-mapped arrays and the manifest's meta, checksums verified.

        Raises:
            Permanent: the version is missing or damaged.
        """

    def delete(self, shop: ShopId, version: ModelVersion) -> None: ...

    def delete_all(self, shop: ShopId) -> int:
        """Remove every version of the shop, half-written ones included; returns how many there were."""

    def versions(self, shop: ShopId) -> Sequence[ModelVersion]: ...


@dataclass(frozen=True, slots=True)
class ModelRecord:
    version: ModelVersion
    state: str
    strategy: str
    trained_at: datetime
    orders: int
    products: int
    metrics: Mapping[str, Any]
    note: str


class Models(Protocol):
    """The register of trainings and the pointer to the version in use."""

    def current(self, shop: ShopId) -> ModelVersion | None: ...

    def in_use(self, shop: ShopId) -> ModelRecord | None:
        """What the register says of the current version."""

    def record(self, shop: ShopId, record: ModelRecord) -> None: ...

    def publish(self, shop: ShopId, version: ModelVersion, *, at: datetime) -> None:
        """Flip the pointer in one transaction; the version before it stays for a roll-back."""

    def roll_back(self, shop: ShopId, *, at: datetime, available: Collection[ModelVersion]) -> ModelVersion | None:
        """Flip back to the version before, one of those whose artefact is `available`; None when there is none.

        A roll-back that was killed before its lists were published is finished, not followed by another one.
        """

    def lists_settled(self, shop: ShopId, version: ModelVersion | None) -> None:
        """The lists of `version` stand in the store; they stay due if the pointer has moved since."""

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[ModelRecord]: ...

    def forget(self, shop: ShopId) -> None:
        """Remove the register and the pointer (withdrawn consent, shop erasure)."""


class ModelSignals(Protocol):
    def model_changed(self, shop: ShopId) -> None:
        """Tell every process that the pointer to the shop's model has moved."""


class ListCache(Protocol):
    """The item-level lists beside the hot path, for processes that have not mapped the shop's model yet."""

    def replace(self, shop: ShopId, lists: Mapping[ProductId, StoredList]) -> None:
        """Put these lists in the place of all that stand there, in one step."""

    def forget(self, shop: ShopId) -> None: ...


@dataclass(frozen=True, slots=True)
class ListPlace:
    """An active product, and the digest of the list in its metafields; None when it has none."""

    product_id: ProductId
    digest: str | None


class PublishedLists(Protocol):
    """What we know to stand in the store's metafields."""

    def places(self, shop: ShopId) -> Sequence[ListPlace]:
        """All active products."""

    def standing(self, shop: ShopId) -> Sequence[ProductId]:
        """The products whose metafields hold a list, active or not."""

    def record(self, shop: ShopId, digests: Mapping[ProductId, str], *, at: datetime) -> None: ...

    def remove(self, shop: ShopId, products: Iterable[ProductId]) -> None: ...

    def record_failures(self, shop: ShopId, failures: Mapping[ProductId, str], *, at: datetime) -> None:
        """Keep what Shopify said of the lists that it refused."""
