"""A mail of the series as one shopper would get it: chosen on the E-mail page, made by a job, shown in a closed frame.

Whom the merchant means may be an e-mail address, so it travels in the body of a form, as on the Shoppers page. People
who opted out or were erased are not found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request

from app.core.email.flows.series import FLOWS
from app.core.email.names import Arm
from app.core.email.previewed import framed, mail_of
from app.core.errors import DomainError
from app.core.shops import Shop
from app.ports.mail_previews import MailPreview, PreviewState
from app.services.preview_mail import ask_preview
from app.web import doors
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PAGE = "/admin/email"
LONGEST = 200
NOBODY = (
    "Nobody was found. Give a customer's number, e-mail address or order number; people who opted out or were erased "
    "are not shown."
)
ARMS: Mapping[Arm, str] = {Arm.ATTUNE: "With Attune’s products", Arm.CONTROL: "As the control group gets it"}
WIDTHS: Mapping[str, str] = {"phone": "Phone", "desk": "Desk"}
SCHEMES: Mapping[str, str] = {"light": "Light", "dark": "Dark"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it is filled in before anybody writes."""

    customer: str
    mail: str
    arm: Arm

    @property
    def mails(self) -> list[tuple[str, str]]:
        return [(mail.key, mail.name) for plan in FLOWS for mail in plan.mails]

    @property
    def arms(self) -> Mapping[Arm, str]:
        return ARMS


@dataclass(frozen=True, slots=True)
class Toggle:
    """One of two views of the frame, with the address that shows it."""

    title: str
    address: str
    is_on: bool


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email_preview", __name__)

    @routes.post(f"{PAGE}/previews")
    def ask() -> Response:
        asked, form = doors.admin(), request.form
        words = form.get("q", "").strip()[:LONGEST]
        customer = wiring.customer_search.find(asked.shop.id, words) if words else None
        if customer is None:
            return problem(422, NOBODY, field="q")
        by = f"Shopify user {asked.user}"
        try:
            arm = Arm(form.get("arm", ""))
            id = ask_preview(asked.shop, customer, form.get("mail", ""), arm, by=by, ports=wiring.asking_mail_previews)
        except DomainError as reason:
            return problem(422, str(reason), field="mail")
        except ValueError:
            return problem(422, "choose one of the two", field="arm")
        answer = redirect(own(f"{PAGE}/previews/{id}"), 303)
        assert isinstance(answer, Response)
        return answer

    @routes.get(f"{PAGE}/previews/<id>.json")
    def state(id: str) -> dict[str, str] | Response:
        found = wiring.mail_previews.one(doors.admin().shop.id, id, at=wiring.clock.now())
        return {"state": found.state} if found else problem(404, "there is no such preview")

    @routes.get(f"{PAGE}/previews/<id>")
    def page(id: str) -> str:
        shop = doors.admin().shop
        found = wiring.mail_previews.one(shop.id, id, at=wiring.clock.now())
        width, scheme = _one_of(WIDTHS, "width"), _one_of(SCHEMES, "scheme")
        return render_template(
            "admin/email_preview.html",
            preview=found,
            title=_title(found),
            html=framed(found.html, dark=scheme == "dark") if found and found.html else "",
            width=width,
            scheme=scheme,
            toggles=[
                _toggles(WIDTHS, "width", {"width": width, "scheme": scheme}),
                _toggles(SCHEMES, "scheme", {"width": width, "scheme": scheme}),
            ],
            asking=Asked(str(found.customer), found.mail, found.arm) if found else asking(shop, wiring),
            is_waiting=found is not None and found.state is PreviewState.WAITING,
        )

    return routes


def asking(shop: Shop, wiring: Web) -> Asked:
    """The form with the customer who ordered last, for a first look."""
    recent = wiring.previewing.shoppers.customers(shop.id, limit=1)
    return Asked(str(recent[0].customer) if recent else "", FLOWS[0].mails[0].key, Arm.ATTUNE)


def _title(preview: MailPreview | None) -> str:
    named = mail_of(preview.mail) if preview else None
    return named[1].name if named else "Preview of a mail"


def _one_of(known: Mapping[str, str], name: str) -> str:
    given = request.args.get(name, "")
    return given if given in known else next(iter(known))


def _toggles(known: Mapping[str, str], name: str, now: dict[str, str]) -> list[Toggle]:
    return [
        Toggle(title, own(request.path, **{**now, name: value}), now[name] == value) for value, title in known.items()
    ]
