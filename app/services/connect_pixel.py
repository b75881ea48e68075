"""Connect the web pixel: tell Shopify to load our extension in the shop's storefront, and with which settings.

Nothing is loaded before. It is done after the installation and again whenever the settings would be others (our
address, the shop's key); what fails stays due. A shop that had the app before it asked for the pixel's scopes has to
approve them first, on Shopify's own page, when the merchant next opens the app; `app/scopes_update` then has it tried
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import AccessDenied, Permanent
from app.ports import AdminApi, AdminApis, ConnectedPixel, Credentials, DueWork, Installations, Jobs, Pixels, Shops

DUE: Final = "pixel"


class PixelState(StrEnum):
    """What the admin page shows of the pixel."""

    CONNECTED = "connected"
    MISSING_SCOPE = "missing_scope"
    """The merchant has yet to approve the scopes; Shopify asks when the app is opened."""
    NOT_CONNECTED = "not_connected"
    """It is due, or Shopify has refused it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What `pixel_state` needs: only what stands in our own database."""

    installations: Installations
    credentials: Credentials
    pixels: Pixels
    missing_scopes: Callable[[str], Sequence[str]]
    """Those of the pixel's scopes that the granted ones (comma-separated) don't cover."""
    app_url: str


@dataclass(frozen=True, slots=True)
class Ports:
    """What `connect_pixel` needs."""

    shops: Shops
    apis: AdminApis
    due: DueWork
    jobs: Jobs
    known: Known


def pixel_state(shop: Shop, known: Known) -> PixelState:
    """How the shop's pixel stands, as far as we know, without asking Shopify."""
    connected = known.pixels.connected(shop.id)
    profile = known.installations.profile(shop.id)
    # A pixel dies with its installation, so one of an earlier installation says nothing.
    if connected and profile and connected.installed_at == profile.installed_at:
        if connected.settings == _settings(shop, profile.collect_key, known.app_url):
            return PixelState.CONNECTED
        return PixelState.NOT_CONNECTED
    stored = known.credentials.load(shop.id)
    if stored is not None and known.missing_scopes(stored.pair.scopes):
        return PixelState.MISSING_SCOPE
    return PixelState.NOT_CONNECTED


def ask_for_pixel(shop: ShopId, due: DueWork, queue: Jobs) -> None:
    """Note that the pixel is to be connected, or looked at again, and have it done soon."""
    due.put(shop, DUE)
    queue.enqueue(jobs.CONNECT_PIXEL, shop)


def connect_changed_pixels(ports: Ports) -> int:
    """Have the pixels connected whose settings have changed or that never were; returns how many."""
    waiting = [shop for shop in ports.shops.installed() if pixel_state(shop, ports.known) is PixelState.NOT_CONNECTED]
    for shop in waiting:
        ask_for_pixel(shop.id, ports.due, ports.jobs)
    return len(waiting)


def connect_pixel(shop_id: ShopId, ports: Ports) -> PixelState:
    """Bring the shop's pixel to our settings; idempotent.

    Raises:
        Permanent: Shopify refuses it; it is tried again in an hour.
        Retryable: Shopify does not answer; it stays due.
    """
    shop = ports.shops.by_id(shop_id)
    profile = ports.known.installations.profile(shop_id)
    if shop is None or shop.state is not ShopState.INSTALLED or profile is None:
        ports.due.done(shop_id, DUE)
        return PixelState.NOT_CONNECTED
    settings = _settings(shop, profile.collect_key, ports.known.app_url)
    try:
        pixel = _connect(ports.apis.of(shop), settings)
    except AccessDenied:
        # No scope yet: their webhook brings it forward, and the next try in an hour is for a webhook that was lost.
        ports.known.pixels.forget(shop_id)
        ports.due.put_off(shop_id, DUE, after_s=jobs.PUT_OFF_S)
        return PixelState.MISSING_SCOPE
    except Permanent:
        ports.known.pixels.forget(shop_id)
        ports.due.put_off(shop_id, DUE, after_s=jobs.PUT_OFF_S)
        raise
    ports.known.pixels.record(shop_id, ConnectedPixel(pixel, settings, profile.installed_at))
    ports.due.done(shop_id, DUE)
    return PixelState.CONNECTED


def _settings(shop: Shop, key: str, app_url: str) -> dict[str, str]:
    """The fields of ``extensions/pixel/shopify.extension.toml``, no more and no fewer: Shopify compares them."""
    return {"collect": f"{app_url}/collect", "key": key, "shop": str(shop.domain)}


def _connect(api: AdminApi, settings: Mapping[str, str]) -> str:
    """The id of the pixel, which has these settings now.

    It is created first and only then looked for, because asking for a pixel that is not there is an error without a
    code of its own.
    """
    text = orjson.dumps(settings).decode()
    created = api.run("create_web_pixel", {"settings": text})["webPixelCreate"]
    if not any(error["code"] == "TAKEN" for error in created["userErrors"]):
        return _id(created)
    standing = api.run("web_pixel")["webPixel"]
    if _object(standing["settings"]) == settings:
        return str(standing["id"])
    return _id(api.run("update_web_pixel", {"id": standing["id"], "settings": text})["webPixelUpdate"])


def _id(answer: Mapping[str, Any]) -> str:
    if answer["userErrors"]:
        raise Permanent("; ".join(str(error["message"]) for error in answer["userErrors"]))
    return str(answer["webPixel"]["id"])


def _object(settings: object) -> object:
    """Shopify's JSON scalar comes as text or as an object."""
    return orjson.loads(settings) if isinstance(settings, str) else settings
