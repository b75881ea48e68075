"""The e-mail page: the four series as they stand in Klaviyo, one click that makes them, and how their mails look.

Nothing here speaks to Klaviyo: a job does, and the page shows what it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Blueprint, Response, render_template, request

from app import jobs
from app.core.email.flows.plan import FlowPlan, Series
from app.core.email.flows.series import ABOUT, FLOWS, TITLES
from app.core.email.look import LONGEST_BLOCK, Look, checked
from app.core.email.names import Arm
from app.core.errors import DomainError
from app.ports.flows import MadeFlow, MadeTemplate
from app.services.make_flows import ask
from app.web import doors
from app.web.admin import email_care, email_preview, email_settings
from app.web.admin.see_other import see_other
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/email"


class State(StrEnum):
    """How a flow stands, in the words of the page."""

    NOT_MADE = "Not made yet"
    DRAFT = "Draft"
    LIVE = "Live"
    MANUAL = "By hand"
    REFUSED = "Not made"

    @property
    def tone(self) -> str:
        return {State.LIVE: "success", State.DRAFT: "info", State.MANUAL: "info", State.REFUSED: "critical"}.get(
            self, "neutral"
        )


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """One flow with its mails; `edited` are the names of those whose templates the merchant changed."""

    plan: FlowPlan
    state: State
    complaint: str
    edited: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.plan.name.removeprefix("Attune: ")

    @property
    def mails(self) -> int:
        return len(self.plan.mails)


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    about: str
    flows: tuple[ShownFlow, ...]


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        made = wiring.made_flows.flows(shop.id)
        return render_template(
            "admin/email.html",
            connection=wiring.klaviyo_connections.of(shop.id),
            cards=_cards(made, wiring.made_flows.templates(shop.id)),
            working=bool(wiring.due_work.waiting(shop.id, jobs.FLOWS_DUE)),
            complete=sum(bool(one.flow) for one in made.values()) == len(FLOWS),
            seen_at=_seen(made),
            look=wiring.mail_looks.of(shop.id),
            longest=LONGEST_BLOCK,
            settings=email_settings.shown(shop, wiring),
            care=email_care.shown(shop, wiring),
            asking=email_preview.asking(shop, wiring) if made else None,
            saved="saved" in request.args,
        )

    @routes.post(f"{PATH}/make")
    def make() -> Response:
        shop = doors.admin().shop
        connection = wiring.klaviyo_connections.of(shop.id)
        if connection is None or not connection.works:
            return problem(409, "connect your Klaviyo account first")
        ask(shop, wiring.asking_for_flows)
        return see_other(own(PATH))

    @routes.post(f"{PATH}/look")
    def look() -> Response:
        shop, form = doors.admin().shop, request.form
        given = Look(
            form.get("colour", "").strip(),
            form.get("logo", "").strip(),
            form.get("static", "").strip()[: LONGEST_BLOCK + 1],
        )
        try:
            wiring.mail_looks.put(shop.id, checked(given))
        except DomainError as reason:
            return problem(422, str(reason))
        if wiring.made_flows.templates(shop.id):
            ask(shop, wiring.asking_for_flows)
        return see_other(own(PATH))

    return routes


def _cards(made: Mapping[str, MadeFlow], templates: Mapping[str, MadeTemplate]) -> list[Card]:
    shown = [_shown(plan, made.get(plan.key), templates) for plan in FLOWS]
    return [
        Card(TITLES[series], ABOUT[series], tuple(one for one in shown if one.plan.series is series))
        for series in Series
    ]


def _shown(plan: FlowPlan, made: MadeFlow | None, templates: Mapping[str, MadeTemplate]) -> ShownFlow:
    edited = tuple(
        mail.template_name(arm).removeprefix("Attune: ")
        for mail in plan.mails
        for arm in Arm
        if (found := templates.get(mail.template_key(arm))) is not None and found.edited
    )
    return ShownFlow(plan, _state(made), made.complaint if made else "", edited)


def _state(made: MadeFlow | None) -> State:
    if made is None or not made.flow:
        return State.REFUSED if made and made.complaint else State.NOT_MADE
    return {"live": State.LIVE, "manual": State.MANUAL}.get(made.status, State.DRAFT)


def _seen(made: Mapping[str, MadeFlow]) -> datetime | None:
    return max((one.seen_at for one in made.values() if one.seen_at is not None), default=None)
