"""How the shop's markets and languages are read."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devstore.admin_api import countries
from devstore.admin_api.context import Context
from devstore.admin_api.errors import NotSimulated
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.search import search
from devstore.model import Market

LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
_SEARCH: dict[str, Any] = {
    "id": lambda m: m.id,
    "name": lambda m: m.name,
    "status": lambda m: "ACTIVE",
    "market_type": lambda m: "REGION",
}
_SORTS = ("ID", "NAME", "CREATED_AT", "UPDATED_AT")


def _markets(root: Any, args: Args, ctx: Context) -> list[Market]:
    if (key := args.get("sortKey") or "NAME") not in _SORTS:
        raise NotSimulated(f"sortKey {key}")
    if args.get("type") not in (None, "REGION"):
        return []
    found = search(list(ctx.store.markets), {"query": args.get("query")}, _SEARCH)
    found.sort(key=lambda m: (m.name if key == "NAME" else "", m.id))
    return found[::-1] if args.get("reverse") else found


def _market(root: Any, args: Args, ctx: Context) -> Market | None:
    wanted = number(args["id"], "Market")
    return next((market for market in ctx.store.markets if market.id == wanted), None)


def _regions(market: Market, args: Args, ctx: Context) -> list[dict[str, Any]]:
    found = [
        {
            "__typename": "MarketRegionCountry",
            "id": gid("MarketRegionCountry", market.id * 100 + place),
            "code": code,
            "name": countries.name(code),
            "currency": _currency(market, ctx),
        }
        for place, code in enumerate(market.countries)
    ]
    return found[::-1] if args.get("reverse") else found


def _currency(market: Market, ctx: Context) -> dict[str, Any]:
    own = market.currency == ctx.store.world.shop.currency
    return {
        "currencyCode": market.currency,
        "currencyName": market.currency,
        "enabled": True,
        "manualRate": None if own else str(market.rate),
        "rateUpdatedAt": None,
    }


def _settings(market: Market, args: Args, ctx: Context) -> dict[str, Any]:
    return {"baseCurrency": _currency(market, ctx), "localCurrencies": False, "roundingEnabled": False}


def _conditions(market: Market, args: Args, ctx: Context) -> dict[str, Any]:
    regions = {"applicationLevel": "SPECIFIED", "regions": _regions(market, {}, ctx)}
    others = dict.fromkeys(("channelsCondition", "companyLocationsCondition", "locationsCondition"))
    return {"conditionTypes": ["REGION"], "regionsCondition": regions, **others}


def _presence(market: Market, ctx: Context) -> dict[str, Any]:
    """A market's own address: a folder of the shop's domain, the domain itself for the primary one."""
    host = ctx.options.shop_domain
    return {
        "__typename": "MarketWebPresence",
        "id": gid("MarketWebPresence", market.id),
        "alternateLocales": [],
        "defaultLocale": _locale(market.locale, ctx),
        "domain": {"id": gid("Domain", 1), "host": host, "url": f"https://{host}", "sslEnabled": True}
        if market.primary
        else None,
        "markets": [market],
        "market": market,
        "rootUrls": [{"locale": market.locale, "url": f"https://{host}{market.root}/"}],
        "subfolderSuffix": market.root.removeprefix("/") or None,
    }


def _locale(locale: str, ctx: Context) -> dict[str, Any]:
    spoken = [market for market in ctx.store.markets if market.locale == locale]
    return {
        "locale": locale,
        "name": LANGUAGES.get(locale, locale),
        "primary": any(market.primary for market in spoken),
        "published": True,
        "markets": spoken,
    }


def _shop_locales(root: Any, args: Args, ctx: Context) -> list[dict[str, Any]]:
    """Every language is published, so that the argument which asks for published ones only changes nothing."""
    return [_locale(locale, ctx) for locale in dict.fromkeys(market.locale for market in ctx.store.markets)]


def _presences(markets: Iterable[Market], ctx: Context) -> list[dict[str, Any]]:
    return [_presence(market, ctx) for market in markets]


fields(
    "QueryRoot",
    {
        "markets": _markets,
        "market": _market,
        "primaryMarket": lambda r, a, c: next(market for market in c.store.markets if market.primary),
        "shopLocales": _shop_locales,
    },
)
fields(
    "Market",
    {
        "id": lambda m, a, c: gid("Market", m.id),
        "handle": lambda m, a, c: m.handle,
        "name": lambda m, a, c: m.name,
        "status": lambda m, a, c: "ACTIVE",
        "enabled": lambda m, a, c: True,
        "type": lambda m, a, c: "REGION",
        "primary": lambda m, a, c: m.primary,
        "conditions": _conditions,
        "currencySettings": _settings,
        "regions": _regions,
        "webPresence": lambda m, a, c: _presence(m, c),
        "webPresences": lambda m, a, c: _presences([m], c),
    },
    Market,
)
plain("ShopLocale", ("locale", "name", "primary", "published"))
fields("ShopLocale", {"marketWebPresences": lambda s, a, c: _presences(s["markets"], c)})
plain(
    "MarketConditions",
    ("conditionTypes", "regionsCondition", "channelsCondition", "companyLocationsCondition", "locationsCondition"),
)
plain("RegionsCondition", ("applicationLevel", "regions"))
plain("MarketRegionCountry", ("id", "code", "name", "currency"))
plain("CurrencySetting", ("currencyCode", "currencyName", "enabled", "manualRate", "rateUpdatedAt"))
plain("MarketCurrencySettings", ("baseCurrency", "localCurrencies", "roundingEnabled"))
plain(
    "MarketWebPresence",
    ("id", "alternateLocales", "defaultLocale", "domain", "market", "markets", "rootUrls", "subfolderSuffix"),
)
plain("MarketWebPresenceRootUrl", ("locale", "url"))
