"""Answer one rail: what is asked → sources of the cascade → what may be shown → reasons → answer, and its record.

This is the heart of the storefront, and it never waits: the shop is in memory, or else a stored list answers; one
Redis round trip tells what the visitor just did; the record goes into a buffer. What fails is skipped, and the next
source answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ids import CustomerId, ModelVersion, ProductId, RequestId, VisitorId, new_request_id
from app.core.recommend.cascade import Source, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.live import StoredListSource
from app.core.recommend.rails import Question
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Candidate, Placement, Rail, Strategy, placement_of
from app.core.shops import Shop
from app.ports import Clock, Decision, DecisionLog, LiveState, Shelf, Shelves, VisitorState

DEFAULT_ARM = "default"
"""The arm of every visitor while no experiment runs."""


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


@dataclass(frozen=True, slots=True)
class Item:
    """One recommended product: `card_json` is the members of its JSON object that are the same in every answer."""

    candidate: Candidate
    handle: str
    card_json: bytes
    reason_text: str


@dataclass(frozen=True, slots=True)
class Answer:
    request_id: RequestId
    rail: Rail
    strategy: Strategy
    variant: str
    items: tuple[Item, ...]
    model_version: ModelVersion | None
    skipped: tuple[str, ...]
    """Sources that had nothing or failed."""
    mapped: bool
    """Whether the shop was in memory."""
    unavailable: tuple[ProductId, ...] = ()
    """Those of the page's cards that cannot be bought now and must go (law 5)."""

    @property
    def placement(self) -> Placement:
        return placement_of(self.rail)


def serve_recommendations(shop: Shop, ask: Ask, ports: Ports) -> Answer:
    """Recommend at most as many products as asked for that can be bought now and that the page does not hold yet."""
    question = ask.question
    mapped = ports.shelves.mapped(shop.id)
    about = None if mapped is not None and mapped.model is not None else _list_about(question)
    # Nothing of a customer is read for a rail that has no use for it.
    customer = ask.customer if question.rail is Rail.FOR_YOU else None
    state = ports.live.read(shop.id, ask.visitor, list_of=about, customer=customer)
    shelf = mapped or ports.shelves.small(shop.id, _named(ask, state))

    shopper = shopper_of(state)
    served = shelf.model  # Read once: another thread may put the next model there meanwhile.
    version = served.version if served else None
    sources: Sequence[Source] = served.sources(question.rail, shopper) if served else _stored(state, about)
    ranking = recommend(question.for_shopper(shopper), sources, shelf.is_buyable, model_version=version)

    answer = Answer(
        request_id=new_request_id(),
        rail=question.rail,
        strategy=ranking.strategy,
        variant=state.arm or DEFAULT_ARM,
        items=_items(shelf, ranking.items),
        model_version=version,
        skipped=ranking.skipped,
        mapped=mapped is not None,
        unavailable=tuple([card for card in ask.cards if shelf.cannot_be_bought(card)]),
    )
    ports.decisions.record(shop.id, _decision(ask, answer, ports.clock))
    return answer


def shopper_of(state: VisitorState) -> Shopper:
    """What the live state tells of a shopper's taste."""
    if not (state.viewed or state.clicked or state.carted or state.bought):
        return NOBODY
    return Shopper(state.viewed, state.clicked, state.carted, state.bought)


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
    return own + question.cart + ask.cards + (state.stored.products if state.stored else ())


def _items(shelf: Shelf, candidates: Sequence[Candidate]) -> tuple[Item, ...]:
    """The cards with their reasons in words; items that one product brought share a reason and its sentence."""
    titles, handles = shelf.titles, shelf.handles
    # By identity: sources share the object, and to hash its products for every item would cost more than the sentence.
    reasons = {id(one.reason): one.reason for one in candidates}
    texts = {number: reason_text(reason, titles) for number, reason in reasons.items()}
    return tuple(
        [
            Item(one, handles[one.product_id], shelf.card_json(one.product_id), texts[id(one.reason)])
            for one in candidates
        ]
    )


def _decision(ask: Ask, answer: Answer, clock: Clock) -> Decision:
    return Decision(
        request_id=answer.request_id,
        at=clock.now(),
        placement=answer.placement,
        rail=answer.rail,
        product_id=ask.question.product_id,
        visitor=ask.visitor,
        strategy=answer.strategy,
        variant=answer.variant,
        model_version=answer.model_version,
        items=[
            {
                "product_id": item.candidate.product_id,
                "position": position,
                "score": item.candidate.score,
                "reason": item.candidate.reason.code,
            }
            for position, item in enumerate(answer.items)
        ],
    )
