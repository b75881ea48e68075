"""Learn within the minute from what has just happened: orders change what is bought together, and new products appear.

No training: what a model that serves does not know yet is reckoned anew from the shop's rows each time, and stands
beside that version only. So a webhook that comes twice counts once, a refund or a cancellation takes back what it
should, nothing of an objector or an erased person is in it, and the next training takes everything in by itself.
The canary, and what an experiment compares, get the news as the model in use does: or else they would not be compared
for what they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from app import jobs
from app.core.errors import Busy
from app.core.experiments.assign import Experiments
from app.core.ids import ModelVersion, ProductId, ShopId
from app.core.recommend.fresh import Fresh, Row, Rows
from app.core.recommend.fresh_pairs import MASS, Sums, rows_after
from app.core.recommend.fresh_places import Places
from app.core.recommend.item_words import ItemText, attributes_from, terms
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import (
    ArtefactStore,
    Claims,
    Clock,
    Consents,
    DueWork,
    ExperimentRegister,
    FreshStore,
    Models,
    NewsOfShop,
    ProductFacts,
)
from app.services import keep_customers
from app.services.note_news import NEW, News
from app.services.training_claim import has_consent

_log = logging.getLogger(__name__)

CLAIM: Final = "news"
CLAIM_S: Final = 30.0
MOST_NOTES: Final = 500
MOST_ROUNDS: Final = 5
"""Of notes that came while others were worked off; the rest waits for the next hint."""
MOST_ORDERS: Final = 4000
"""The newest orders since the training; in a shop with more, those before say the same."""
MOST_CREATED: Final = 20_000
MOST_NEWCOMERS: Final = 500
LISTS_S: Final = 3600.0
"""Lists in the store's own pages follow within the hour: each publishing asks Shopify for a bulk operation."""


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    models: Models
    experiments: ExperimentRegister
    artefacts: ArtefactStore
    news: NewsOfShop
    facts: ProductFacts
    fresh: FreshStore
    customers: keep_customers.Ports
    due: DueWork
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Learnt:
    """How many notes were worked off, and what stands beside the model in use: None where nothing may be learnt."""

    notes: int
    fresh: Fresh | None = None


def learn_news(shop: Shop, ports: Ports) -> Learnt:
    """Work off the shop's notes; without consent, or without a model, they are only forgotten.

    Raises:
        Busy: another worker is at it; the notes still wait.
        Permanent: the artefact of the model in use is damaged; the notes still wait.
        Retryable: Redis does not answer; the notes still wait.
    """
    done, fresh = 0, None
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the news of {shop.domain} are being learnt")
        for _ in range(MOST_ROUNDS):
            notes = list(ports.due.waiting(shop.id, jobs.NEWS_DUE, limit=MOST_NOTES))
            if not notes:
                break
            mark = ports.fresh.mark(shop.id)
            learnt = _learn(shop, News.of(notes), ports)
            if not _keep(shop, learnt, ports, since=mark):
                continue  # Somebody was erased meanwhile, or the consent is gone: what was read counts no more.
            fresh = learnt[0] if learnt else None
            for note in notes:
                ports.due.done(shop.id, jobs.NEWS_DUE, note)
            done += len(notes)
    return Learnt(done, fresh)


def versions_that_serve(shop: ShopId, models: Models, experiments: ExperimentRegister) -> Sequence[ModelVersion]:
    """The version in use first, then the canary and what running experiments compare; none where none is in use."""
    used, canary = models.current(shop), models.canary(shop)
    if used is None:
        return ()
    tried = {canary.version} if canary is not None else set()
    compared = Experiments.of(experiments.in_force(shop)).versions
    return (used, *sorted((tried | compared) - {used}))


def _learn(shop: Shop, news: News, ports: Ports) -> Sequence[Fresh]:
    """What is to stand beside each version that serves, and the buyers' own lists, which are kept at once."""
    if not has_consent(shop, ports.consents):
        return ()
    learnt: list[Fresh] = []
    reads_customers = False
    for version in versions_that_serve(shop.id, ports.models, ports.experiments):
        try:
            arrays, meta = ports.artefacts.read(shop.id, version)
        except Permanent:
            if not learnt:
                raise
            # A canary whose files are damaged is taken back by whoever watches it; the others' news don't wait.
            _log.warning("nothing is learnt beside model %s of shop %s: it cannot be read", version, shop.id)
            continue
        model, stored = ItemModel.of(version, arrays, meta), ports.fresh.get(shop.id, version)
        bought = _bought(shop, model, arrays.get(MASS), meta, ports)
        anew = stored is None or news.products
        placed = _placed(shop, model, arrays.get(MASS), ports) if anew or stored is None else stored.placed
        learnt.append(Fresh(version, bought, placed))
        reads_customers = reads_customers or model.knows_customers
    if reads_customers:
        keep_customers.renew_customers(ports.news.buyers(shop.id, news.orders), shop, ports.customers)
    if learnt and (
        news.people or learnt[0] != (ports.fresh.get(shop.id, learnt[0].version) or Fresh(learnt[0].version))
    ):
        ports.due.put(shop.id, jobs.LISTS_DUE, CLAIM, after_s=LISTS_S)
    return learnt


def _keep(shop: Shop, learnt: Sequence[Fresh], ports: Ports, *, since: int) -> bool:
    """Put it where the web processes read it; False where that changed since the rows were read."""
    # The merchant may have withdrawn meanwhile; the withdrawal's own job waits for nobody.
    if not learnt or not has_consent(shop, ports.consents):
        ports.fresh.forget(shop.id)
        if learnt:
            ports.customers.store.forget(shop.id)
        return True
    stored = {one.version: ports.fresh.get(shop.id, one.version) for one in learnt}
    return stored == {one.version: one for one in learnt} or ports.fresh.put(shop.id, learnt, since=since)


def _bought(shop: Shop, model: ItemModel, mass: Any, meta: dict[str, Any], ports: Ports) -> Rows:
    """Nothing where the artefact does not tell what its neighbours were made of."""
    if mass is None or "trained_at" not in meta:
        return {}
    trained = datetime.fromisoformat(meta["trained_at"])
    parameters = meta.get("metrics", {}).get("parameters", {}).get("item_item", {})
    sums = Sums.of(mass, int(trained.astimezone(UTC).timestamp() // 86400), parameters)
    return rows_after(model, sums, ports.news.orders(shop.id, since=trained, most=MOST_ORDERS))


def _placed(shop: Shop, model: ItemModel, mass: Any, ports: Ports) -> Rows:
    """Newcomers are new products that nobody had bought when the model was trained, whether it knows their texts or
    not; they are placed beside what has been bought."""
    sold = model.item_ids if mass is None else model.item_ids[np.asarray(mass) > 0]
    place = {ProductId(item): index for index, item in enumerate(sold.tolist())}
    created = ports.news.newcomers(shop.id, since=ports.clock.now() - NEW, most=MOST_CREATED)
    new = [product for product in created if product not in place][:MOST_NEWCOMERS]
    if not new or not place:
        return {}
    wanted, described = set(new), dict[ProductId, dict[int, float]]()

    def of_sold() -> Iterator[tuple[int, ItemText]]:
        """The texts of what was bought; the newcomers' are described on the way."""
        for product, text in ports.facts.texts(shop.id):
            index = place.get(product)
            if index is not None:
                yield index, text
            elif product in wanted:
                described[product] = terms(text)

    attributes = attributes_from(of_sold(), len(sold))
    places = Places(sold, attributes, ports.news.prices(shop.id))
    found: dict[ProductId, Row] = {product: places.of(product, described.get(product, {})) for product in new}
    return {product: row for product, row in found.items() if row}
