"""Roll back: the rails use the model before the present one again, and the store's lists follow.

Erasure tombstones are applied by construction: artefacts hold sums over orders and sessions and factors of products,
but no row of any person; what is read beside them (customers, visitors) leaves out who was erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import NotEnoughData
from app.core.ids import ModelVersion
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import ArtefactStore, Claims, Clock, Consents, Models, ModelSignals
from app.services.checkpoints import Checkpoint, carry_on
from app.services.training_claim import alone, require_consent


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    artefacts: ArtefactStore
    models: Models
    signals: ModelSignals
    claims: Claims
    clock: Clock


def roll_back(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> ModelVersion:
    """Flip the pointer to the version before and return it; its lists are due afterwards (`publish_lists`).

    Raises:
        NoConsent: there is no consent, so there is no model to go back to.
        NotEnoughData: no earlier version is kept undamaged.
        Busy: a training is running.
    """
    require_consent(shop, ports.consents)
    with alone(shop, ports.claims):
        available = [version for version in ports.artefacts.versions(shop.id) if _is_whole(shop, version, ports)]
        version = ports.models.roll_back(shop.id, at=ports.clock.now(), available=available)
        if version is None:
            raise NotEnoughData(f"{shop.domain} has no earlier model to go back to")
        checkpoint("pointer_moved_back")
        ports.signals.model_changed(shop.id)
        checkpoint("signalled")
        return version


def _is_whole(shop: Shop, version: ModelVersion, ports: Ports) -> bool:
    try:
        ports.artefacts.read(shop.id, version)
    except Permanent:
        return False
    return True
