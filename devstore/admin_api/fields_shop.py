"""How the shop itself, the app's installation and bulk operations are read."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devstore.admin_api import countries
from devstore.admin_api.bulk_operation import BulkOperation
from devstore.admin_api.context import Context
from devstore.admin_api.fields_metafields import HAS_METAFIELDS
from devstore.admin_api.gid import gid
from devstore.admin_api.registry import Args, fields, plain
from devstore.clock import iso
from devstore.model import ShopInfo


def _offset_minutes(shop: ShopInfo, now: datetime) -> int:
    offset = now.astimezone(ZoneInfo(shop.timezone)).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def _plan(shop: ShopInfo) -> dict[str, Any]:
    plus = "plus" in shop.plan.lower()
    return {"displayName": shop.plan, "publicDisplayName": shop.plan, "partnerDevelopment": False, "shopifyPlus": plus}


def _domain(shop: ShopInfo, args: Args, ctx: Context) -> dict[str, Any]:
    host = ctx.options.shop_domain
    return {"id": gid("Domain", 1), "host": host, "url": f"https://{host}", "sslEnabled": True}


def _address(shop: ShopInfo, args: Args, ctx: Context) -> dict[str, Any]:
    return {
        "id": gid("ShopAddress", shop.id),
        "country": countries.name(shop.country_code),
        "countryCodeV2": shop.country_code,
        "name": shop.name,
    }


fields(
    "Shop",
    {
        **HAS_METAFIELDS,
        "id": lambda s, a, c: gid("Shop", s.id),
        "name": lambda s, a, c: s.name,
        "email": lambda s, a, c: s.email,
        "contactEmail": lambda s, a, c: s.email,
        "shopOwnerName": lambda s, a, c: s.owner_name,
        "myshopifyDomain": lambda s, a, c: c.options.shop_domain,
        "primaryDomain": _domain,
        "url": lambda s, a, c: f"https://{c.options.shop_domain}",
        "currencyCode": lambda s, a, c: s.currency,
        "enabledPresentmentCurrencies": lambda s, a, c: [s.currency],
        "ianaTimezone": lambda s, a, c: s.timezone,
        "timezoneOffsetMinutes": lambda s, a, c: _offset_minutes(s, c.store.clock.now()),
        "plan": lambda s, a, c: _plan(s),
        "shopAddress": _address,
        "taxesIncluded": lambda s, a, c: True,
        "createdAt": lambda s, a, c: iso(c.store.opened_at),
        "updatedAt": lambda s, a, c: iso(c.store.world.now),
        "weightUnit": lambda s, a, c: "KILOGRAMS",
        "setupRequired": lambda s, a, c: False,
    },
    ShopInfo,
)
plain("ShopPlan", ("displayName", "publicDisplayName", "partnerDevelopment", "shopifyPlus"))
plain("Domain", ("id", "host", "url", "sslEnabled"))
plain("ShopAddress", ("id", "country", "countryCodeV2", "name"))


def _scopes(source: Any, args: Args, ctx: Context) -> list[dict[str, str]]:
    return [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(ctx.access.scopes)]


def _app(source: Any, args: Args, ctx: Context) -> dict[str, Any]:
    toml = ctx.options.app_toml
    return {
        "id": gid("App", ctx.store.app_id),
        "title": toml.name,
        "handle": toml.handle,
        "apiKey": ctx.options.api_key,
        "embedded": toml.embedded,
    }


fields(
    "AppInstallation",
    {
        **HAS_METAFIELDS,
        "id": lambda i, a, c: i["id"],
        "accessScopes": _scopes,
        "app": _app,
        "launchUrl": lambda i, a, c: f"{c.options.origin}/admin/apps/{c.options.app_toml.handle}",
        "activeSubscriptions": lambda i, a, c: [],
    },
)
plain("AccessScope", ("handle", "description"))
plain("App", ("id", "title", "handle", "apiKey", "embedded"))

fields(
    "BulkOperation",
    {
        "id": lambda b, a, c: gid("BulkOperation", b.id),
        "status": lambda b, a, c: b.status,
        "type": lambda b, a, c: b.type,
        "query": lambda b, a, c: b.query,
        "errorCode": lambda b, a, c: b.error_code,
        "createdAt": lambda b, a, c: iso(b.created_at),
        "completedAt": lambda b, a, c: iso(b.completed_at) if b.completed_at else None,
        "objectCount": lambda b, a, c: str(b.object_count),
        "rootObjectCount": lambda b, a, c: str(b.root_count),
        "fileSize": lambda b, a, c: None if b.file_size is None else str(b.file_size),
        "url": lambda b, a, c: c.bulk.url(b),
        "partialDataUrl": lambda b, a, c: c.bulk.partial_url(b),
    },
    BulkOperation,
)
