"""The page on which the merchant decides, in plain words, whether anything may be learnt, and can take it back."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request

from app.core.training_consent import CURRENT, TEXTS
from app.services.record_consent import record_consent
from app.web import doors
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/consent"


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("consent", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        history = wiring.consents.history(shop.id)
        granted = bool(history) and history[0].granted
        return render_template("admin/consent.html", text=CURRENT, granted=granted, history=history)

    @routes.post(PATH)
    def decide() -> Response:
        asked = doors.admin()
        decision, version = request.form.get("decision"), request.form.get("text_version", "")
        if decision not in ("grant", "withdraw"):
            return problem(400, "decision must be grant or withdraw")
        if version not in TEXTS or (decision == "grant" and version != CURRENT.version):
            return problem(409, "the text has changed since the page was opened; reload it and read it again")
        record_consent(
            asked.shop,
            granted=decision == "grant",
            by=f"Shopify user {asked.user}",
            text_version=version,
            ports=wiring.recording_consent,
        )
        answer = redirect(PATH, 303)
        assert isinstance(answer, Response)
        return answer

    return routes
