"""What was learnt: every rail's exam beside its floor, the trainings so far, which of them is in use, each one's card.

A version on trial stands beside the one in use, with what was counted of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request

from app.core.ids import ModelVersion
from app.ports import ModelRecord
from app.services.tell_model import card_of
from app.web import doors
from app.web.admin.learnt import learnt
from app.web.admin.model_trial import canary_of, taken_back
from app.wiring.web import Web

SHOWN = 20
STATES = {
    "training": ("Under way", "info"),
    "canary": ("On trial", "info"),
    "published": ("Finished", "neutral"),
    "retired": ("Earlier", "neutral"),
    "taken_back": ("Taken back", "critical"),
    "rejected": ("Not used", "warning"),
    "failed": ("Failed", "critical"),
}


@dataclass(frozen=True, slots=True)
class ShownTraining:
    record: ModelRecord
    badge: str
    tone: str

    @classmethod
    def of(cls, record: ModelRecord, in_use: ModelRecord | None) -> ShownTraining:
        if in_use is not None and record.version == in_use.version:
            return cls(record, "In use", "success")
        return cls(record, *STATES.get(record.state, (record.state.capitalize(), "neutral")))


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("model", __name__)

    @routes.get("/admin/model")
    def page() -> str:
        shop = doors.admin().shop
        in_use, history = wiring.models.in_use(shop.id), wiring.models.history(shop.id, limit=SHOWN)
        trials = wiring.trials.history(shop.id, limit=SHOWN)
        return render_template(
            "admin/model.html",
            model=in_use,
            learnt=learnt(in_use) if in_use else [],
            rolled_back=in_use is not None and is_rolled_back(in_use, history),
            canary=canary_of(trials),
            taken_back=taken_back(trials, wiring.clock.now()),
            trainings=[ShownTraining.of(record, in_use) for record in history],
        )

    @routes.get("/admin/model/card")
    def version() -> str:
        shop = doors.admin().shop
        record = wiring.models.one(shop.id, ModelVersion(request.args.get("version", "")))
        if record is None:
            abort(404)
        trial = wiring.trials.one(shop.id, record.version)
        return render_template("admin/model_card.html", record=record, sections=card_of(record, trial))

    return routes


def is_rolled_back(in_use: ModelRecord, history: Sequence[ModelRecord]) -> bool:
    """Whether a younger model had been published before somebody went back to this one."""
    return any(record.state == "retired" and record.trained_at > in_use.trained_at for record in history)
