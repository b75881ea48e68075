"""Model artefacts as an erasable place. They hold no row of any person, so only a shop's erasure finds something."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.ids import ShopId
from app.ports import ArtefactStore, Json, Subject


class ArtefactsPlace:
    name = "artefacts"

    def __init__(self, store: ArtefactStore) -> None:
        self._store = store

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:  # noqa: ARG002  (the port's shape)
        """Nothing: sums over orders name nobody, and the next training leaves the erased orders' buyer out."""
        return 0

    def remaining(self, shop: ShopId, subject: Subject) -> int:  # noqa: ARG002  (the port's shape)
        """None, for the same reason."""
        return 0

    def erase_shop(self, shop: ShopId) -> int:
        versions = list(self._store.versions(shop))
        for version in versions:
            self._store.delete(shop, version)
        return len(versions)

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:  # noqa: ARG002  (the port's shape)
        return []
