"""The form for a new experiment: first what is tested, then the fields that this takes.

Beside it stands how long it would take in this store, from the store's own figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template, request

from app.core.errors import DomainError
from app.core.experiments.conflicts import free_room
from app.core.experiments.drafts import (
    MOST_OTHER_ARMS,
    OTHER_ARMS,
    STRATEGY_NAMES,
    Lever,
    metrics_of,
)
from app.core.experiments.drafts import RAILS as RAILS_OF
from app.core.experiments.power import Baseline, plan
from app.core.experiments.rules import LONGEST_NAME, LONGEST_TITLE, in_percent, percent
from app.core.experiments.slider_settings import SLIDERS
from app.core.experiments.types import Experiment, Kind
from app.core.recommend.rails import CHOICES
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.run_experiment import around
from app.web import doors
from app.web.admin.experiment_words import LEVERS, VALUES
from app.web.admin.experiment_words import METRICS as TITLES
from app.web.admin.experiments import PATH
from app.web.admin.learnt import RAILS
from app.web.admin.writing import count
from app.wiring.web import Web

LIFTS = (0.02, 0.05, 0.1, 0.2)
LOOK_BACK = timedelta(days=28)
MOST_VISITORS = 10**8
TOO_LONG_DAYS = 3 * 365
MOST_MODELS = 20
RANKED = (Lever.STRATEGY, Lever.INTERLEAVING)
"""Tests for which the rail is chosen first: it says which rankings there are."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An experiment that a new one may be exclusive with."""

    id: int
    name: str
    free: str


@dataclass(frozen=True, slots=True)
class Duration:
    """How long it takes until a lift shows."""

    lift: str
    visitors: str
    days: str


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("experiment_form", __name__)

    @routes.get(f"{PATH}/new")
    def page() -> str:
        shop = doors.admin().shop
        lever = next((lever for lever in Lever if lever == request.args.get("what")), None)
        rail = next((rail for rail in CHOICES if rail == request.args.get("rail")), None) if lever in RANKED else None
        visitors, rate, complaint = _asked(shop, wiring)
        return render_template(
            "admin/experiment_new.html",
            levers=LEVERS,
            lever=lever,
            rails_first={one: RAILS[one] for one in CHOICES} if lever in RANKED and rail is None else {},
            again={name: value for name, value in (("what", lever), ("rail", rail)) if value},
            durations=durations(visitors, rate),
            visitors=f"{visitors:.0f}" if visitors else "",
            rate=f"{100 * rate:.3g}" if rate else "",
            complaint=complaint,
            **(_fields(lever, rail, shop, wiring) if lever else {}),
        )

    return routes


def durations(daily: float, rate: float) -> Sequence[Duration]:
    """How long two arms take to show lifts in conversion; empty where nothing is known of the store."""
    if not daily or not 0 < rate < 1:
        return ()
    found = []
    for lift in LIFTS:
        try:
            made = plan(Baseline.rate(rate), lift, daily=daily)
        except DomainError:
            continue
        days = f"{count(made.days)}" if made.days <= TOO_LONG_DAYS else "years"
        found.append(Duration(f"+{in_percent(lift)}", count(made.units), days))
    return found


def _asked(shop: Shop, wiring: Web) -> tuple[float, float, str]:
    """Visitors a day and the share of them who order: as asked, or as counted; and what is wrong with the question."""
    counted = wiring.baselines.since(shop.id, wiring.clock.now() - LOOK_BACK)
    visitors, rate = counted.daily, counted.conversion
    try:
        if "visitors" in request.args:
            text = request.args["visitors"].strip()
            if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= MOST_VISITORS):
                return visitors, rate, "Give the visitors of a day as a whole number."
            visitors = int(text)
        if "rate" in request.args:
            rate = percent(request.args["rate"], "rate", least=0.01, most=99)
    except (DomainError, ValueError) as error:
        return visitors, rate, f"{str(error)[:1].upper()}{str(error)[1:]}."
    return visitors, rate, ""


def _fields(lever: Lever, rail: Rail | None, shop: Shop, wiring: Web) -> dict[str, object]:
    """What the form of this kind of test needs; a rail is given where its rankings are tested."""
    known, in_use = around(shop, wiring.running_experiments), wiring.models.current(shop.id)
    models = wiring.models.history(shop.id, limit=MOST_MODELS)
    return {
        "title": LEVERS[lever][0],
        "value_label": VALUES.get(lever, ""),
        "keys": OTHER_ARMS[: MOST_OTHER_ARMS[lever]] if lever in VALUES else (),
        "rail": rail,
        "rails": {one: RAILS[one] for one in RAILS_OF[lever]},
        "strategies": {strategy: STRATEGY_NAMES[strategy] for strategy in CHOICES[rail]} if rail else {},
        "slider_settings": SLIDERS,
        "models": [one for one in models if one.version in known.versions and one.version != in_use],
        "metrics": [(metric, TITLES[metric]) for metric in metrics_of(lever)],
        "beside": _beside(known.others),
        "longest_name": LONGEST_NAME,
        "longest_title": LONGEST_TITLE,
        "has_model": in_use is not None,
    }


def _beside(others: Sequence[Experiment]) -> Sequence[Beside]:
    """Those in whose layer some visitors are free, the most at once."""
    found = []
    for one in others:
        free = free_room(one.layer, others)
        if free and one.kind is not Kind.HOLD_OUT:
            found.append(Beside(one.id, one.name, in_percent(free[0].share)))
    return found
