"""A model in use: the cascade of every rail that it feeds, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.ids import ModelVersion
from app.core.recommend.cascade import Source
from app.core.recommend.rails import impersonal, sources_of_rails
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Rail


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model and the steps of each rail's cascade, in order."""

    model: ItemModel
    rails: Mapping[Rail, tuple[Source, ...]]
    impersonal: Mapping[Rail, tuple[Source, ...]]
    """The same without the steps that live from what is known of the shopper."""

    @classmethod
    def of(cls, model: ItemModel) -> ServedModel:
        rails = sources_of_rails(model)
        return cls(model, rails, {rail: impersonal(sources) for rail, sources in rails.items()})

    def sources(self, rail: Rail, shopper: Shopper) -> tuple[Source, ...]:
        """The steps to ask; where nothing is known of a shopper, asking what lives from it would count as a failure."""
        return self.impersonal[rail] if shopper == NOBODY else self.rails[rail]

    @property
    def version(self) -> ModelVersion:
        return self.model.version
