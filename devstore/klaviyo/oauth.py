"""Klaviyo's OAuth: the page on which the merchant allows the app, and the endpoints that give and revoke tokens.

www.klaviyo.com shows the page, a.klaviyo.com gives tokens; the twin is both. PKCE with S256 is required.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, render_template_string, request
from flask.typing import ResponseReturnValue

from devstore.klaviyo.api.trouble import Faults
from devstore.klaviyo.credentials import ACCESS_LIFETIME_S, Credentials, GrantRefused, OAuthClient, Pair
from devstore.klaviyo.state import Account

KNOWN_SCOPES = frozenset(
    f"{area}:{right}"
    for area in (
        "accounts", "campaigns", "catalogs", "coupon-codes", "coupons", "data-privacy", "events", "flows", "forms",
        "images", "lists", "metrics", "profiles", "segments", "subscriptions", "tags", "templates",
        "tracking-settings", "web-feeds", "webhooks",
    )
    for right in ("read", "write")
)  # fmt: skip
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Allow access</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:10vh auto;padding:0 1rem;color:#222}
button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#232f3e;color:#fff}
button.no{background:#eee;color:#222}</style>
<h1>Connect to {{ name }}</h1><p>The app asks for:</p>
<ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>
<form method="post">{% for key, value in fields.items() %}
<input type="hidden" name="{{ key }}" value="{{ value }}">{% endfor %}
<button name="answer" value="allow">Allow</button> <button class="no" name="answer" value="deny">Deny</button>
</form></html>"""


def blueprint(account: Account, faults: Faults) -> Blueprint:
    routes = Blueprint("klaviyo_oauth", __name__, url_prefix="/oauth")
    _authorize(routes, account)
    _tokens(routes, account.credentials, faults)
    return routes


def _authorize(routes: Blueprint, account: Account) -> None:
    @routes.get("/authorize")
    def ask() -> ResponseReturnValue:
        if problem := _problem(account.credentials):
            return {"error": "invalid_request", "error_description": problem}, 400
        scopes = request.args["scope"].split()
        return render_template_string(
            PAGE, name=account.organization.name, scopes=scopes, fields=request.args.to_dict()
        )

    @routes.post("/authorize")
    def answered() -> ResponseReturnValue:
        if problem := _problem(account.credentials):
            return {"error": "invalid_request", "error_description": problem}, 400
        given = request.values
        if given.get("answer") != "allow":
            return _back({"error": "access_denied"})
        scopes = given["scope"].split()
        code = account.credentials.allow(given["client_id"], given["redirect_uri"], given["code_challenge"], scopes)
        return _back({"code": code})


def _back(told: dict[str, str]) -> ResponseReturnValue:
    state = request.values.get("state")
    uri = request.values["redirect_uri"]
    query = urlencode({**told, **({"state": state} if state else {})})
    return redirect(f"{uri}{'&' if urlsplit(uri).query else '?'}{query}")


def _problem(credentials: Credentials) -> str:
    """Why the page refuses to ask; empty for a good request."""
    given = request.values
    client = credentials.clients.get(given.get("client_id", ""))
    uri = given.get("redirect_uri", "")
    if client is None:
        return "Unknown client_id."
    if uri not in client.redirect_uris and (client.redirect_uris or urlsplit(uri).hostname != "127.0.0.1"):
        return "redirect_uri is not registered."
    if given.get("response_type") != "code":
        return "response_type must be code."
    if given.get("code_challenge_method") != "S256" or not given.get("code_challenge"):
        return "PKCE with S256 is required."
    unknown = set(given.get("scope", "").split()) - KNOWN_SCOPES
    return f"Unknown scopes: {', '.join(sorted(unknown))}." if unknown or not given.get("scope") else ""


def _tokens(routes: Blueprint, credentials: Credentials, faults: Faults) -> None:
    @routes.post("/token")
    def token() -> ResponseReturnValue:
        if (failed := _failed(faults, "/oauth/token")) is not None:
            return failed
        client = credentials.client(request.headers.get("Authorization", ""))
        if client is None:
            return _error("invalid_client", 401)
        try:
            pair = _granted(credentials, client)
        except GrantRefused as error:
            return _error(str(error))
        return {
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFETIME_S,
            "scope": " ".join(sorted(pair.scopes)),
        }

    @routes.post("/revoke")
    def revoke() -> ResponseReturnValue:
        if (failed := _failed(faults, "/oauth/revoke")) is not None:
            return failed
        client = credentials.client(request.headers.get("Authorization", ""))
        if client is None:
            return _error("invalid_client", 401)
        credentials.revoke(client, request.form.get("token", ""))
        return {}


def _failed(faults: Faults, path: str) -> ResponseReturnValue | None:
    """The answer of a fault that was planned; None where there is none, or after it was waited for."""
    fault = faults.next("POST", path)
    if fault is not None and fault.mode == "hang":
        time.sleep(fault.seconds)
        return None
    return None if fault is None else ({"error": "server_error"}, fault.status)


def _granted(credentials: Credentials, client: OAuthClient) -> Pair:
    form = request.form
    match form.get("grant_type"):
        case "authorization_code":
            code, uri = form.get("code", ""), form.get("redirect_uri", "")
            return credentials.exchange(client, code, uri, form.get("code_verifier", ""))
        case "refresh_token":
            return credentials.refresh(client, form.get("refresh_token", ""))
    raise GrantRefused("unsupported_grant_type")


def _error(code: str, status: int = 400) -> ResponseReturnValue:
    return {"error": code}, status
