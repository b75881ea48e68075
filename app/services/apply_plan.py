"""Rank one rail as the experiments want it for this unit: another order, another model, a draw, or two rankings in one.

What the shop's model does not have is left as it is for everybody, and counted: a shopper's page never waits for an
experiment (law 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.experiments.assign import Plan
from app.core.experiments.explore import MOST_CANDIDATES, draw, generator_of
from app.core.experiments.interleave import Team, team_draft
from app.core.experiments.types import UNCHANGED, Treatment
from app.core.ids import ProductId, RequestId
from app.core.recommend.cascade import Context, Source, recommend, told
from app.core.recommend.ranked_source import RankedSource
from app.core.recommend.served import ServedModel
from app.core.recommend.steered import AHEAD
from app.core.recommend.steering import STEERED
from app.core.recommend.types import Rail, Ranking, Strategy
from app.ports import Shelf
from app.services.steer_rail import UNSHOWN, Showings, apart, steer_rail


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ranking, and what a later estimate must know of how it came about."""

    ranking: Ranking
    propensities: tuple[float, ...] = ()
    """The chance of each place, given the places before it; empty where nothing was drawn, and each chance is 1."""
    teams: tuple[Team | None, ...] = ()
    """Whose turn brought each item; empty where there is but one ranking."""
    missed: bool = False
    """The arm wants something that the shop's model does not have."""


UNRANKED = Ranked(Ranking(Strategy.NONE, (), None))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is ranked, for whom, and out of what."""

    rail: Rail
    context: Context
    shelf: Shelf
    served: ServedModel | None
    """The model in use, read once: another thread may put the next one on the shelf meanwhile."""
    stored: Sequence[Source]
    """What answers while there is no model."""
    request: RequestId
    showings: Showings = UNSHOWN


def rank(asked: Asked, plan: Plan) -> Ranked:
    """Rank as the plan says; reasons are given for what is shown, and for nothing else."""
    found = _planned(asked, plan)
    return replace(found, ranking=told(found.ranking))


def _planned(asked: Asked, plan: Plan) -> Ranked:
    if plan.interleaved is not None:
        return _interleaved(asked, plan.interleaved)
    treatment = plan.treatment
    if treatment.explore <= 0.0:
        return _ranked(asked, treatment, draws=True)
    limit = asked.context.limit
    ahead = replace(asked.context, limit=max(limit, MOST_CANDIDATES))
    found = _ranked(replace(asked, context=ahead), treatment)
    own, seated = apart(found.ranking, limit)
    drawn = draw(own, limit - len(seated), treatment.explore, generator_of(asked.request))
    ranking = replace(found.ranking, items=(*drawn.items, *seated), guests=len(seated))
    return replace(found, ranking=ranking, propensities=drawn.propensities + (1.0,) * len(seated))


def _interleaved(asked: Asked, treatments: tuple[Treatment, Treatment]) -> Ranked:
    """Both rankings' items, with the strategy and the model of the first.

    Where one of them is not to be had the rail is as usual, and no side is credited with anything.
    """
    first, second = (_ranked(asked, treatment) for treatment in treatments)
    if first.missed or second.missed:
        return replace(_ranked(asked, UNCHANGED), missed=True)
    generator = generator_of(asked.request)
    drafted = team_draft(
        first.ranking.items, second.ranking.items, asked.context.limit, lambda: generator.random() < 0.5
    )
    return Ranked(
        replace(first.ranking, items=tuple([one.candidate for one in drafted])),
        teams=tuple([one.team for one in drafted]),
    )


def _ranked(asked: Asked, treatment: Treatment, *, draws: bool = False) -> Ranked:
    """As the treatment's sliders want it; what they draw is left out where something else is drawn already."""
    steering, limit = treatment.steering, asked.context.limit
    if steering is None or asked.rail not in STEERED or not (steering.reorders or steering.draws):
        return _in_order(asked, treatment)
    ahead = replace(asked.context, limit=max(limit, AHEAD))
    found = _in_order(replace(asked, context=ahead), treatment)
    served = _served(asked, treatment)
    steered = steer_rail(
        found.ranking,
        limit,
        steering,
        model=served.model if served else None,
        shopper=asked.context.shopper,
        showings=asked.showings,
        drawn_for=(asked.rail, asked.request) if draws else None,
        facts=asked.shelf,
        left_out=_known(asked.context),
    )
    missed = found.missed or served is None
    return replace(found, ranking=steered.ranking, propensities=steered.propensities, missed=missed)


def _known(context: Context) -> frozenset[ProductId]:
    """What is looked at, in the cart, or known to the shopper already."""
    shopper = context.shopper
    return frozenset((*context.anchors, *context.left_out, *shopper.viewed, *shopper.clicked, *shopper.carted))


def _served(asked: Asked, treatment: Treatment) -> ServedModel | None:
    """The model that the treatment names, where it is to be had, else the one in use."""
    pinned = asked.shelf.pinned.get(treatment.model_version) if treatment.model_version is not None else None
    return pinned or asked.served


def _in_order(asked: Asked, treatment: Treatment) -> Ranked:
    served = _served(asked, treatment)
    missed = treatment.model_version is not None and treatment.model_version not in asked.shelf.pinned
    sources: Sequence[Source] = asked.stored
    if served is not None:
        shopper = asked.context.shopper
        if treatment.strategy is None and treatment.trend is None:
            sources = served.sources(asked.rail, shopper)
        else:
            arranged = served.arranged(asked.rail, shopper, first=treatment.strategy, trend=treatment.trend)
            sources, missed = arranged.sources, missed or arranged.missed
    else:
        missed = missed or treatment.strategy is not None or treatment.trend is not None
    version = served.version if served else None
    context = asked.context
    if served is not None and any(isinstance(source, RankedSource) for source in sources):
        context = replace(context, mask=asked.shelf.buyable_among(served.model.item_ids))
    found = recommend(context, sources, asked.shelf.is_buyable, model_version=version, reasons=False)
    return Ranked(found, missed=missed)
