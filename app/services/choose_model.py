"""Which model ranks for a visitor: the one in use, or for the canary's share of visitors the one on trial.

A canary costs no page anything: rails that order the cards of a page go on doing so, and fetch no others.
"""

from __future__ import annotations

from app.core.experiments.assign import Plan
from app.core.experiments.types import Unit
from app.core.recommend.canary import compares_models
from app.core.recommend.served import ServedModel
from app.ports import Shelf


def model_for(unit: Unit | None, plan: Plan, shelf: Shelf) -> ServedModel | None:
    """The model for this unit; the one in use for everybody without consent, and for whom an experiment compares
    versions. None where the shop has none."""
    canary = shelf.canary
    if canary is None or unit is None or not canary.takes(unit) or compares_models(plan):
        return shelf.model
    return shelf.pinned.get(canary.version) or shelf.model
