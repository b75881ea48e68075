"""The twin as one Flask application: API, OAuth, inbox and controls over one account."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.typing import ResponseReturnValue

from devstore.klaviyo import control, oauth
from devstore.klaviyo.api import content, coupons, events, flows, groups, imports, profiles, settings, webhooks
from devstore.klaviyo.api.errors import ApiError
from devstore.klaviyo.api.gate import Gate
from devstore.klaviyo.api.jobs import Jobs
from devstore.klaviyo.mailing import add_mailing
from devstore.klaviyo.state import Account


def create_twin(account: Account, advance: Callable[[float], object] | None = None) -> Flask:
    """Compose the application of one account.

    Args:
        advance: moves the account's clock by seconds, for ``POST /_dev/clock``; None where it is not ours to move.
    """
    app = Flask("klaviyo_twin", static_folder=None)
    gate, jobs, invalid_emails = Gate(account.credentials), Jobs(account), set[str]()
    deliveries = webhooks.Deliveries(account)
    settings.register(gate, account)
    profiles.register(gate, account, invalid_emails)
    imports.register(gate, account, jobs, invalid_emails)
    events.register(gate, account, jobs, invalid_emails)
    groups.register(gate, account)
    content.register(gate, account)
    flows.register(gate, account)
    coupons.register(gate, account, jobs)
    webhooks.register(gate, account, deliveries)
    app.register_blueprint(gate.blueprint)
    app.register_blueprint(oauth.blueprint(account, gate.faults))
    add_mailing(app, account)
    app.register_blueprint(control.blueprint(account, gate, jobs, deliveries, invalid_emails, advance))
    _open_to_all(app, account)
    return app


def _open_to_all(app: Flask, account: Account) -> None:
    @app.get("/client/ip-allowlists/integration-egress")
    def allowlist() -> ResponseReturnValue:
        return settings.allowlist(account)

    @app.route("/api/<path:path>", methods=["GET", "POST", "PATCH", "DELETE"])
    def not_simulated(path: str) -> ResponseReturnValue:
        detail = f"/api/{path} does not exist, or is not simulated."
        return ApiError(404, "not_found", detail, title="Not simulated").document(), 404
