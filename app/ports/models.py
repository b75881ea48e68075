"""Trained models, and the lists that were made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

if TYPE_CHECKING:
    from app.core.experiments.types import ExperimentId
    from app.core.ids import (
        ModelVersion,
        ProductId,
        ShopId,
    )
    from app.core.recommend.canary import Canary, Served, Trial
    from app.core.recommend.watched_days import Day
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
    lineage: Mapping[str, Any] = field(default_factory=dict)
    """What it was learnt from and by which code (`app.core.recommend.model_card`); empty in old versions."""


class Models(Protocol):
    """The register of trainings and the pointer to the version in use."""

    def current(self, shop: ShopId) -> ModelVersion | None: ...

    def in_use(self, shop: ShopId) -> ModelRecord | None:
        """What the register says of the current version."""

    def one(self, shop: ShopId, version: ModelVersion) -> ModelRecord | None:
        """What it says of this version."""

    def previous(self, shop: ShopId) -> ModelVersion | None:
        """The version that was in use before the current one."""

    def canary(self, shop: ShopId) -> Canary | None:
        """The version that some visitors get first."""

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


class Trials(Protocol):
    """How versions do once shoppers get them. Every change is one transaction with what the register and the pointer
    say; one whose turn is over (the stage has changed meanwhile) changes nothing."""

    def one(self, shop: ShopId, version: ModelVersion) -> Trial | None: ...

    def watched(self, shop: ShopId) -> Trial | None:
        """The one to look at: the canary, or else what everybody got lately."""

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[Trial]:
        """The newest first."""

    def start_canary(self, shop: ShopId, trial: Trial) -> None:
        """Let some visitors get it; a canary that is at work is replaced."""

    def publish(self, shop: ShopId, trial: Trial) -> None:
        """Let everybody get it at once, from `Trial.live_at` on; a canary that is at work is replaced."""

    def promote(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Let everybody get the canary; False when it is none any more."""

    def take_back(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Let nobody get the canary any more; False when it is none any more."""

    def replace_canary(self, shop: ShopId, *, at: datetime, reason: str) -> ModelVersion | None:
        """End the canary without a judgement; None when there is none."""

    def go_back(
        self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str, available: Collection[ModelVersion]
    ) -> ModelVersion | None:
        """Take a version back that everybody gets: the pointer goes to the one before, of those that are `available`.

        None when there is none, or when the pointer has moved meanwhile.
        """

    def keep(self, shop: ShopId, version: ModelVersion, *, at: datetime, reason: str) -> bool:
        """Nothing spoke against it: it is not watched any longer."""

    def note(self, shop: ShopId, version: ModelVersion, figures: Json, *, at: datetime) -> None:
        """Keep what was counted."""


class ModelsServed(Protocol):
    """What shoppers did with what models recommended, of consenting visitors, without names."""

    def of_versions(
        self,
        shop: ShopId,
        versions: Sequence[ModelVersion],
        *,
        since: datetime,
        until: datetime,
        apart: Collection[ExperimentId] = (),
    ) -> Mapping[ModelVersion, Served]:
        """By version; visitors who got several count for the first of them, those in experiments `apart` for none."""

    def by_day(self, shop: ShopId, *, at: datetime, first: int, until: datetime) -> Sequence[Day]:
        """By 24 hours counted from `at`, of all models, from day `first` (0 begins at `at`) on."""


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
