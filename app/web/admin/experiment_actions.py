"""What the merchant does to experiments: start, ramp, stop, give up, leave days out, take the list of an e-mail test.

Each is a form that is answered with the page it belongs to, or with a problem document that names the field.
"""

from __future__ import annotations

import secrets
from datetime import date

from flask import Blueprint, Response, request, stream_with_context

from app.core.experiments.rules import BadDraft, percent
from app.core.experiments.types import ArmKey, ExperimentId, Show
from app.services import run_experiment
from app.services.email_arms import arms_list
from app.services.hold_out import MOST_HELD_OUT, change_hold_out
from app.services.run_experiment import NoSuchExperiment
from app.web import doors
from app.web.admin.experiments import PATH
from app.web.admin.see_other import see_other
from app.web.admin.writing import own, shop_zone
from app.web.doors import AdminRequest
from app.web.problems import problem
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("experiment_actions", __name__)
    routes.register_error_handler(BadDraft, _bad_field)
    routes.register_error_handler(NoSuchExperiment, lambda error: problem(404, str(error)))
    ports = wiring.running_experiments

    @routes.post(PATH)
    def create() -> Response:
        asked = doors.admin()
        fields = request.form.to_dict()
        id = run_experiment.create_experiment(
            asked.shop, fields, by=_name(asked), salt=secrets.token_hex(8), ports=ports
        )
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/start")
    def start(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        run_experiment.start_experiment(asked.shop, id, traffic=_traffic(), by=_name(asked), ports=ports)
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/ramp")
    def ramp(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        run_experiment.ramp_experiment(asked.shop, id, traffic=_traffic(), by=_name(asked), ports=ports)
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/stop")
    def stop(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        choice = ArmKey(request.form["choice"]) if request.form.get("choice") else None
        run_experiment.stop_experiment(asked.shop, id, choice=choice, by=_name(asked), ports=ports)
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/take-back")
    def take_back(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        run_experiment.take_back(asked.shop, id, by=_name(asked), ports=ports)
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/discard")
    def discard(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        run_experiment.discard_draft(asked.shop, id, by=_name(asked), ports=ports)
        return _to(id)

    @routes.post(f"{PATH}/<int:number>/windows")
    def leave_out(number: int) -> Response:
        asked, id = doors.admin(), ExperimentId(number)
        run_experiment.exclude_days(
            asked.shop,
            id,
            first=_day("first"),
            last=_day("last"),
            reason=request.form.get("reason", ""),
            zone=shop_zone(wiring),
            by=_name(asked),
            ports=ports,
        )
        return _to(id)

    @routes.post(f"{PATH}/hold-out")
    def hold_out() -> Response:
        asked = doors.admin()
        share = percent(request.form.get("share", ""), "share", least=0, most=100 * MOST_HELD_OUT)
        show = _show(request.form.get("show", ""))
        change_hold_out(asked.shop, share=share, show=show, by=_name(asked), ports=wiring.holding_out)
        return see_other(own(PATH))

    @routes.post(f"{PATH}/<int:number>/customers")
    def customers(number: int) -> Response:
        """The list of an e-mail test; taking it starts the counting of who stands on it, hence no GET."""
        asked = doors.admin()
        lines = arms_list(asked.shop, ExperimentId(number), wiring.listing_arms)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="attune-test-{number}.csv"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def _bad_field(error: BadDraft) -> Response:
    return problem(422, str(error), field=error.field)


def _name(asked: AdminRequest) -> str:
    return f"Shopify user {asked.user}"


def _traffic() -> float:
    return percent(request.form.get("traffic", ""), "traffic", least=1, most=100)


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise BadDraft("give a day", field) from None


def _show(text: str) -> Show:
    try:
        return Show(text)
    except ValueError:
        raise BadDraft("choose what stands in the rails’ place", "show") from None


def _to(id: ExperimentId) -> Response:
    return see_other(own(f"{PATH}/{id}"))
