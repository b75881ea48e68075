"""Roll back: the rails use the model before the newest one again, and the store's lists follow.

While a canary serves some visitors the newest one is the canary: it goes, and the pointer stays where it is.

Erasure tombstones are applied by construction: artefacts hold sums over orders and sessions and factors of products,
but no row of any person; what is read beside them (customers, visitors) leaves out who was erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import NotEnoughData
from app.core.ids import ModelVersion
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import ArtefactStore, Claims, Clock, Consents, Models, ModelSignals, Trials
from app.services.checkpoints import Checkpoint, carry_on
from app.services.training_claim import alone, require_consent

BY_HAND = "Somebody went back to the model in use."


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    artefacts: ArtefactStore
    models: Models
    trials: Trials
    signals: ModelSignals
    claims: Claims
    clock: Clock


def roll_back(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> ModelVersion:
    """End the canary, or flip the pointer to the version before; returns what is in use then.

    Its lists are due afterwards (`publish_lists`).

    Raises:
        NoConsent: there is no consent, so there is no model to go back to.
        NotEnoughData: no earlier version is kept undamaged.
        Busy: a training is running.
    """
    require_consent(shop, ports.consents)
    with alone(shop, ports.claims):
        now = ports.clock.now()
        if ports.trials.replace_canary(shop.id, at=now, reason=BY_HAND) is not None:
            version = ports.models.current(shop.id)
        else:
            available = whole_versions(shop, ports.artefacts)
            version = ports.models.roll_back(shop.id, at=now, available=available)
        if version is None:
            raise NotEnoughData(f"{shop.domain} has no earlier model to go back to")
        checkpoint("pointer_moved_back")
        ports.signals.model_changed(shop.id)
        checkpoint("signalled")
        return version


def whole_versions(shop: Shop, artefacts: ArtefactStore) -> list[ModelVersion]:
    """Those whose files are as they were written."""
    return [version for version in artefacts.versions(shop.id) if is_whole(shop, version, artefacts)]


def is_whole(shop: Shop, version: ModelVersion, artefacts: ArtefactStore) -> bool:
    """Whether the version's files are as they were written."""
    try:
        artefacts.read(shop.id, version)
    except Permanent:
        return False
    return True
