"""Show what a rail would hold right now for any shopper; for the admin's preview and the command line.

The sources, the cascade and the rule of what may be recommended are those of the storefront; card data come straight
from the database, so that a preview never lags behind it. Sliders act as they stand, but nothing is drawn: what chance
would put there is another product at every request. Nothing is logged as a decision. Only here may a customer's
purchases be named without the customer's being signed in: who asks is the shop's staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from app.core.experiments.assign import NO_PLAN, Experiments, Plan
from app.core.experiments.types import UNCHANGED
from app.core.ids import CustomerId, ModelVersion, ProductId, VisitorId
from app.core.recommend.cascade import Context, DifferentKinds, Guests, Source, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.impressions import visit_of
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sentences import DEFAULT
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steered import AHEAD
from app.core.recommend.steering import OFF, STEERED, Steering, days_of_cover
from app.core.recommend.types import Candidate, Rail, Ranking, Strategy
from app.core.shops import Shop
from app.ports import (
    ArtefactStore,
    Card,
    CatalogReader,
    Clock,
    ExperimentRegister,
    FreshStore,
    LiveState,
    Models,
    ProductPulse,
    Shoppers,
    SteeringRegister,
)
from app.services.serve_recommendations import shopper_of, unit_of
from app.services.steer_rail import UNSHOWN, Showings, steer_rail

READ_AHEAD = 60
"""So many candidates of each source are looked up first; all products only when those do not fill the rail."""


@dataclass(frozen=True, slots=True)
class Ports:
    catalog: CatalogReader
    models: Models
    artefacts: ArtefactStore
    live: LiveState
    shoppers: Shoppers
    experiments: ExperimentRegister
    clock: Clock
    steering: SteeringRegister
    pulse: ProductPulse
    fresh: FreshStore


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a preview is for: a browser, a customer, both, or anybody."""

    visitor: VisitorId | None = None
    customer: CustomerId | None = None


ANYBODY = Who()


@dataclass(frozen=True, slots=True)
class Preview:
    """A ranking, and the cards of at least the products that it shows and names."""

    question: Question
    ranking: Ranking
    cards: Mapping[ProductId, Card]

    def title(self, product: ProductId) -> str:
        """A product's title; its number when the store no longer has it."""
        card = self.cards.get(product)
        return card.title if card else str(product)

    def reason(self, item: Candidate, language: str = DEFAULT) -> str:
        """Why the item is shown, in words of a language of `sentences`."""
        known = [self.cards[product] for product in item.reason.because if product in self.cards]
        return reason_text(item.reason, {card.product_id: card.title for card in known}, language)


def preview_rail(shop: Shop, question: Question, ports: Ports, *, who: Who = ANYBODY) -> Preview:
    """Rank as the storefront would. Without a model the ranking is empty."""
    showings = showings_of(shop, who, ports)
    return ranked_for(shop, question, known_of(shop, who, ports), in_use(shop, ports), ports, showings=showings)


def showings_of(shop: Shop, who: Who, ports: Ports) -> Showings:
    """What the visitor was shown lately."""
    if who.visitor is None:
        return UNSHOWN
    state = ports.live.read(shop.id, who.visitor, list_of=None, showings=True)
    return Showings(state.shown, visit_of(ports.clock.now()))


def known_of(shop: Shop, who: Who, ports: Ports) -> Shopper:
    """What the live state tells of the visitor, and the order history of the customer."""
    state, now = ports.live.read(shop.id, who.visitor, list_of=None, visits=True), ports.clock.now()
    if who.customer is None:
        return shopper_of(state, now)
    return shopper_of(replace(state, orders=tuple(ports.shoppers.orders(shop.id, who.customer))), now)


def plan_for(shop: Shop, rail: Rail, who: Who, ports: Ports) -> Plan:
    """What running experiments make of the rail for the visitor, on a page that knows it.

    A preview's ranking is the one without running experiments: what everybody gets, and what a control withholds.
    """
    if who.visitor is None:
        return NO_PLAN
    unit = unit_of(who.visitor, ports.live.read(shop.id, who.visitor, list_of=None))
    experiments = Experiments.of(ports.experiments.in_force(shop.id))
    return experiments.painted(unit).get(rail, NO_PLAN) if unit else NO_PLAN


def in_use(shop: Shop, ports: Ports) -> ServedModel | None:
    """The shop's model as the storefront uses it; None while there is none.

    Raises:
        Permanent: its artefact is damaged.
    """
    version: ModelVersion | None = ports.models.current(shop.id)
    if version is None:
        return None
    model = ItemModel.of(version, *ports.artefacts.read(shop.id, version))
    return ServedModel.of(model, ports.fresh.get(shop.id, version))


def ranked_for(
    shop: Shop,
    question: Question,
    shopper: Shopper,
    served: ServedModel | None,
    ports: Ports,
    *,
    steering: Steering | None = None,
    showings: Showings = UNSHOWN,
) -> Preview:
    """One rail for a shopper of whom this much is known, by the model given.

    Args:
        steering: how the sliders are to stand; as they do where it is not given.
    """
    if steering is None:
        kept = ports.steering.in_force(shop.id).get(question.rail)
        steering = kept.steering if kept else OFF
    is_steered = steering.reorders and question.rail in STEERED
    asked = replace(question, limit=max(question.limit, AHEAD)) if is_steered else question
    found = _in_order(shop, asked, shopper, served, ports)
    if not is_steered or served is None:
        return found
    facts = _Stock(found.cards, ports.pulse.sold_per_day(shop.id, now=ports.clock.now()) if steering.stock else {})
    steered = steer_rail(
        found.ranking,
        question.limit,
        steering,
        model=served.model,
        shopper=shopper,
        showings=showings,
        facts=facts,
    )
    return Preview(question, steered.ranking, found.cards)


@dataclass(frozen=True, slots=True)
class _Stock:
    """What sliders ask of products, from their cards. Nothing is drawn here, so that no product is new."""

    cards: Mapping[ProductId, Card]
    sold_per_day: Mapping[ProductId, float]

    @property
    def new_products(self) -> Mapping[ProductId, int]:
        return {}

    def is_buyable(self, product: ProductId) -> bool:
        return product in self.cards and self.cards[product].buyable

    def cover(self, product: ProductId) -> float:
        return days_of_cover(self.cards[product].stock, self.sold_per_day.get(product, 0.0))


def _in_order(shop: Shop, question: Question, shopper: Shopper, served: ServedModel | None, ports: Ports) -> Preview:
    """As the cascade gives it."""
    context = question.for_shopper(shopper)
    if served is None:
        return Preview(
            question, Ranking(Strategy.NONE, (), None), _cards(ports.catalog.cards_of(shop.id, _own(context)))
        )
    sources = sources_for(shop, question.rail, shopper, served, ports)
    ahead = [_Ahead(source, context) for source in sources]
    both = zip(sources, ahead, strict=True)
    first = [replace(s, source=a) if isinstance(s, DifferentKinds | Guests) else a for s, a in both]
    named = {product for source in ahead for candidate in source.known for product in _products(candidate)}
    cards = _cards(ports.catalog.cards_of(shop.id, {*named, *_own(context)}))
    ranking = _ranked(context, first, cards, served.version)
    if len(ranking.items) < question.limit and any(source.cut for source in ahead):
        cards = _cards(ports.catalog.cards(shop.id))
        ranking = _ranked(context, sources, cards, served.version)
    return Preview(question, ranking, cards)


def sources_for(shop: Shop, rail: Rail, shopper: Shopper, served: ServedModel, ports: Ports) -> Sequence[Source]:
    """The rail's cascade, with what ended experiments have made everybody's."""
    adopted = Experiments.of(ports.experiments.in_force(shop.id)).adopted.get(rail, UNCHANGED)
    return served.arranged(rail, shopper, first=adopted.strategy, trend=adopted.trend).sources


class _Ahead:
    """The first candidates of a source, read before it is known which of them can be bought. A failure is kept."""

    def __init__(self, source: Source, context: Context) -> None:
        self.strategy = source.strategy
        self.known: list[Candidate] = []
        self._error: Exception | None = None
        try:
            self.known.extend(islice(source.candidates(context), READ_AHEAD + 1))
        except Exception as error:  # The cascade skips and names the source, as on the storefront.
            self._error = error
        self.cut = len(self.known) > READ_AHEAD

    def candidates(self, context: Context) -> Iterator[Candidate]:  # noqa: ARG002 - asked for one context
        yield from self.known
        if self._error is not None:
            raise self._error


def _ranked(
    context: Context, sources: Sequence[Source], cards: Mapping[ProductId, Card], version: ModelVersion
) -> Ranking:
    buyable = {card.product_id for card in cards.values() if card.buyable}
    return recommend(context, sources, buyable.__contains__, model_version=version)


def _cards(cards: Iterable[Card]) -> dict[ProductId, Card]:
    return {card.product_id: card for card in cards}


def _products(candidate: Candidate) -> tuple[ProductId, ...]:
    return (candidate.product_id, *candidate.reason.because)


def _own(context: Context) -> tuple[ProductId, ...]:
    """What the page and the shopper are about."""
    shopper = context.shopper
    return context.anchors + shopper.viewed + shopper.clicked + shopper.carted + shopper.bought
