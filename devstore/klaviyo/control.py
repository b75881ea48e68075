"""``/_dev`` of the twin: what tests and the demo do to the account, as its owner, or its bad luck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from devstore.klaviyo.api.flows import set_status
from devstore.klaviyo.api.gate import Gate
from devstore.klaviyo.api.jobs import Jobs
from devstore.klaviyo.api.trouble import Fault
from devstore.klaviyo.api.webhooks import Deliveries
from devstore.klaviyo.state import Account


def blueprint(
    account: Account,
    gate: Gate,
    jobs: Jobs,
    deliveries: Deliveries,
    invalid_emails: set[str],
    advance: Callable[[float], object] | None,
) -> Blueprint:
    """The routes.

    Args:
        advance: moves the account's clock; None where somebody else's clock is used.
    """
    routes = Blueprint("klaviyo_control", __name__, url_prefix="/_dev")
    _faults(routes, account, gate, invalid_emails)
    _time(routes, account, advance)
    _looking(routes, account, gate, jobs, deliveries)

    @routes.errorhandler(ValueError)
    @routes.errorhandler(TypeError)
    @routes.errorhandler(KeyError)
    def refused(error: Exception) -> ResponseReturnValue:
        return {"error": f"{type(error).__name__}: {error}"}, 422

    @routes.post("/jobs")
    def hold() -> ResponseReturnValue:
        """``{"hold": true}`` leaves bulk jobs queued until it is false again."""
        jobs.hold(bool(_body()["hold"]))
        return {"idle": jobs.idle}

    @routes.post("/quota")
    def quota() -> ResponseReturnValue:
        """``{"factor": 100}`` multiplies every limit, for tests that are not about quotas."""
        gate.quotas.factor = int(_body()["factor"])
        return {"factor": gate.quotas.factor}

    @routes.post("/flows/<name>")
    def flow(name: str) -> ResponseReturnValue:
        """``{"status": "live"}``: the merchant switches a flow in Klaviyo's editor."""
        set_status(account, account.flows[name], str(_body()["status"]))
        return {"status": account.flows[name].status}

    return routes


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _faults(routes: Blueprint, account: Account, gate: Gate, invalid_emails: set[str]) -> None:
    @routes.post("/faults")
    def add() -> ResponseReturnValue:
        """A `Fault`, or ``{"mode": "invalid_email", "emails": […]}``: addresses that Klaviyo takes for no e-mails.

        ``refused_email``: because of which it refuses the whole import that they are in.
        """
        body = _body()
        if body.get("mode") == "invalid_email":
            invalid_emails.update(body["emails"])
        elif body.get("mode") == "refused_email":
            gate.faults.refused_emails.update(body["emails"])
        else:
            gate.faults.add(Fault(**body))
        return {"planned": gate.faults.planned()}

    @routes.delete("/faults")
    def clear() -> ResponseReturnValue:
        gate.faults.clear()
        invalid_emails.clear()
        return {"planned": []}

    @routes.post("/tokens")
    def tokens() -> ResponseReturnValue:
        """``{"expire": true}`` lets access tokens run out; ``{"uninstall": true}`` kills the refresh tokens too."""
        if _body().get("uninstall"):
            account.credentials.uninstall()
        elif _body().get("expire"):
            account.credentials.expire_access()
        return {"live_grants": account.credentials.live_grants}

    @routes.post("/keys")
    def keys() -> ResponseReturnValue:
        """``{"key": "pk_…", "scopes": […] | null}`` makes a private key; with ``"dead": true`` it is deleted."""
        body = _body()
        if body.get("dead"):
            account.credentials.private_keys.pop(body["key"], None)
        else:
            scopes = body.get("scopes")
            account.credentials.private_keys[body["key"]] = None if scopes is None else frozenset(scopes)
        return {"keys": len(account.credentials.private_keys)}


def _time(routes: Blueprint, account: Account, advance: Callable[[float], object] | None) -> None:
    @routes.get("/clock")
    def clock() -> ResponseReturnValue:
        return {"now": account.now().isoformat()}

    @routes.post("/clock")
    def move() -> ResponseReturnValue:
        if advance is None:
            raise ValueError("the account runs by another clock")
        advance(float(_body()["advance_s"]))
        return {"now": account.now().isoformat()}


def _looking(routes: Blueprint, account: Account, gate: Gate, jobs: Jobs, deliveries: Deliveries) -> None:
    @routes.get("/state")
    def state() -> ResponseReturnValue:
        held = (
            "profiles", "metrics", "events", "lists", "segments", "templates", "flows", "web_feeds", "coupons",
            "coupon_codes", "webhooks", "catalog",
        )  # fmt: skip
        return {
            "now": account.now().isoformat(),
            "account": account.organization.public_id,
            "counts": {name: len(getattr(account, name)) for name in held},
            "jobs": {
                "idle": jobs.idle,
                "count": len(account.jobs),
                "completed": sum(job.completed for job in account.jobs.copy().values()),
                "failed": sum(job.failed for job in account.jobs.copy().values()),
            },
            "webhooks": {"idle": deliveries.idle, "posted": deliveries.posted, "dropped": deliveries.dropped},
            "live_grants": account.credentials.live_grants,
            "refreshes": account.credentials.refreshes,
            "revoked": account.credentials.revoked,
            "faults": gate.faults.planned(),
        }

    @routes.get("/jobs")
    def every_job() -> ResponseReturnValue:
        """All bulk jobs, with their moments in seconds of the account's clock; null for what is still to come."""
        moments = ("created", "started", "finished")
        return {
            "jobs": [
                {
                    "id": job.id,
                    "kind": job.kind,
                    "status": job.status,
                    "total": job.total,
                    "failed": job.failed,
                    **{name: at.timestamp() if (at := getattr(job, name)) else None for name in moments},
                }
                for job in account.jobs.copy().values()
            ]
        }

    @routes.get("/profiles")
    def every_profile() -> ResponseReturnValue:
        """Everybody's e-mail address with ``?property=``, a line of JSON each; null where it was never set."""
        name = request.args["property"]
        lines = (
            orjson.dumps({"email": one.email, "value": orjson.Fragment(one.held.get(name, b"null"))}) + b"\n"
            for one in list(account.profiles.values())
        )
        return Response(lines, mimetype="application/x-ndjson")

    @routes.get("/requests")
    def requests() -> ResponseReturnValue:
        return gate.log.document()

    @routes.delete("/requests")
    def forget() -> ResponseReturnValue:
        gate.log.clear()
        return {}

    @routes.get("/profile")
    def profile() -> ResponseReturnValue:
        """One profile whole, by ``?email=`` or another identifier."""
        found = account.find(request.args.to_dict())
        if found is None:
            return {"error": "no such profile"}, 404
        return {
            "id": found.id,
            "email": found.email,
            "external_id": found.external_id,
            "attributes": found.attributes,
            "properties": found.properties,
            "consent": found.consent,
            "kx": found.kx,
            "events": [
                {"metric": account.metrics[one.metric_id].name, "properties": one.properties, "backfill": one.backfill}
                for one in list(account.events.values())
                if one.profile_id == found.id
            ],
        }
