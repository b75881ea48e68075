"""Answer one rail: what is asked → the visitor's arms → sources of the cascade → reasons → answer, and its record.

This is the heart of the storefront, and it never waits: the shop is in memory, or else a stored list answers; one
Redis round trip tells what the visitor just did; the record goes into a buffer. What fails is skipped, and the next
source answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.experiments.assign import DEFAULT_VARIANT, Experiments, Plan
from app.core.experiments.types import Show, Unit
from app.core.ids import CustomerId, ModelVersion, ProductId, RequestId, VisitorId, new_request_id
from app.core.profiles.consent import Purpose, ShopperConsent, allowed
from app.core.profiles.preferences import UNSET
from app.core.recommend.cascade import Source
from app.core.recommend.explain import reason_text
from app.core.recommend.impressions import visit_of
from app.core.recommend.live import StoredListSource
from app.core.recommend.rails import OF_CUSTOMERS, ONLY_WHEN_FILLED, Question
from app.core.recommend.sentences import DEFAULT
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Candidate, Placement, Rail, Strategy, placement_of
from app.core.shops import Shop
from app.ports import Clock, Decision, DecisionLog, Json, LiveState, Shelf, Shelves, VisitorState
from app.services.apply_plan import UNRANKED, Asked, Ranked, rank
from app.services.choose_model import model_for
from app.services.steer_rail import UNSHOWN, Showings


@dataclass(frozen=True, slots=True)
class Ports:
    """What serving needs from the outside."""

    shelves: Shelves
    live: LiveState
    decisions: DecisionLog
    clock: Clock


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a rail, and who asks."""

    question: Question
    visitor: VisitorId | None = None
    """Only there when the visitor has consented (law 2)."""
    customer: CustomerId | None = None
    """Only one whose number Shopify has signed: a visitor's id never brings a customer's data."""
    cards: tuple[ProductId, ...] = ()
    """The products whose cards stand in the page already; it may have been rendered before one of them sold out."""
    page: str | None = None
    """The variant by which the page was painted; None where it knew of none."""
    native: tuple[ProductId, ...] = ()
    """Shopify's own recommendations, of which a control shows the cards."""
    language: str = DEFAULT
    """In which reasons are given."""


@dataclass(frozen=True, slots=True)
class Item:
    """One recommended product: `card_json` is the members of its JSON object that are the same in every answer."""

    candidate: Candidate
    handle: str
    card_json: bytes
    reason_text: str


@dataclass(frozen=True, slots=True)
class Stitch:
    """Whether the visitor has just turned out to be a customer known from another browser."""

    is_new: bool = False
    conflicts: bool = False
    """It had been in another arm until then."""


APART = Stitch()


@dataclass(frozen=True, slots=True)
class Answer:
    request_id: RequestId
    rail: Rail
    strategy: Strategy
    variant: str
    items: tuple[Item, ...]
    """Nothing where the rail shows something else than ours; the record holds what it would have been."""
    model_version: ModelVersion | None
    skipped: tuple[str, ...]
    """Sources that had nothing or failed."""
    mapped: bool
    """Whether the shop was in memory."""
    unavailable: tuple[ProductId, ...] = ()
    """Those of the page's cards that cannot be bought now and must go (law 5)."""
    show: Show = Show.OURS
    native: tuple[str, ...] = ()
    """Handles of Shopify's own recommendations, where these are shown."""
    stale: bool = False
    """The page does not know the visitor's arms: it shows ours, is not measured, and should ask for them."""
    fetch: bool = False
    """The page's own cards may not be what is ranked: the rail should fetch cards instead of ordering those. Those are
    an answer of their own; this one shows nothing, and leaves no record."""
    missed: bool = False
    """The arm wanted something that the shop's model does not have."""
    stitch: Stitch = APART
    reserved: tuple[Item, ...] = ()
    """What keeps a control's place, unseen, where the page has no cards of its own to keep it."""

    @property
    def placement(self) -> Placement:
        return placement_of(self.rail)


def nothing(rail: Rail) -> Answer:
    """What is answered when all else fails: the page stays as Liquid has drawn it."""
    return Answer(new_request_id(), rail, Strategy.NONE, DEFAULT_VARIANT, (), None, (), mapped=False)


def serve_recommendations(shop: Shop, ask: Ask, ports: Ports) -> Answer:
    """Recommend at most as many products as asked for that can be bought now and that the page does not hold yet."""
    question = ask.question
    mapped = ports.shelves.mapped(shop.id)
    about = None if mapped is not None and mapped.model is not None else _list_about(question)
    # Nothing of a customer is read for a rail that has no use for it, nor are browsers connected without experiments.
    customer = ask.customer if question.rail in OF_CUSTOMERS else None
    signed_in = ask.customer if mapped is not None and mapped.experiments.running else None
    showings = mapped is not None and question.rail in mapped.experiments.showings
    state = ports.live.read(
        shop.id,
        ask.visitor,
        list_of=about,
        customer=customer,
        signed_in=signed_in,
        showings=showings,
        visits=question.rail is Rail.FOR_YOU,
        asker=ask.customer,
    )
    if state.own is not UNSET:
        state, question = honour(state, question)
    shelf = mapped or ports.shelves.small(shop.id, _named(ask, state))

    unit = unit_of(ask.visitor, state)
    plan = shelf.experiments.plan(question.rail, unit, page=ask.page)
    context = question.for_shopper(shopper_of(state, ports.clock.now()))
    shown = Showings(state.shown, visit_of(ports.clock.now())) if showings else UNSHOWN
    served = model_for(unit, plan, shelf)
    asked = Asked(question.rail, context, shelf, served, _stored(state, about), new_request_id(), shown)
    ranked = UNRANKED if _fetches(ask, plan) else rank(asked, plan)

    answer = _answer(ask, state, asked, plan, ranked, mapped=mapped is not None)
    if not answer.fetch and not _is_nothing(ranked, question.rail):
        ports.decisions.record(shop.id, _decision(ask, state, ranked, answer, ports.clock))
    return answer


def honour(state: VisitorState, question: Question) -> tuple[VisitorState, Question]:
    """What the shopper has set for themselves: nothing of theirs is used, or some products stay away."""
    consent = ShopperConsent(own=state.own.switches)
    if not allowed(Purpose.PERSONALISE, consent):
        state = replace(state, viewed=(), clicked=(), seen=(), carted=(), shown={}, orders=(), visit=())
    return state, replace(question, shown=question.shown + state.own.products)


def unit_of(visitor: VisitorId | None, state: VisitorState) -> Unit | None:
    """Who is assigned to arms; nobody without consent, nor where it can't be read who the visitor is."""
    return None if visitor is None or not state.known else state.unit or Unit(visitor)


def stitch_of(visitor: VisitorId | None, state: VisitorState, experiments: Experiments) -> Stitch:
    """What the request has found out about who the visitor is."""
    if visitor is None or state.unit is None or not state.stitched:
        return APART
    return Stitch(True, experiments.differ(Unit(visitor), state.unit))


def shopper_of(state: VisitorState, now: datetime) -> Shopper:
    """What the live state tells of a shopper's taste."""
    if not (state.viewed or state.clicked or state.carted or state.orders):
        return NOBODY
    today = int(now.timestamp() // 86_400)
    return Shopper(
        state.viewed, state.clicked, state.carted, state.bought, orders=state.orders, visit=state.visit, today=today
    )


def _list_about(question: Question) -> ProductId | None:
    """Whose stored list answers while the shop is not in memory; the other rails keep what Liquid has drawn."""
    if question.rail is Rail.BOUGHT_TOGETHER:
        return question.product_id
    return question.cart[0] if question.rail is Rail.GOES_WELL and question.cart else None


def _stored(state: VisitorState, about: ProductId | None) -> Sequence[Source]:
    return [StoredListSource(state.stored.code, state.stored.products, about)] if state.stored else []


def _named(ask: Ask, state: VisitorState) -> tuple[ProductId, ...]:
    """The products that an answer without a mapped shop can be about."""
    question = ask.question
    own = () if question.product_id is None else (question.product_id,)
    return own + question.cart + ask.cards + ask.native + (state.stored.products if state.stored else ())


def _fetches(ask: Ask, plan: Plan) -> bool:
    """Whether the page would only order cards of its own where it should show others."""
    return plan.fetches and plan.treatment.show is Show.OURS and bool(ask.cards)


def _is_nothing(ranked: Ranked, rail: Rail) -> bool:
    """Whether it is no answer that the rail stays away: as usual for most shoppers, not a sign of trouble."""
    return rail in ONLY_WHEN_FILLED and not ranked.ranking.items and not ranked.ranking.failed


def _answer(ask: Ask, state: VisitorState, asked: Asked, plan: Plan, ranked: Ranked, *, mapped: bool) -> Answer:
    shelf, ranking, show, rail = asked.shelf, ranked.ranking, plan.treatment.show, ask.question.rail
    items = _items(shelf, ranking.items, ask.language) if show is Show.OURS or rail in ONLY_WHEN_FILLED else ()
    return Answer(
        request_id=asked.request,
        rail=rail,
        strategy=ranking.strategy,
        variant=plan.variant,
        items=items if show is Show.OURS else (),
        reserved=items if show is Show.EMPTY else (),
        model_version=ranking.model_version,
        skipped=ranking.skipped,
        mapped=mapped,
        unavailable=tuple([card for card in ask.cards if shelf.cannot_be_bought(card) or card in state.own.products]),
        show=show,
        native=_native(shelf, ask) if show is Show.NATIVE else (),
        stale=plan.stale,
        fetch=_fetches(ask, plan),
        missed=ranked.missed,
        stitch=stitch_of(ask.visitor, state, shelf.experiments),
    )


def _items(shelf: Shelf, candidates: Sequence[Candidate], language: str) -> tuple[Item, ...]:
    """The cards with their reasons in words; items that one product brought share a reason and its sentence."""
    titles, handles = shelf.titles, shelf.handles
    # By identity: sources share the object, and to hash its products for every item would cost more than the sentence.
    reasons = {id(one.reason): one.reason for one in candidates}
    texts = {number: reason_text(reason, titles, language) for number, reason in reasons.items()}
    return tuple(
        [
            Item(one, handles[one.product_id], shelf.card_json(one.product_id), texts[id(one.reason)])
            for one in candidates
        ]
    )


def _native(shelf: Shelf, ask: Ask) -> tuple[str, ...]:
    """The handles of those of Shopify's own that may be shown (law 5); each once, in Shopify's order."""
    left_out = {ask.question.product_id, *ask.question.cart}
    shown = [one for one in dict.fromkeys(ask.native) if one not in left_out and shelf.is_buyable(one)]
    return tuple([shelf.handles[product] for product in shown])


def _decision(ask: Ask, state: VisitorState, ranked: Ranked, answer: Answer, clock: Clock) -> Decision:
    return Decision(
        request_id=answer.request_id,
        at=clock.now(),
        placement=answer.placement,
        rail=answer.rail,
        product_id=ask.question.product_id,
        # Without its unit the record would have the visitor be one of its own from now on.
        visitor=ask.visitor if state.known and state.own.switches.remember is not False else None,
        strategy=answer.strategy,
        variant=answer.variant,
        model_version=answer.model_version,
        items=_recorded(ranked),
        unit=state.unit if state.own.switches.remember is not False else None,
        show=answer.show,
        failed=len(ranked.ranking.failed),
    )


def _recorded(ranked: Ranked) -> Sequence[Json]:
    found = ranked.ranking.items
    chances = ranked.propensities or (1.0,) * len(found)
    items = [
        {
            "product_id": one.product_id,
            "position": position,
            "score": one.score,
            "reason": one.reason.code,
            "propensity": chance,
        }
        for position, (one, chance) in enumerate(zip(found, chances, strict=True))
    ]
    if not ranked.teams:
        return items
    return [{**item, "team": team} if team else item for item, team in zip(items, ranked.teams, strict=True)]
