"""Publish every product's list from the model in use: into the store's metafields and beside the hot path.

Lists are a function of the model, the catalogue and what stands there already, so a run that was killed is simply run
again: it finds what is missing and writes that. Only lists that changed travel. Before a product's lists do, it is
noted that anything may stand there, so that nothing of ours is ever in the store without our knowing. The home page's
list is renewed here as well: every night, which is often enough, because Liquid leaves out what is sold out meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from app.core.errors import Busy
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.lists import ProductLists, home_list, product_lists
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.ports import (
    AdminApi,
    AdminApis,
    ArtefactStore,
    CatalogReader,
    Claims,
    Clock,
    Consents,
    FreshStore,
    ListCache,
    Models,
    PublishedLists,
    StoredList,
)
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.store_home_list import store_home_list
from app.services.store_lists import UNSURE, Outcome, delete_lists, digest_of, keys_of, write_lists
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
    fresh: FreshStore
    admin: AdminApis
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Published:
    """Of how many products the lists were written, taken away, left as they stood, and refused by Shopify."""

    version: ModelVersion | None
    written: int = 0
    removed: int = 0
    unchanged: int = 0
    refused: int = 0
    home_changed: bool = False


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
            return Published(None)
        plan = _plan(shop, version, ports)
        ports.cache.replace(shop.id, plan.cached)
        checkpoint("lists_cached")
        api = ports.admin.of(shop)
        published = _Publishing(shop, ports, api, checkpoint, wait).carry_out(plan)
        home_changed = store_home_list(api, plan.home)
        checkpoint("home_written")
        ports.models.lists_settled(shop.id, version)
        checkpoint("lists_settled")
        return replace(published, home_changed=home_changed)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to stand in the store, and what does: digests by product, None where nothing of ours does."""

    version: ModelVersion
    lists: Mapping[ProductId, ProductLists]
    standing: Mapping[ProductId, str | None]
    home: Sequence[str]
    """The handles of the home page's products."""

    @property
    def cached(self) -> dict[ProductId, StoredList]:
        return {product: StoredList(own.code, own.recs) for product, own in self.lists.items() if own.recs}


def _plan(shop: Shop, version: ModelVersion, ports: Ports) -> _Plan:
    model = ItemModel.of(version, *ports.artefacts.read(shop.id, version)).beside(ports.fresh.get(shop.id, version))
    handles = {card.product_id: card.handle for card in ports.catalog.cards(shop.id) if card.buyable}
    standing = {place.product_id: place.digest for place in ports.published.places(shop.id)}
    found = {product: product_lists(model, product, handles.__contains__) for product in standing}
    lists = {product: own for product, own in found.items() if own}
    return _Plan(version, lists, standing, [handles[one] for one in home_list(model, handles.__contains__)])


@dataclass(frozen=True, slots=True)
class _Publishing:
    """One run: the lists that changed are written, then what must no longer stand beside them is taken away."""

    shop: Shop
    ports: Ports
    api: AdminApi
    checkpoint: Checkpoint
    wait: Wait

    def carry_out(self, plan: _Plan) -> Published:
        digests = {product: digest_of(lists) for product, lists in plan.lists.items()}
        changed = {product: plan.lists[product] for product in digests if digests[product] != plan.standing[product]}
        stale = self._stale(plan, digests)
        # Its digest is noted once all is done; a product of which some metafields must still go is not.
        self._record(dict.fromkeys(changed.keys() | stale.keys(), UNSURE))
        written, refused = self._write(plan, changed, digests, stale)
        removed, kept = self._remove(plan, digests, stale, written)
        unchanged = len(plan.lists) - len(changed)
        return Published(plan.version, len(written), removed, unchanged, refused + kept)

    def _stale(self, plan: _Plan, digests: Mapping[ProductId, str]) -> dict[ProductId, frozenset[str]]:
        stale = {product: keys_of(old) - keys_of(digests.get(product)) for product, old in plan.standing.items()}
        return {product: keys for product, keys in stale.items() if keys}

    def _write(
        self,
        plan: _Plan,
        changed: Mapping[ProductId, ProductLists],
        digests: Mapping[ProductId, str],
        stale: dict[ProductId, frozenset[str]],
    ) -> tuple[set[ProductId], int]:
        """The products whose lists are in place, and how many were refused; those keep what they have."""
        written: set[ProductId] = set()
        refused = 0
        for outcome in write_lists(self.api, changed, wait=self.wait):
            self.checkpoint("lists_written")
            self._record({product: digests[product] for product in outcome.accepted if product not in stale})
            refused += self._refused(plan, outcome)
            written.update(outcome.accepted)
            for product in (*outcome.refused, *outcome.unsure):
                stale.pop(product, None)
            self.checkpoint("lists_recorded")
        return written, refused

    def _remove(
        self,
        plan: _Plan,
        digests: Mapping[ProductId, str],
        stale: Mapping[ProductId, frozenset[str]],
        written: Set[ProductId],
    ) -> tuple[int, int]:
        """How many products lost all their lists, and of how many Shopify refused to take something away."""
        removed = refused = 0
        for outcome in delete_lists(self.api, stale, wait=self.wait):
            self.checkpoint("lists_deleted")
            gone = [product for product in outcome.accepted if product not in digests]
            self._record({product: digests[product] for product in outcome.accepted if product in digests})
            self.ports.published.remove(self.shop.id, gone)
            removed += len(gone)
            refused += self._refused(plan, outcome, written=written)
        return removed, refused

    def _refused(self, plan: _Plan, outcome: Outcome, *, written: Set[ProductId] = frozenset()) -> int:
        """Note what Shopify said; a product that it left alone has what it had before."""
        left_alone = [product for product in outcome.refused if product not in written]
        self._record({product: plan.standing[product] or "" for product in left_alone})
        failures = {**outcome.refused, **outcome.unsure}
        if failures:
            self.ports.published.record_failures(self.shop.id, failures, at=self.ports.clock.now())
        return len(failures)

    def _record(self, digests: Mapping[ProductId, str]) -> None:
        if digests:
            self.ports.published.record(self.shop.id, digests, at=self.ports.clock.now())
