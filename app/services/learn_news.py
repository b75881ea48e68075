"""Learn within the minute from what has just happened: orders change what is bought together, and new products appear.

No training: what the model in use does not know yet is reckoned anew from the shop's rows each time, and stands beside
that version only. So a webhook that comes twice counts once, a refund or a cancellation takes back what it should,
nothing of an objector or an erased person is in it, and the next training takes everything in by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from app import jobs
from app.core.errors import Busy
from app.core.ids import ProductId
from app.core.recommend.fresh import Fresh, Row, Rows
from app.core.recommend.fresh_pairs import MASS, Sums, rows_after
from app.core.recommend.fresh_places import Places
from app.core.recommend.item_words import ItemText, attributes_from, terms
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from app.core.shops import Shop
from app.ports import (
    ArtefactStore,
    Claims,
    Clock,
    Consents,
    DueWork,
    FreshStore,
    Models,
    NewsOfShop,
    ProductFacts,
)
from app.services import keep_customers
from app.services.note_news import NEW, News
from app.services.training_claim import has_consent

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
    """How many notes were worked off, and what stands beside the model now: None where nothing may be learnt."""

    notes: int
    fresh: Fresh | None = None


def learn_news(shop: Shop, ports: Ports) -> Learnt:
    """Work off the shop's notes; without consent, or without a model, they are only forgotten.

    Raises:
        Busy: another worker is at it; the notes still wait.
        Permanent: the artefact is damaged; the notes still wait.
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
            fresh = _learn(shop, News.of(notes), ports)
            for note in notes:
                ports.due.done(shop.id, jobs.NEWS_DUE, note)
            done += len(notes)
    return Learnt(done, fresh)


def _learn(shop: Shop, news: News, ports: Ports) -> Fresh | None:
    version = ports.models.current(shop.id)
    if version is None or not has_consent(shop, ports.consents):
        ports.fresh.forget(shop.id)
        return None
    arrays, meta = ports.artefacts.read(shop.id, version)
    model, stored = ItemModel.of(version, arrays, meta), ports.fresh.get(shop.id)
    known = stored if stored is not None and stored.version == version else None
    fresh = Fresh(
        version,
        bought=_bought(shop, model, arrays.get(MASS), meta, ports),
        placed=_placed(shop, model, ports) if known is None or news.products else known.placed,
    )
    if fresh != stored:
        ports.fresh.put(shop.id, fresh)
    if fresh != (known or Fresh(version)):
        ports.due.put(shop.id, jobs.LISTS_DUE, CLAIM, after_s=LISTS_S)
    if model.for_you is not Strategy.TRENDING:
        keep_customers.renew_customers(ports.news.buyers(shop.id, news.orders), shop, ports.customers)
    # The merchant may have withdrawn meanwhile; the withdrawal's own job waits for nobody.
    if not has_consent(shop, ports.consents):
        ports.fresh.forget(shop.id)
        ports.customers.store.forget(shop.id)
        return None
    return fresh


def _bought(shop: Shop, model: ItemModel, mass: Any, meta: dict[str, Any], ports: Ports) -> Rows:
    """Nothing where the artefact does not tell what its neighbours were made of."""
    if mass is None or "trained_at" not in meta:
        return {}
    trained = datetime.fromisoformat(meta["trained_at"])
    parameters = meta.get("metrics", {}).get("parameters", {}).get("item_item", {})
    sums = Sums.of(mass, int(trained.astimezone(UTC).timestamp() // 86400), parameters)
    return rows_after(model, sums, ports.news.orders(shop.id, since=trained, most=MOST_ORDERS))


def _placed(shop: Shop, model: ItemModel, ports: Ports) -> Rows:
    created = ports.news.newcomers(shop.id, since=ports.clock.now() - NEW, most=MOST_CREATED)
    new = [product for product in created if model.index_of(product) is None][:MOST_NEWCOMERS]
    if not new:
        return {}
    wanted, described = set(new), dict[ProductId, dict[int, float]]()

    def of_known() -> Iterator[tuple[int, ItemText]]:
        """The known products' texts; the newcomers' are described on the way."""
        for product, text in ports.facts.texts(shop.id):
            index = model.index_of(product)
            if index is not None:
                yield index, text
            elif product in wanted:
                described[product] = terms(text)

    attributes = attributes_from(of_known(), len(model.item_ids))
    places = Places(model.item_ids, attributes, ports.news.prices(shop.id))
    found: dict[ProductId, Row] = {product: places.of(product, described.get(product, {})) for product in new}
    return {product: row for product, row in found.items() if row}
