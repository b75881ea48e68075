"""The Klaviyo page: connect an account, see how the connection stands and what it lacks, and leave it again.

Nothing here speaks to Klaviyo: what the merchant gives is noted, a job does the rest, the page looks for its answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, render_template, request

from app.core.email.scopes import NOT_WITH_A_KEY, missing
from app.core.errors import DomainError
from app.core.shops import Shop
from app.ports.klaviyo import KlaviyoConnection, LinkKind
from app.services import connect_klaviyo
from app.services.disconnect_klaviyo import LEAVING, disconnect
from app.web import doors
from app.web.admin.see_other import see_other
from app.web.admin.writing import own
from app.web.klaviyo import CONNECT
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/klaviyo"
CALLS = {
    "bulk_import_profiles": "Profiles in bulk",
    "get_bulk_import_profiles_job": "Following a transfer",
    "get_bulk_import_profiles_jobs": "Transfers under way",
    "get_errors_for_bulk_import_profiles_job": "Refused profiles",
    "get_profiles": "Looking profiles up",
    "update_profile": "Changing a profile",
    "create_event": "Events",
    "bulk_create_events": "Events in bulk",
    "get_events": "Reading events back",
    "get_metrics": "Metrics",
    "get_accounts": "The account",
    "create_template": "Making templates",
    "update_template": "Renewing templates",
    "get_template": "Looking at templates",
    "get_templates": "Looking for templates",
    "render_template": "Previews",
    "create_flow": "Making flows",
    "get_flow": "Looking at flows",
    "get_flows": "Looking for flows",
    "get_lists": "Lists",
    "get_web_feeds": "Looking at feeds",
    "create_web_feed": "Making feeds known",
    "update_web_feed": "Changing feeds",
    "delete_web_feed": "Taking feeds away",
    "get_webhooks": "Looking at webhooks",
    "create_webhook": "Making webhooks",
    "delete_webhook": "Taking webhooks away",
}
"""How the calls are named for the merchant; one without a name goes by its own."""


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
        shop = doors.admin().shop
        is_news = str(_told(shop, wiring)) != request.args.get("told")
        return jsonify(state="waiting" if _is_under_way(shop, wiring) and not is_news else "done")

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
        return see_other(own(PATH))

    @routes.post(f"{PATH}/disconnect")
    def leave() -> Response:
        disconnect(doors.admin().shop, wiring.disconnecting_klaviyo)
        return see_other(own(PATH))

    return routes


def _shown(shop: Shop, wiring: Web) -> dict[str, object]:
    link = wiring.klaviyo_connections.of(shop.id)
    asking = wiring.klaviyo_askings.of(shop.id)
    return {
        "link": link,
        "leaving": link is not None and link.trouble == LEAVING,
        "stand": _standing(shop, wiring) if link and link.trouble == LEAVING else 0,
        "under_way": _is_under_way(shop, wiring),
        "told": _told(shop, wiring),
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


def _told(shop: Shop, wiring: Web) -> int:
    """How many troubles there are to read of: the page that waits is drawn anew when there is another one."""
    return len(wiring.klaviyo_troubles.of(shop.id))


def _standing(shop: Shop, wiring: Web) -> int:
    """In how many profiles something of ours may stand."""
    state = wiring.klaviyo_pushes.state(shop.id)
    return state.standing + state.waiting
