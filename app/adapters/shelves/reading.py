"""Reads what belongs on a shelf beside the catalogue: the model, the running experiments, the models that they name.

Each of them may fail without the others: a shelf goes on with what it has.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from app.adapters.counters import Count, Counters
from app.adapters.shelves.shelf import CatalogShelf
from app.core.experiments.assign import Experiments
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.errors import Permanent, Retryable
from app.ports import ArtefactStore, ExperimentRegister, Models

log = logging.getLogger(__name__)


class ShelfReader:
    def __init__(
        self, models: Models, artefacts: ArtefactStore, experiments: ExperimentRegister, counters: Counters
    ) -> None:
        self._models, self._artefacts, self._experiments = models, artefacts, experiments
        self._counters = counters

    def model(self, shop: ShopId, known: ServedModel | None = None) -> ServedModel | None:
        """The published model; None when there is none.

        A version never changes, so the one that is `known` is not read again. It also stays in use while the files of
        the published one are damaged; without it the cascade goes on with stored lists.
        """
        version = self._models.current(shop)
        if version is None:
            return None
        if known is not None and known.version == version:
            return known
        return self._read(shop, version) or known

    def experiments(self, shop: ShopId) -> Experiments | None:
        """Those in force; None when they can't be read, which must not keep a shop from being answered."""
        try:
            return Experiments.of(self._experiments.in_force(shop))
        except Exception:
            # Whatever is wrong with them: without experiments everybody gets what everybody gets.
            log.exception("the experiments of shop %s cannot be read", shop)
            self._counters.add(Count.EXPERIMENTS_UNREAD)
            return None

    def pinned(self, shop: ShopId, shelf: CatalogShelf) -> Mapping[ModelVersion, ServedModel]:
        """The versions that running experiments name; those that are mapped already are not read again.

        Where no model is published none is in use, whatever an experiment says: the merchant may have withdrawn.
        """
        if shelf.model is None:
            return {}
        known = {**shelf.pinned, shelf.model.version: shelf.model}
        found = {version: known.get(version) or self._read(shop, version) for version in shelf.experiments.versions}
        return {version: model for version, model in found.items() if model is not None}

    def _read(self, shop: ShopId, version: ModelVersion) -> ServedModel | None:
        try:
            return ServedModel.of(ItemModel.of(version, *self._artefacts.read(shop, version)))
        except (Permanent, Retryable, ValueError, KeyError):
            log.exception("model %s of shop %s cannot be read", version, shop)
            return None
