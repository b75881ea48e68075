"""The cascade: ask the sources in order, keep what is allowed, and fill up until the rail is full.

A source that fails is skipped and named, never passed on to the shopper (law 8). Filtering happens while candidates
are drawn, so a rail is short only when all sources together hold too few allowed products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

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
    mask: npt.NDArray[np.bool_] | None = None
    """Which items of the model that is asked may be shown, bool [N], for sources that pick the best of a catalogue;
    None where that is not known beforehand. What they draw is asked for one by one all the same."""

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


@dataclass(frozen=True, slots=True)
class DifferentKinds:
    """A source of whose items the first ones that are shown are all of different kinds.

    Where there are fewer kinds than `first` among what may be shown, the row ends with the last new one.
    """

    source: Source
    kind_of: Callable[[ProductId], int]
    first: int

    @property
    def strategy(self) -> Strategy:
        return self.source.strategy

    def candidates(self, context: Context) -> Iterable[Candidate]:
        return self.source.candidates(context)

    def apart(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Those of `candidates`, all of which may be shown, that are; whoever repeats a kind waits its turn."""
        rest = iter(candidates)
        kinds: set[int] = set()
        waiting = []
        for candidate in rest:
            kind = self.kind_of(candidate.product_id)
            if kind in kinds:
                waiting.append(candidate)
                continue
            kinds.add(kind)
            yield candidate
            if len(kinds) == self.first:
                yield from waiting
                yield from rest


@dataclass(frozen=True, slots=True)
class Guests:
    """A source whose items have the rail's last places, however much the others have to show, and no more than those.

    Having nobody to bring is no failure of theirs.
    """

    source: Source
    places: Callable[[int], int]
    """How many places of a rail of so many are kept for them."""

    @property
    def strategy(self) -> Strategy:
        return self.source.strategy

    def candidates(self, context: Context) -> Iterable[Candidate]:
        return self.source.candidates(context)


def recommend(
    context: Context,
    sources: Sequence[Source],
    is_allowed: Callable[[ProductId], bool],
    *,
    model_version: ModelVersion | None = None,
    reasons: bool = True,
) -> Ranking:
    """Rank at most `context.limit` products.

    Args:
        is_allowed: law 5 for one product; the context's own products and what it leaves out are excluded here.
        model_version: what the sources read, passed through to the decision record.
        reasons: give them; where only some of the items will be shown, `told` does so once it is known which.

    Returns:
        No product twice; `strategy` is the first source that contributed, `skipped` those that failed or had nothing,
        `failed` those of them that failed.
    """
    items: list[Candidate] = []
    taken = {*context.anchors, *context.left_out}
    strategy, skipped, broken = Strategy.NONE, list[str](), list[str]()
    last = sources[-1] if sources else None
    if isinstance(last, Guests):
        guests = _guests(last, context, taken, is_allowed)
        room = replace(context, limit=context.limit - len(guests), left_out=(*context.left_out, *_ids(guests)))
        ranking = recommend(room, sources[:-1], is_allowed, model_version=model_version, reasons=False)
        ranking = replace(ranking, items=ranking.items + guests, guests=len(guests))
        return told(ranking) if reasons else ranking
    for source in sources:
        if len(items) >= context.limit:
            break
        before, failed = len(items), False
        try:
            allowed = _allowed(source.candidates(context), taken, is_allowed)
            _draw(source.apart(allowed) if isinstance(source, DifferentKinds) else allowed, context, items, taken)
        except Exception:
            # Whatever is wrong with one source, the next one still answers; the name in `skipped` is counted outside.
            failed = True
            broken.append(str(source.strategy))
        if failed or len(items) == before:
            skipped.append(str(source.strategy))
        if strategy is Strategy.NONE and len(items) > before:
            strategy = source.strategy
    ranking = Ranking(strategy, tuple(items), model_version, tuple(skipped), tuple(broken))
    return told(ranking) if reasons else ranking


def told(ranking: Ranking) -> Ranking:
    """The ranking with the reasons of its items; those of one source are asked for at once."""
    waiting = {id(one.later): one.later for one in ranking.items if one.later is not None}
    if not waiting:
        return ranking
    items = list(ranking.items)
    failed: list[str] = []
    for later in waiting.values():
        places = [place for place, one in enumerate(items) if one.later is later]
        try:
            found = later.reasons([items[place].product_id for place in places])
        except Exception:
            # Items without a good reason are better than none; that there was a failure is counted outside.
            failed.append(str(ranking.strategy))
            continue
        for place, reason in zip(places, found, strict=True):
            items[place] = Candidate(items[place].product_id, items[place].score, reason)
    return replace(ranking, items=tuple(items), failed=(*ranking.failed, *failed))


def _guests(
    guests: Guests, context: Context, taken: Set[ProductId], is_allowed: Callable[[ProductId], bool]
) -> tuple[Candidate, ...]:
    places = guests.places(context.limit)
    items: list[Candidate] = []
    try:
        if places:
            allowed = _allowed(guests.candidates(context), taken, is_allowed)
            _draw(allowed, replace(context, limit=places), items, set(taken))
    except Exception:
        # As for every source; the rail is as it would be without guests.
        return ()
    return tuple(items)


def _ids(candidates: Iterable[Candidate]) -> list[ProductId]:
    return [candidate.product_id for candidate in candidates]


def _allowed(
    candidates: Iterable[Candidate], taken: Set[ProductId], is_allowed: Callable[[ProductId], bool]
) -> Iterator[Candidate]:
    for candidate in candidates:
        if candidate.product_id not in taken and is_allowed(candidate.product_id):
            yield candidate


def _draw(candidates: Iterable[Candidate], context: Context, items: list[Candidate], taken: set[ProductId]) -> None:
    for candidate in candidates:
        if candidate.product_id in taken:
            continue
        taken.add(candidate.product_id)
        items.append(candidate)
        if len(items) >= context.limit:
            return
