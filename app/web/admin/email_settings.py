"""What the merchant switches on for mails: writing to profiles, each occasion, and who is held out.

Everything is off at first. An occasion that is switched on counts from then on, so nobody is told of what is long past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request

from app import jobs
from app.core.email.hold_out import MOST_SHARE
from app.core.email.names import Trigger
from app.core.email.offers import BadMailSetting
from app.core.email.settings import MailSettings
from app.core.email.triggers import RULES
from app.core.shops import Shop
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.web import doors
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PAGE = "/admin/email"


@dataclass(frozen=True, slots=True)
class Switch:
    """An occasion with its rule, as the form shows it."""

    name: str
    title: str
    words: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The form as it stands; shares in percent."""

    push: bool
    switches: Sequence[Switch]
    hold_out: float
    most: float


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email_settings", __name__)
    routes.register_error_handler(BadMailSetting, lambda error: problem(422, str(error), field=error.field))

    @routes.post(f"{PAGE}/settings")
    def save() -> Response:
        asked, form = doors.admin(), request.form
        shop, before = asked.shop, wiring.mail_settings.of(asked.shop.id)
        wanted = Wanted(
            push="push" in form,
            triggers=[one for one in Trigger if one.name in form],
            hold_out=_share(form.get("hold_out", "")),
        )
        after = set_mail_settings(shop, wanted, by=f"Shopify user {asked.user}", ports=wiring.setting_mails)
        # Switched off, the push takes away what is ours.
        if after.push != before.push or (after.push and after.hold_out != before.hold_out):
            wiring.due_work.put(shop.id, jobs.PUSH_DUE)
            wiring.jobs.enqueue(jobs.PUSH_PROFILES, shop.id)
        answer = redirect(own(PAGE, saved="1"), 303)
        assert isinstance(answer, Response)
        return answer

    return routes


def shown(shop: Shop, wiring: Web) -> Shown:
    """The form for a shop."""
    settings: MailSettings = wiring.mail_settings.of(shop.id)
    switches = [
        Switch(one.name, one.value.removeprefix("Attune "), RULES[one].words, one in settings.triggers)
        for one in Trigger
    ]
    return Shown(settings.push, switches, round(100 * settings.hold_out, 2), 100 * MOST_SHARE)


def _share(text: str) -> float:
    """A percentage of the form as a share.

    Raises:
        BadMailSetting: it is no number.
    """
    try:
        return float(text.strip().replace(",", ".")) / 100
    except ValueError:
        raise BadMailSetting("write the control group as a percentage, such as 10", "hold_out") from None
