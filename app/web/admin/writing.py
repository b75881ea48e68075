"""How the embedded pages write addresses, moments and days, as filters and functions of their templates.

Moments are told in the shop's own time zone, which is the one in which the merchant reads the Shopify admin.
"""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, g, request

from app.core.shop_days import zone_of
from app.wiring.web import Web


def register(app: Flask, wiring: Web) -> None:
    """Give the templates `own`, and the filters `moment`, `day` and `count`."""
    app.jinja_env.globals["own"] = own
    app.jinja_env.filters.update(
        moment=lambda at: moment(at, shop_zone(wiring)), day=lambda at: day(at, shop_zone(wiring)), count=count
    )


def own(path: str, **query: object) -> str:
    """The address of one of our pages, which names the shop: a frame that is loaded from it can prove itself then.

    A link without the shop would end at a closed door, because the ID token that came with the page is used up.
    """
    known = {"shop": g.shop.domain, "host": request.args.get("host", "")}
    return f"{path}?{urlencode({**query, **{name: value for name, value in known.items() if value}})}"


def shop_zone(wiring: Web) -> ZoneInfo:
    """The time zone of the shop that asks; UTC before it is known."""
    if "zone" not in g:
        profile = wiring.installations.profile(g.shop.id)
        g.zone = zone_of(profile.timezone if profile else "")
    found: ZoneInfo = g.zone
    return found


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Such as ``3 Nov 2026, 09:05``."""
    there = at.astimezone(zone)
    return f"{day(there.date(), zone)}, {there:%H:%M}"


def day(at: date, zone: ZoneInfo) -> str:
    """Such as ``3 Nov 2026``; of a moment the day that it was in the shop."""
    there = at.astimezone(zone) if isinstance(at, datetime) else at
    return f"{there.day} {there:%b %Y}"


def count(number: int) -> str:
    """With separators of thousands."""
    return f"{number:,}"
