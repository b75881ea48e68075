"""What another strategy would have earned on a rail, from answers that were partly drawn at random.

The shop's current model says what the strategy would show for each question of the log; `app.core.experiments.replay`
compares that with what was shown. Nothing is shown to anybody for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np

from app.core.errors import DomainError, NotEnoughData
from app.core.experiments import what_if
from app.core.experiments.off_policy import Estimates, NoOverlap
from app.core.experiments.replay import LeftOut, LoggedAnswers, replay
from app.core.experiments.what_if import WhatIf, named
from app.core.ids import ProductId
from app.core.recommend.cascade import Source, recommend
from app.core.recommend.rails import CHOICES, Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.ports import ArtefactStore, CatalogReader, ClickedRevenue, Clock, LoggedDecisions, Models, Reports

DEFAULT_DAYS: Final = 28
ASKABLE: Final[Mapping[Rail, tuple[Strategy, ...]]] = {
    # The others' questions are the cart and the shopper, which are not in the log.
    rail: (CHOICES[rail] if rail is Rail.BOUGHT_TOGETHER else (Strategy.TRENDING,))
    for rail in CHOICES
}
"""The strategies that need nothing but the product that was looked at."""


class NotAskable(DomainError):
    """The log can't replay this strategy on this rail."""


@dataclass(frozen=True, slots=True)
class Ports:
    decisions: LoggedDecisions
    revenue: ClickedRevenue
    catalog: CatalogReader
    models: Models
    artefacts: ArtefactStore
    reports: Reports
    clock: Clock


def estimate_strategy(shop: Shop, rail: Rail, strategy: Strategy, ports: Ports, *, days: int = DEFAULT_DAYS) -> WhatIf:
    """What the strategy would have earned over the last days, or why that can't be told.

    Raises:
        NotAskable: the log does not hold what this strategy would have needed to know.
        NotEnoughData: the shop's model does not have it.
    """
    if strategy not in ASKABLE.get(rail, ()):
        raise NotAskable(_unaskable(rail, strategy))
    sources = _sources(shop, rail, strategy, ports)
    now = ports.clock.now()
    since = now - timedelta(days=days)
    logged, left_out = ports.decisions.answers(shop.id, rail, since=since, until=now)
    answers = len(logged.question)
    asked = WhatIf(
        rail, strategy, days, answers, len(logged.place) / max(answers, 1), left_out, ports.reports.currency(shop.id)
    )
    if not answers:
        return replace(asked, refusal=_why_none(left_out))
    if len(np.unique(logged.browser)) < 2:
        return replace(asked, refusal=what_if.ONE_BROWSER)
    lists = _lists(shop, rail, sources, logged, ports.catalog)
    return _estimated(asked, logged, lists, ports.revenue.after_clicks(shop.id, since=since))


def _why_none(left_out: Mapping[LeftOut, int]) -> str:
    if LeftOut.UNSEEN in left_out:
        return what_if.UNSEEN
    return what_if.UNEXPLORED if LeftOut.UNEXPLORED in left_out else what_if.EMPTY


def _estimated(
    asked: WhatIf,
    logged: LoggedAnswers,
    lists: Mapping[int, Sequence[ProductId]],
    revenue: Mapping[tuple[str, int], int],
) -> WhatIf:
    try:
        clicks = replay(logged, lists)
    except NoOverlap:
        return replace(asked, refusal=what_if.NO_OVERLAP)
    if not clicks.rewarded:
        return replace(asked, refusal=what_if.NO_CLICKS)
    return replace(asked, clicks=clicks, revenue=_of_revenue(logged, lists, revenue))


def _of_revenue(
    logged: LoggedAnswers, lists: Mapping[int, Sequence[ProductId]], revenue: Mapping[tuple[str, int], int]
) -> Estimates | None:
    """None where nothing was bought after a click that both would have brought about."""
    keys = zip(logged.request[logged.answer].tolist(), logged.product.tolist(), strict=True)
    worth = np.array([revenue.get(key, 0) for key in keys], dtype=np.float64)
    # An order proves its click, also where a quick click's own event was lost.
    found = replay(replace(logged, clicked=logged.clicked | (worth > 0)), lists, worth=worth)
    return found if found.rewarded else None


def _unaskable(rail: Rail, strategy: Strategy) -> str:
    askable = " or ".join(ASKABLE.get(rail, ()))
    if not askable:
        return f"the rail {rail} says what it holds, and has no other strategy to be asked about"
    return f"on the rail {rail} only {askable} can be asked about: {strategy} needs more than a decision's log holds"


def _sources(shop: Shop, rail: Rail, strategy: Strategy, ports: Ports) -> Sequence[Source]:
    """The rail's steps with the strategy first, as an experiment would arrange them for an unknown visitor."""
    version = ports.models.current(shop.id)
    if version is None:
        raise NotEnoughData(f"{shop.domain} has no model yet; run: attune train {shop.domain}")
    served = ServedModel.of(ItemModel.of(version, *ports.artefacts.read(shop.id, version)))
    arranged = served.arranged(rail, NOBODY, first=strategy, trend=None)
    if arranged.missed:
        raise NotEnoughData(f"the model of {shop.domain} has no {named(strategy)}: it did not pass its exam")
    return arranged.sources


def _lists(
    shop: Shop, rail: Rail, sources: Sequence[Source], logged: LoggedAnswers, catalog: CatalogReader
) -> Mapping[int, Sequence[ProductId]]:
    """What would be shown for each question of the log."""
    buyable = {card.product_id for card in catalog.cards(shop.id) if card.buyable}
    limit = int(logged.place.max()) + 1
    questions: Iterable[int] = np.unique(logged.question).tolist()
    found = {}
    for product in questions:
        question = Question(rail, ProductId(product) if product else None, limit=limit)
        ranking = recommend(question.for_shopper(), sources, buyable.__contains__)
        found[product] = [item.product_id for item in ranking.items]
    return found
