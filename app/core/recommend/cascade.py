"""The cascade: ask the sources in order, keep what is allowed, and fill up until the rail is full.

A source that fails is skipped and named, never passed on to the shopper (law 8). Filtering happens while candidates
are drawn, so a rail is short only when all sources together hold too few allowed products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Candidate, Placement, Ranking, Strategy


@dataclass(frozen=True, slots=True)
class Context:
    """What a rail is asked for: where it stands, what is being looked at, what is in the cart, how many are wanted."""

    placement: Placement
    product_id: ProductId | None
    cart: tuple[ProductId, ...]
    limit: int
    shopper: Shopper = NOBODY
    left_out: tuple[ProductId, ...] = ()
    """What must not be shown although it is neither looked at nor in the cart."""

    @property
    def anchors(self) -> tuple[ProductId, ...]:
        """The products that the shopper is concerned with: the one looked at first, then the cart's; each once."""
        own = () if self.product_id is None else (self.product_id,)
        return tuple(dict.fromkeys(own + self.cart))


class Source(Protocol):
    """One step of the cascade. Candidates come best first; they need not be allowed, new or distinct."""

    @property
    def strategy(self) -> Strategy: ...

    def candidates(self, context: Context) -> Iterable[Candidate]: ...


def recommend(
    context: Context,
    sources: Sequence[Source],
    is_allowed: Callable[[ProductId], bool],
    *,
    model_version: ModelVersion | None = None,
) -> Ranking:
    """Rank at most `context.limit` products.

    Args:
        is_allowed: law 5 for one product; the context's own products and what it leaves out are excluded here.
        model_version: what the sources read, passed through to the decision record.

    Returns:
        No product twice; `strategy` is the first source that contributed, `skipped` those that failed or had nothing.
    """
    items: list[Candidate] = []
    taken = {*context.anchors, *context.left_out}
    strategy, skipped = Strategy.NONE, []
    for source in sources:
        if len(items) >= context.limit:
            break
        before, failed = len(items), False
        try:
            _draw(source.candidates(context), context.limit, items, taken, is_allowed)
        except Exception:
            # Whatever is wrong with one source, the next one still answers; the name in `skipped` is counted outside.
            failed = True
        if failed or len(items) == before:
            skipped.append(str(source.strategy))
        if strategy is Strategy.NONE and len(items) > before:
            strategy = source.strategy
    return Ranking(strategy, tuple(items), model_version, tuple(skipped))


def _draw(
    candidates: Iterable[Candidate],
    limit: int,
    items: list[Candidate],
    taken: set[ProductId],
    is_allowed: Callable[[ProductId], bool],
) -> None:
    for candidate in candidates:
        if candidate.product_id in taken or not is_allowed(candidate.product_id):
            continue
        taken.add(candidate.product_id)
        items.append(candidate)
        if len(items) >= limit:
            return
