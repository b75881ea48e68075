"""Choose products for mails by the storefront's cascade, for one shopper or for many at once.

Whoever may not be sent marketing e-mail gets nothing; whoever does not want to be known gets what sells. Nothing that
cannot be bought now is chosen, nor what the shopper has hidden or ignored. Many are asked about at once where the
model that ranks for customers leads the rail; the rest of the cascade, and what it leaves out, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.email.picked import MailAsk, Picked
from app.core.experiments.assign import DEFAULT_VARIANT
from app.core.experiments.types import UNCHANGED, Treatment
from app.core.ids import CustomerId, ProductId, new_request_id
from app.core.profiles.consent import Purpose, allowed
from app.core.recommend.blend import Ranked as Order
from app.core.recommend.cascade import Context, Source, recommend, told
from app.core.recommend.crowd_reasons import Shown, reasons_of_all
from app.core.recommend.explain import reason_text
from app.core.recommend.histories import History
from app.core.recommend.past_orders import products_of
from app.core.recommend.rails import Question
from app.core.recommend.ranked_source import RankedSource, bought_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Candidate, Later, Rail, Ranking, Reason, ReasonCode, Strategy
from app.ports import Clock, Decision
from app.ports.push import MailGoods, MailPerson, ManyRanker, RankMany

PLACEMENT: Final = "email"
FOR_NOBODY: Final = frozenset({ReasonCode.TRENDING, ReasonCode.NEW})
"""Reasons that would hold for anybody."""
LEAST_TOGETHER: Final = 50
"""Fewer are asked about one by one: to make a model ready for many costs as much as so many answers."""
SPARE: Final = 8
"""Places beside those of the rail, for what a shopper has hidden or ignored; who has more is asked about alone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked, and the decision that is to be put on record; None where nothing was picked."""

    picked: Picked
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The shop's products and model at one moment, from which any number of asks are answered."""

    goods: MailGoods
    served: ServedModel | None
    mask: npt.NDArray[np.bool_] | None
    adopted: Mapping[Rail, Treatment]
    clock: Clock
    many: RankMany
    _ranker: list[ManyRanker] = field(default_factory=list, compare=False, repr=False)
    """One at most, once many were asked about."""

    def choose(self, ask: MailAsk, person: MailPerson | None) -> Choice:
        """Answer one ask."""
        asked = self._asked(ask, person)
        return _nothing(ask) if asked is None else self._choice(ask, asked.ranked())

    def choose_many(self, asks: Sequence[MailAsk], people: Mapping[CustomerId, MailPerson]) -> list[Choice]:
        """Answer many asks, in their order: each as `choose` does, ranked among fewer candidates where that is quick.

        Asks about nobody in particular that are equal are answered once; each has a decision of its own all the same.
        """
        asked = [self._asked(ask, people.get(ask.customer)) for ask in asks]
        rankings = dict(self._together([(place, one) for place, one in enumerate(asked) if one and one.history]))
        alike: dict[object, Ranking] = {}
        for place, one in enumerate(asked):
            if one is None or place in rankings:
                continue
            if one.context.shopper == NOBODY:
                key = (one.rail, one.context.product_id, one.context.cart, one.context.limit, one.left_out)
                if key not in alike:
                    alike[key] = one.ranked()
                rankings[place] = alike[key]
            else:
                rankings[place] = one.ranked()
        return [
            _nothing(ask) if one is None else self._choice(ask, rankings[place])
            for place, (ask, one) in enumerate(zip(asks, asked, strict=True))
        ]

    def _together(self, asked: Sequence[tuple[int, _Asked]]) -> Iterator[tuple[int, Ranking]]:
        """The rankings of those whom the model can be asked about at once."""
        if self.served is None or len(asked) < LEAST_TOGETHER:
            return
        model, blend = self.served.model, self.served.model.blends.bought
        if blend is None:
            return
        if not self._ranker:
            self._ranker.append(self.many(blend))
        most = max(one.context.limit for _, one in asked) + SPARE
        histories = [one.history for _, one in asked if one.history is not None]
        orders = self._ranker[0].ranked(histories, self.mask, places=most)
        found: list[tuple[int, Ranking, _Prepared]] = []
        for (place, one), history, order in zip(asked, histories, orders, strict=True):
            lead = _Prepared(model, history, order, one.sources[0])
            found.append((place, replace(one, sources=(lead, *one.sources[1:])).ranked(reasons=False), lead))
        shown = [lead.shown(ranking) for _, ranking, lead in found]
        reasons = reasons_of_all(blend, model.item_ids, shown)
        for (place, ranking, lead), own in zip(found, reasons, strict=True):
            yield place, told(lead.explained(ranking, own))

    def _asked(self, ask: MailAsk, person: MailPerson | None) -> _Asked | None:
        """The ask as the cascade takes it; None where nothing may be picked."""
        if person is None or self.served is None or not allowed(Purpose.EMAIL, person.consent):
            return None
        shopper = self._shopper(person)
        shown = (*ask.without, *person.hidden)
        context = Question(ask.rail, ask.product, ask.cart, ask.limit, shown).for_shopper(shopper)
        adopted = self.adopted.get(ask.rail, UNCHANGED)
        sources = self.served.arranged(ask.rail, shopper, first=adopted.strategy, trend=adopted.trend).sources
        items, kinds, hidden = self.goods.items, self.goods.kinds, person.hidden_kinds

        def may_be_shown(product: ProductId) -> bool:
            return product in items and (not hidden or kinds.get(product) not in hidden)

        asked = _Asked(ask.rail, replace(context, mask=self.mask), sources, may_be_shown, self.served, hidden)
        return replace(asked, history=asked.heard())

    def _shopper(self, person: MailPerson) -> Shopper:
        if not person.orders or not allowed(Purpose.PERSONALISE, person.consent):
            return NOBODY
        today = int(self.clock.now().timestamp() // 86_400)
        return Shopper(bought=products_of(person.orders), orders=person.orders, today=today)

    def _choice(self, ask: MailAsk, ranking: Ranking) -> Choice:
        request = new_request_id()
        if not ranking.items:
            return Choice(Picked(ask.customer, request, ranking.strategy, ()), None)
        goods, titles = self.goods.items, self.goods.titles
        shown = tuple([goods[one.product_id].because(reason_text(one.reason, titles)) for one in ranking.items])
        popular = all(one.reason.code in FOR_NOBODY for one in ranking.items)
        picked = Picked(ask.customer, request, ranking.strategy, shown, popular)
        return Choice(picked, self._decision(ask, picked, ranking))

    def _decision(self, ask: MailAsk, picked: Picked, ranking: Ranking) -> Decision:
        items: list[Mapping[str, Any]] = [
            {
                "product_id": one.product_id,
                "position": position,
                "score": one.score,
                "reason": one.reason.code,
                "propensity": 1.0,
            }
            for position, one in enumerate(ranking.items)
        ]
        return Decision(
            request_id=picked.request_id,
            at=self.clock.now(),
            placement=PLACEMENT,
            rail=ask.rail,
            product_id=ask.product,
            visitor=None,
            strategy=ranking.strategy,
            variant=DEFAULT_VARIANT,
            model_version=ranking.model_version,
            items=items,
            failed=len(ranking.failed),
        )


def _nothing(ask: MailAsk) -> Choice:
    return Choice(Picked(ask.customer, new_request_id(), Strategy.NONE, ()), None)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One ask of the cascade. `history` is there where the model can be asked about many such at once."""

    rail: Rail
    context: Context
    sources: tuple[Source, ...]
    may_be_shown: Callable[[ProductId], bool]
    served: ServedModel
    hidden_kinds: frozenset[str]
    history: History | None = None

    @property
    def left_out(self) -> tuple[frozenset[ProductId], frozenset[str]]:
        return frozenset(self.context.left_out), self.hidden_kinds

    def ranked(self, *, reasons: bool = True) -> Ranking:
        """As the cascade has it."""
        version = self.served.version
        return recommend(self.context, self.sources, self.may_be_shown, model_version=version, reasons=reasons)

    def heard(self) -> History | None:
        """What the blend of purchases is asked with, where it leads the rail and nothing else is mixed in."""
        lead, shopper = self.sources[0] if self.sources else None, self.context.shopper
        if not isinstance(lead, RankedSource) or lead.trend is not None or self.context.anchors:
            return None
        if self.served.model.blends.bought is None or not shopper.orders or shopper.visit:
            return None
        return bought_history(self.served.model, shopper.orders, shopper.today) or None


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """The source that leads a rail, of whose ranking for one shopper the best were found together with others'."""

    model: ItemModel
    history: History
    order: Order
    rest: Source
    """What is asked where those do not fill the rail."""

    @property
    def strategy(self) -> Strategy:
        return self.rest.strategy

    def candidates(self, context: Context) -> Iterator[Candidate]:
        plain = Reason(ReasonCode.BECAUSE_BOUGHT)
        items = self.model.item_ids[self.order.at].tolist()
        for item, score in zip(items, self.order.score.tolist(), strict=True):
            yield Candidate(ProductId(item), score, plain, _TOGETHER)
        yield from self.rest.candidates(context)

    def shown(self, ranking: Ranking) -> Shown:
        """What of it the ranking shows."""
        place_of = {item: place for place, item in enumerate(self.model.item_ids[self.order.at].tolist())}
        places = [place_of[one.product_id] for one in ranking.items if one.later is _TOGETHER]
        return Shown(self.history, self.order.at[places], self.order.pooled[places])

    def explained(self, ranking: Ranking, reasons: Sequence[Reason]) -> Ranking:
        """The ranking with the reasons of those."""
        waiting = iter(reasons)
        items = [
            Candidate(one.product_id, one.score, next(waiting)) if one.later is _TOGETHER else one
            for one in ranking.items
        ]
        return replace(ranking, items=tuple(items))


class _Together:
    """Marks an item whose reason is worked out together with others'."""

    def reasons(self, products: Sequence[ProductId]) -> Sequence[Reason]:
        return [Reason(ReasonCode.BECAUSE_BOUGHT) for _ in products]


_TOGETHER: Final[Later] = _Together()
