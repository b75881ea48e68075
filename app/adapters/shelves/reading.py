"""Reads what belongs on a shelf beside the catalogue: the model, sliders and experiments, the models that these name.

Each of them may fail without the others: a shelf goes on with what it has.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from app.adapters.counters import Count, Counters
from app.adapters.shelves.shelf import CatalogShelf
from app.core.experiments.assign import Experiments
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.canary import Canary
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.errors import Permanent, Retryable
from app.ports import ArtefactStore, ExperimentRegister, FreshStore, Models, SteeringRegister

log = logging.getLogger(__name__)


class ShelfReader:
    def __init__(
        self,
        models: Models,
        artefacts: ArtefactStore,
        experiments: ExperimentRegister,
        counters: Counters,
        steering: SteeringRegister | None = None,
        fresh: FreshStore | None = None,
    ) -> None:
        self._models, self._artefacts, self._experiments = models, artefacts, experiments
        self._counters, self._steering, self._fresh = counters, steering, fresh

    def model(self, shop: ShopId, known: ServedModel | None = None) -> ServedModel | None:
        """The published model; None when there is none.

        A version never changes, so the one that is `known` is not read again. It also stays in use while the files of
        the published one are damaged, or else the one that was in use before is; without either the cascade goes on
        with stored lists.
        """
        version = self._models.current(shop)
        if version is None:
            return None
        if known is None or known.version != version:
            known = self._read(shop, version) or known or self._before(shop)
        return self._with_news(shop, known)

    def experiments(self, shop: ShopId) -> Experiments | None:
        """Those in force over the rails' sliders; None when they can't be read: a shop is answered all the same."""
        try:
            kept = self._steering.in_force(shop) if self._steering is not None else {}
            standing = {rail: one.steering for rail, one in kept.items()}
            return Experiments.of(self._experiments.in_force(shop), standing)
        except Exception:
            # Whatever is wrong with them: without experiments everybody gets what everybody gets.
            log.exception("the experiments of shop %s cannot be read", shop)
            self._counters.add(Count.EXPERIMENTS_UNREAD)
            return None

    def canary(self, shop: ShopId) -> Canary | None:
        """The version that some visitors get first."""
        return self._models.canary(shop)

    def _before(self, shop: ShopId) -> ServedModel | None:
        version = self._models.previous(shop)
        return self._read(shop, version) if version is not None else None

    def pinned(
        self, shop: ShopId, shelf: CatalogShelf, canary: Canary | None = None
    ) -> Mapping[ModelVersion, ServedModel]:
        """The versions that running experiments name, and the canary; those that are mapped already are not read again.

        Where no model is published none is in use, whatever an experiment says: the merchant may have withdrawn.
        """
        if shelf.model is None:
            return {}
        known = {**shelf.pinned, shelf.model.version: shelf.model}
        wanted = shelf.experiments.versions | ({canary.version} if canary is not None else set())
        found = {version: self._with_news(shop, known.get(version) or self._read(shop, version)) for version in wanted}
        return {version: model for version, model in found.items() if model is not None}

    def _with_news(self, shop: ShopId, model: ServedModel | None) -> ServedModel | None:
        """The model with what the shop has learnt since it was trained."""
        if model is None or self._fresh is None:
            return model
        return model.with_fresh(self._fresh.get(shop, model.version))

    def _read(self, shop: ShopId, version: ModelVersion) -> ServedModel | None:
        try:
            return ServedModel.of(ItemModel.of(version, *self._artefacts.read(shop, version)))
        except (Permanent, Retryable, ValueError, KeyError):
            log.exception("model %s of shop %s cannot be read", version, shop)
            self._counters.add(Count.MODELS_UNREAD)
            return None
