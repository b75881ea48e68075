"""What the Klaviyo page says of the work for Klaviyo: profiles, events, and what did not go through; workers do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Blueprint, g

from app.core.ids import CustomerId
from app.ports.klaviyo_troubles import KlaviyoWork, WorkTrouble
from app.ports.mail import MailCount
from app.wiring.web import Web

SHOWN: Final = timedelta(days=28)
FAILED: Final = {
    KlaviyoWork.CONNECTION: "Klaviyo could not be asked about the connection",
    KlaviyoWork.PROFILES: "Not all profiles are up to date",
    KlaviyoWork.STALE: "Profiles may show products that sold out",
    KlaviyoWork.ERASED: "Profiles of people who were erased still hold what Attune wrote",
    KlaviyoWork.TAKING_BACK: "What Attune wrote still stands in profiles",
    KlaviyoWork.EVENTS: "Events that start flows wait",
    KlaviyoWork.FLOWS: "The series could not be made or looked at",
    KlaviyoWork.FEEDS: "Klaviyo was not told of all product feeds",
    KlaviyoWork.ENGAGEMENT: "Opens, clicks and orders are not read at present",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Klaviyo's complaint about profiles, what helps, and some of the customers."""

    complaint: str
    advice: str
    customers: int
    some: Sequence[CustomerId]


def blueprint(wiring: Web) -> Blueprint:
    """The readers of the page's parts; it has no routes of its own, and the page's door has said whose it is."""
    routes = Blueprint("klaviyo_push", __name__)

    routes.add_app_template_filter(lambda said: said if said.endswith((".", "!", "?")) else f"{said}.", "sentence")

    @routes.app_template_global("klaviyo_push")
    def told() -> dict[str, object]:
        state, settings = wiring.klaviyo_pushes.state(g.shop.id), wiring.mail_settings.of(g.shop.id)
        refused = [Refused(one.complaint, advice(one.complaint), one.customers, one.some) for one in state.refusals]
        return {"state": state, "is_on": settings.push, "refused": refused}

    @routes.app_template_global("klaviyo_events")
    def events() -> Sequence[MailCount]:
        return wiring.mail_triggers.counts(g.shop.id, since=wiring.clock.now() - SHOWN)

    @routes.app_template_global("klaviyo_troubles")
    def troubles() -> list[tuple[str, WorkTrouble]]:
        """What did not go through, under its heading."""
        return [(FAILED[one.work], one) for one in wiring.klaviyo_troubles.of(g.shop.id)]

    return routes


def advice(complaint: str) -> str:
    """What the merchant can do about a refused profile."""
    words = complaint.lower()
    if "identifier" in words or "already exists" in words or "duplicate" in words:
        return "Klaviyo has this person twice. Merge the two profiles in Klaviyo."
    if "email" in words or "e-mail" in words or "address" in words:
        return "Correct the address in Shopify; it is tried again as soon as it changes."
    return "It is tried again as soon as the customer’s address changes."
