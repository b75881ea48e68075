"""Forget a shop's models after its owner has withdrawn consent (law 1): pointer, register, artefacts, lists, and the
keyed store of customers.

What shoppers see goes first. Every step may be repeated, so a killed run is finished by the next one; the work stays
due until the store itself holds none of our lists.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.core.errors import Busy
from app.core.ids import ProductId
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import (
    AdminApis,
    ArtefactStore,
    Claims,
    Consents,
    CustomerStore,
    DueWork,
    FreshStore,
    ListCache,
    Models,
    ModelSignals,
    PublishedLists,
)
from app.services import publish_lists
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.store_home_list import store_home_list
from app.services.store_lists import ALL_KEYS, delete_lists
from app.services.training_claim import alone, has_consent

DUE = "forget_models"


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    models: Models
    artefacts: ArtefactStore
    signals: ModelSignals
    cache: ListCache
    customers: CustomerStore
    fresh: FreshStore
    published: PublishedLists
    admin: AdminApis
    claims: Claims
    due: DueWork


def forget_models(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Wait = time.sleep) -> int:
    """Remove all that was learnt; returns how many products lost a list. Nothing happens under a granted consent.

    Raises:
        Busy: a training or a publishing runs; it notices the withdrawal or is undone by the next try.
        Permanent: there is no usable token, so the store's metafields stay for now; everything of ours is gone.
        Retryable: Shopify refused to take some of the lists away; they stay due.
    """
    with (
        alone(shop, ports.claims),
        ports.claims.keep(shop.id, publish_lists.CLAIM, seconds=publish_lists.CLAIM_S) as taken,
    ):
        if not taken:
            raise Busy(f"the lists of {shop.domain} are being published; they are removed when that is done")
        removed = 0
        if not has_consent(shop, ports.consents):
            _forget_ours(shop, ports, checkpoint)
            removed = _forget_in_the_store(shop, ports, checkpoint, wait)
        ports.due.done(shop.id, DUE)
        return removed


def _forget_ours(shop: Shop, ports: Ports, checkpoint: Checkpoint) -> None:
    ports.models.forget(shop.id)
    checkpoint("register_forgotten")
    ports.signals.model_changed(shop.id)
    ports.cache.forget(shop.id)
    checkpoint("cache_forgotten")
    ports.customers.forget(shop.id)
    ports.fresh.forget(shop.id)
    checkpoint("customers_forgotten")
    ports.artefacts.delete_all(shop.id)
    checkpoint("artefacts_deleted")


def _forget_in_the_store(shop: Shop, ports: Ports, checkpoint: Checkpoint, wait: Wait) -> int:
    api = ports.admin.of(shop)
    removed, refused = 0, dict[ProductId, str]()
    keys = dict.fromkeys(ports.published.standing(shop.id), ALL_KEYS)
    for outcome in delete_lists(api, keys, wait=wait):
        checkpoint("lists_deleted")
        ports.published.remove(shop.id, outcome.accepted)
        removed += len(outcome.accepted)
        refused.update({**outcome.refused, **outcome.unsure})
    if refused:
        raise Retryable(f"{len(refused)} lists still stand in {shop.domain}: {next(iter(refused.values()))}")
    checkpoint("lists_forgotten")
    store_home_list(api, ())
    checkpoint("home_forgotten")
    return removed
