"""Answer one rail: what is asked → sources of the cascade → what may be shown → reasons → answer, and its record.

This is the heart of the storefront, and it never waits: the shop is in memory, or else a stored list answers; one
Redis round trip tells what the visitor just did; the record goes into a buffer. What fails is skipped, and the next
source answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ids import ModelVersion, ProductId, RequestId, VisitorId, new_request_id
from app.core.recommend.cascade import Context, Source, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.live import StoredListSource, with_recent_clicks
from app.core.recommend.served import ServedModel
from app.core.recommend.types import Candidate, Placement, Strategy
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
    """One request for a rail. `visitor` is only there when the visitor has consented (law 2)."""

    placement: Placement
    product_id: ProductId | None = None
    cart: tuple[ProductId, ...] = ()
    visitor: VisitorId | None = None
    limit: int = 8
    cards: tuple[ProductId, ...] = ()
    """The products whose cards stand in the page already; it may have been rendered before one of them sold out."""


@dataclass(frozen=True, slots=True)
class Item:
    """One recommended product: `card_json` is the members of its JSON object that are the same in every answer."""

    candidate: Candidate
    card_json: bytes
    reason_text: str


@dataclass(frozen=True, slots=True)
class Answer:
    request_id: RequestId
    placement: Placement
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


def serve_recommendations(shop: Shop, ask: Ask, ports: Ports) -> Answer:
    """Recommend at most `ask.limit` products that can be bought now and are neither in the cart nor looked at."""
    mapped = ports.shelves.mapped(shop.id)
    needs_list = mapped is None or mapped.model is None
    visitor = ports.live.read(shop.id, ask.visitor, list_of=ask.product_id if needs_list else None)
    shelf = mapped or ports.shelves.small(shop.id, _named(ask, visitor))

    context = Context(ask.placement, ask.product_id, ask.cart, ask.limit)
    served = shelf.model  # Read once: another thread may put the next model there meanwhile.
    version = served.version if served else None
    ranking = recommend(context, _sources(served, visitor), shelf.is_buyable, model_version=version)

    answer = Answer(
        request_id=new_request_id(),
        placement=ask.placement,
        strategy=ranking.strategy,
        variant=visitor.arm or DEFAULT_ARM,
        items=_items(shelf, ranking.items),
        model_version=version,
        skipped=ranking.skipped,
        mapped=mapped is not None,
        unavailable=tuple([card for card in ask.cards if shelf.cannot_be_bought(card)]),
    )
    ports.decisions.record(shop.id, _decision(ask, answer, ports.clock))
    return answer


def _sources(served: ServedModel | None, visitor: VisitorState) -> list[Source]:
    """The cascade: neighbours of what is looked at, of what was clicked lately, what sells; else the stored list."""
    sources = with_recent_clicks(served.sources, served.model, visitor.clicked) if served else []
    if visitor.stored:
        sources.append(StoredListSource(visitor.stored.code, visitor.stored.products))
    return sources


def _named(ask: Ask, visitor: VisitorState) -> tuple[ProductId, ...]:
    """The products that an answer without a mapped shop can be about."""
    own = () if ask.product_id is None else (ask.product_id,)
    return own + ask.cards + (visitor.stored.products if visitor.stored else ())


def _items(shelf: Shelf, candidates: Sequence[Candidate]) -> tuple[Item, ...]:
    """The cards with their reasons in words; items that one product brought share a reason and its sentence."""
    titles = shelf.titles
    texts = {candidate.reason: "" for candidate in candidates}
    for reason in texts:
        texts[reason] = reason_text(reason, titles)
    return tuple([Item(one, shelf.card_json(one.product_id), texts[one.reason]) for one in candidates])


def _decision(ask: Ask, answer: Answer, clock: Clock) -> Decision:
    return Decision(
        request_id=answer.request_id,
        at=clock.now(),
        placement=ask.placement,
        product_id=ask.product_id,
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
