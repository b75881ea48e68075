"""A model in use: the cascade of every rail that it feeds, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.ids import ModelVersion
from app.core.recommend.cascade import Source
from app.core.recommend.factors import Blend
from app.core.recommend.fresh import Fresh
from app.core.recommend.live import FactorsSource
from app.core.recommend.newcomers import WELCOMING_ANYBODY, Welcome
from app.core.recommend.rails import impersonal, leads_of_rails, near_of, sources_of_rails
from app.core.recommend.ranked_source import RankedSource
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Rail, Strategy


@dataclass(frozen=True, slots=True)
class Arranged:
    """The steps of a rail as an experiment wants them."""

    sources: tuple[Source, ...]
    missed: bool = False
    """Something that was wanted is not to be had from this model."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model and the steps of each rail's cascade, in order."""

    model: ItemModel
    rails: Mapping[Rail, tuple[Source, ...]]
    impersonal: Mapping[Rail, tuple[Source, ...]]
    """The same without the steps that live from what is known of the shopper."""
    leads: Mapping[Rail, Mapping[Strategy, Source]]
    """What an experiment may put first."""
    fresh: Fresh | None = None
    """What was learnt since the training."""
    _blends: dict[float, Blend] = field(default_factory=dict, compare=False, repr=False)
    """By weight; as few as experiments of the model's time have asked for."""

    @classmethod
    def of(cls, model: ItemModel, fresh: Fresh | None = None) -> ServedModel:
        """Put the cascades together, with what was learnt since the model's training where that is given."""
        model = model.beside(fresh)
        near = near_of(model)
        rails = sources_of_rails(model, near)
        welcome = Welcome(fresh.placed if fresh is not None and fresh.version == model.version else {})
        return cls(
            model,
            welcome.into(rails),
            welcome.into({rail: impersonal(sources) for rail, sources in rails.items()}, WELCOMING_ANYBODY),
            leads_of_rails(model, near),
            fresh,
        )

    def with_fresh(self, fresh: Fresh | None) -> ServedModel:
        """The same model beside other news; itself where they are what it stands beside already."""
        return self if fresh == self.fresh else ServedModel.of(self.model, fresh)

    def sources(self, rail: Rail, shopper: Shopper) -> tuple[Source, ...]:
        """The steps to ask; where nothing is known of a shopper, asking what lives from it would count as a failure."""
        return self.impersonal[rail] if shopper == NOBODY else self.rails[rail]

    def arranged(self, rail: Rail, shopper: Shopper, *, first: Strategy | None, trend: float | None) -> Arranged:
        """The steps to ask, with another one first, or with another weight of what sells.

        Args:
            first: this source leads; what it leaves open the others fill as usual.
            trend: as in `factors.weighted_blend`, for the sources that blend.
        """
        sources, missed = self.sources(rail, shopper), False
        if first is not None:
            lead = self.leads.get(rail, {}).get(first)
            missed = lead is None
            # What needs a shopper has nothing to say of nobody, and that is no failure.
            sources = _led(sources, impersonal((lead,)) if shopper == NOBODY else (lead,)) if lead else sources
        if trend is not None:
            blends = any(isinstance(source, FactorsSource | RankedSource) for source in (*self.rails[rail], *sources))
            missed = missed or not blends
            sources = tuple([self._blended(source, trend) for source in sources])
        return Arranged(sources, missed)

    def _blended(self, source: Source, weight: float) -> Source:
        if isinstance(source, RankedSource):
            return source.weighing(weight)
        if not isinstance(source, FactorsSource):
            return source
        blend = self._blends.get(weight)
        if blend is None:
            blend = self._blends[weight] = self.model.blended(weight)
        return FactorsSource(self.model, blend)

    @property
    def version(self) -> ModelVersion:
        return self.model.version


def _led(sources: tuple[Source, ...], lead: tuple[Source, ...]) -> tuple[Source, ...]:
    """The lead before the others; it is not asked twice."""
    led = {(type(source), source.strategy) for source in lead}
    return (*lead, *[source for source in sources if (type(source), source.strategy) not in led])
