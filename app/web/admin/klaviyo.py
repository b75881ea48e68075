"""The Klaviyo page: connect an account, see how the connection stands and what it lacks, and leave it again.

Nothing here speaks to Klaviyo: what the merchant gives is noted, a job does the rest, the page looks for its answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from app.core.email.scopes import NOT_WITH_A_KEY, missing
from app.core.errors import DomainError
from app.core.shops import Shop
from app.ports.klaviyo import KlaviyoConnection, LinkKind
from app.services import connect_klaviyo
from app.services.disconnect_klaviyo import LEAVING, disconnect
from app.web import doors
from app.web.admin.writing import own
from app.web.klaviyo import CONNECT
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/klaviyo"
CALLS = {
    "bulk_import_profiles": "Profiles in bulk",
    "get_bulk_import_profiles_job": "Following a transfer",
    "get_errors_for_bulk_import_profiles_job": "Refused profiles",
    "get_profiles": "Looking profiles up",
    "update_profile": "Changing a profile",
    "request_profile_deletion": "Erasing a person",
    "create_event": "Events",
    "bulk_create_events": "Events in bulk",
    "get_events": "Reading events back",
    "get_metrics": "Metrics",
    "render_template": "Previews",
    "create_flow": "Making flows",
}
"""How the calls that matter are named; the others go by their own names."""


@dataclass(frozen=True, slots=True)
class ShownQuota:
    name: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.limit))


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo", __name__)
    ports = wiring.connecting_klaviyo

    @routes.get(PATH)
    def page() -> str:
        return render_template("admin/klaviyo.html", **_shown(doors.admin().shop, wiring))

    @routes.get(f"{PATH}/state.json")
    def state() -> Response:
        """What the page looks at while a worker tries the connection."""
        return jsonify(state="waiting" if _is_under_way(doors.admin().shop, wiring) else "done")

    @routes.post(f"{PATH}/begin")
    def begin() -> Response:
        """Where the browser's window goes next."""
        asked = doors.admin()
        try:
            state = connect_klaviyo.begin(asked.shop, by=f"Shopify user {asked.user}", ports=ports)
        except DomainError as error:
            return problem(422, str(error))
        return jsonify(address=f"{wiring.settings.app_url}{CONNECT}?state={state}")

    @routes.post(f"{PATH}/key")
    def key() -> Response:
        asked = doors.admin()
        try:
            given = request.form.get("key", "")
            connect_klaviyo.offer_key(asked.shop, given, by=f"Shopify user {asked.user}", ports=ports)
        except DomainError as error:
            return problem(422, str(error), field="key")
        return _see(own(PATH))

    @routes.post(f"{PATH}/disconnect")
    def leave() -> Response:
        disconnect(doors.admin().shop, wiring.disconnecting_klaviyo)
        return _see(own(PATH))

    return routes


def _shown(shop: Shop, wiring: Web) -> dict[str, object]:
    link = wiring.klaviyo_connections.of(shop.id)
    asking = wiring.klaviyo_askings.of(shop.id)
    return {
        "link": link,
        "leaving": link is not None and link.trouble == LEAVING,
        "under_way": _is_under_way(shop, wiring),
        "complaint": asking.trouble if asking else "",
        "by_key": link is not None and link.kind is LinkKind.KEY,
        "lacks": _lacks(link) if link else [],
        "quotas": _quotas(shop, wiring) if link else [],
        "oauth": bool(wiring.settings.klaviyo_client_id),
    }


def _lacks(link: KlaviyoConnection) -> list[tuple[str, str]]:
    known = NOT_WITH_A_KEY if link.kind is LinkKind.KEY else frozenset[str]()
    return [(scope, purpose) for scope, purpose in missing(link.scopes) if scope not in known]


def _quotas(shop: Shop, wiring: Web) -> list[ShownQuota]:
    used = wiring.klaviyo_quotas.used(shop.id)
    shown = [ShownQuota(CALLS.get(one.call, one.call.replace("_", " ")), one.used, one.limit) for one in used]
    return sorted(shown, key=lambda one: -one.percent)


def _is_under_way(shop: Shop, wiring: Web) -> bool:
    asking = wiring.klaviyo_askings.of(shop.id)
    link = wiring.klaviyo_connections.of(shop.id)
    return bool(asking and asking.is_given) or bool(link and link.trouble == LEAVING)


def _see(address: str) -> Response:
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    return answer
