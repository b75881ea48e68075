"""The account itself, its tracking parameters, and the addresses that Klaviyo's fetches leave from."""

from __future__ import annotations

from typing import Any

from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked
from devstore.klaviyo.api.errors import missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import XS, M
from devstore.klaviyo.state import Account

Json = dict[str, Any]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_id", "utm_term")
EGRESS = ("127.0.0.0/8", "::1/128")
"""The twin fetches from this machine."""


def register(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/accounts", XS, "accounts:read")
    def accounts(asked: Asked) -> Answer:
        return 200, asked.page([account], _account)

    @gate.route("GET", "/api/accounts/<name>", XS, "accounts:read")
    def one(_: Asked, name: str) -> Answer:
        _check(account, name)
        return 200, {"data": _account(account)}

    @gate.route("GET", "/api/tracking-settings", M, "tracking-settings:read", parameters=("page[size]", "page[cursor]"))
    def tracking(asked: Asked) -> Answer:
        return 200, asked.page([account], _tracking)

    @gate.route("GET", "/api/tracking-settings/<name>", M, "tracking-settings:read")
    def own_tracking(_: Asked, name: str) -> Answer:
        _check(account, name)
        return 200, {"data": _tracking(account)}

    @gate.route("PATCH", "/api/tracking-settings/<name>", M, "tracking-settings:write")
    def change_tracking(asked: Asked, name: str) -> Answer:
        _check(account, name)
        known = ("auto_add_parameters", "custom_parameters", *UTM)
        attributes = asked.attributes(asked.resource("tracking-setting", known, named=name))
        if "auto_add_parameters" in attributes:
            account.auto_add_parameters = bool(attributes["auto_add_parameters"])
        changed = [_kept(field, attributes[field]) for field in UTM if attributes.get(field)]
        changed += [_kept(str(custom["name"]), custom) for custom in attributes.get("custom_parameters") or ()]
        names = {parameter["name"] for parameter in changed}
        account.tracking_parameters = [p for p in account.tracking_parameters if p["name"] not in names] + changed
        return 200, {"data": _tracking(account)}


def allowlist(account: Account) -> Json:
    """Needs no key: klaviyo.js and integrations ask for it as anybody."""
    attributes = {"prefixes": list(EGRESS), "sync_token": "1", "created": documents.iso(account.now())}
    return {"data": documents.resource("ip-allowlist", "integration-egress", attributes)}


def _check(account: Account, name: str) -> None:
    if name != account.organization.public_id:
        raise missing("account", name)


def _account(account: Account) -> Json:
    shop = account.organization
    attributes = {
        "test_account": True,
        "contact_information": {
            "default_sender_name": shop.name,
            "default_sender_email": shop.sender_email,
            "website_url": shop.website,
            "organization_name": shop.name,
            "street_address": {
                "address1": shop.address, "address2": "", "city": "", "region": "", "country": "", "zip": "",
            },
        },
        "industry": "Ecommerce, Other",
        "timezone": shop.timezone,
        "preferred_currency": shop.currency,
        "public_api_key": shop.public_id,
        "locale": shop.locale,
    }  # fmt: skip
    return documents.resource("account", shop.public_id, attributes)


def _tracking(account: Account) -> Json:
    held = {one["name"]: {"type": one["kind"], "value": one["value"]} for one in account.tracking_parameters}
    attributes: Json = {"auto_add_parameters": account.auto_add_parameters}
    for field in UTM:
        attributes[field] = {"flow": held.get(field), "campaign": held.get(field)}
    attributes["custom_parameters"] = [
        {"name": name, "flow": value, "campaign": value} for name, value in held.items() if name not in UTM
    ]
    return documents.resource("tracking-setting", account.organization.public_id, attributes)


def _kept(name: str, given: Json) -> Json:
    value = given.get("flow") or {}
    return {"name": name, "value": value.get("value", ""), "kind": value.get("type", "static")}
