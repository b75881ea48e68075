"""Publish every product's list from the model in use: into the store's metafields and beside the hot path.

Lists are a function of the model, the catalogue and what stands there already, so a run that was killed is simply run
again: it finds what is missing and writes that. Only lists that changed travel.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import Busy
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.lists import item_list
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.ports import (
    AdminApis,
    ArtefactStore,
    CatalogReader,
    Claims,
    Clock,
    Consents,
    ListCache,
    ListPlace,
    Models,
    PublishedLists,
    StoredList,
)
from app.services.checkpoints import Checkpoint, carry_on
from app.services.store_lists import Wait, delete_lists, digest_of, write_lists
from app.services.training_claim import require_consent

CLAIM = "publish_lists"
CLAIM_S = 900.0
"""Renewed while the worker lives; what a killed one left running in Shopify mostly ends before the next one starts."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What publishing needs from the outside."""

    consents: Consents
    models: Models
    artefacts: ArtefactStore
    catalog: CatalogReader
    published: PublishedLists
    cache: ListCache
    admin: AdminApis
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Published:
    """How many lists were written, taken away, left as they stood, and refused by Shopify."""

    version: ModelVersion | None
    written: int
    removed: int
    unchanged: int
    refused: int


def publish_lists(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Wait = time.sleep) -> Published:
    """Bring all lists to the model in use; without a model there is nothing to do.

    Raises:
        NoConsent: the merchant has withdrawn; the lists are about to be taken away.
        Busy: another worker is at it.
        Permanent: the artefact is damaged, or there is no usable token.
        Retryable: Shopify did not finish; what it did is recorded, the rest stays due.
    """
    require_consent(shop, ports.consents)
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the lists of {shop.domain} are being published already")
        version = ports.models.current(shop.id)
        if version is None:
            ports.models.lists_settled(shop.id, None)
            return Published(None, 0, 0, 0, 0)
        lists, places = _lists(shop, version, ports)
        ports.cache.replace(shop.id, lists)
        checkpoint("lists_cached")
        published = _bring_up_to_date(shop, version, ports, lists, places, checkpoint, wait)
        ports.models.lists_settled(shop.id, version)
        checkpoint("lists_settled")
        return published


def _lists(shop: Shop, version: ModelVersion, ports: Ports) -> tuple[dict[ProductId, StoredList], list[ListPlace]]:
    """The list of every active product that has one, and the places for them."""
    model = ItemModel.of(version, *ports.artefacts.read(shop.id, version))
    buyable = {card.product_id for card in ports.catalog.cards(shop.id) if card.buyable}
    places = list(ports.published.places(shop.id))
    lists = {}
    for place in places:
        ranking = item_list(model, place.product_id, buyable.__contains__)
        if ranking.items:
            products = tuple(item.product_id for item in ranking.items)
            lists[place.product_id] = StoredList(ranking.items[0].reason.code, products)
    return lists, places


def _bring_up_to_date(
    shop: Shop,
    version: ModelVersion,
    ports: Ports,
    lists: Mapping[ProductId, StoredList],
    places: list[ListPlace],
    checkpoint: Checkpoint,
    wait: Wait,
) -> Published:
    digests = {product: digest_of(stored) for product, stored in lists.items()}
    standing = {place.product_id: place.digest for place in places}
    changed = {product: lists[product] for product in lists if digests[product] != standing[product]}
    emptied = [place.product_id for place in places if place.digest is not None and place.product_id not in lists]
    written = removed = refused = 0
    if changed or emptied:
        api = ports.admin.of(shop)
        for outcome in write_lists(api, changed, wait=wait):
            checkpoint("lists_written")
            accepted = {product: digests[product] for product in outcome.accepted}
            ports.published.record(shop.id, accepted, at=ports.clock.now())
            written += len(accepted)
            refused += _refused(shop, ports, outcome.refused)
            checkpoint("lists_recorded")
        for outcome in delete_lists(api, emptied, wait=wait):
            checkpoint("lists_deleted")
            ports.published.remove(shop.id, outcome.accepted)
            removed += len(outcome.accepted)
            refused += _refused(shop, ports, outcome.refused)
    return Published(version, written, removed, len(lists) - len(changed), refused)


def _refused(shop: Shop, ports: Ports, refused: Mapping[ProductId, str]) -> int:
    if refused:
        ports.published.record_failures(shop.id, refused, at=ports.clock.now())
    return len(refused)
