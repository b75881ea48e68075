"""The storefront of each market: which one an address belongs to, and what prices are there.

A market other than the primary one stands below its root, such as ``/de``. The root is taken off the path before the
routes see it, so every page exists in every market; what belongs to no market (files, the admin) is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from flask import request

from devstore.model import Market
from devstore.store import Store
from devstore.storefront.liquid.money import SYMBOLS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENVIRON_KEY = "devstore.market"
NOT_LOCALISED = ("/cdn", "/admin", "/_", "/shopifycloud")


class Roots:
    """WSGI middleware that finds the market of a request by the start of its path."""

    def __init__(self, app: WSGIApplication, store: Store) -> None:
        self._app, self._store = app, store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for market in self._store.markets:
            rest = path[len(market.root) :]
            if market.root and path.startswith(market.root) and (not rest or rest[0] == "/"):
                if not rest.startswith(NOT_LOCALISED):
                    environ[ENVIRON_KEY], environ["PATH_INFO"] = market.handle, rest or "/"
                break
        return self._app(environ, start_response)


def current(store: Store) -> Market:
    """The market of the request that is being answered."""
    handle = request.environ.get(ENVIRON_KEY)
    return next((market for market in store.markets if market.handle == handle), primary(store))


def primary(store: Store) -> Market:
    return next(market for market in store.markets if market.primary)


def of_country(store: Store, code: str) -> Market | None:
    return next((market for market in store.markets if code in market.countries), None)


def of_language(store: Store, code: str) -> Market | None:
    return next((market for market in store.markets if code == market.locale), None)


def root_url(market: Market) -> str:
    """`routes.root_url`: a slash, or the root without one at its end."""
    return market.root or "/"


def price_in(market: Market) -> Callable[[int], int]:
    """Turns minor units of the shop's currency into minor units of the market's, rounded half up."""
    if market.rate == 1:
        return lambda minor: minor
    return lambda minor: int((Decimal(minor) * market.rate).quantize(Decimal(1), ROUND_HALF_UP))


def bare(store: Store, path: str) -> str:
    """A path of any market without its root, always with a slash in front."""
    for market in store.markets:
        if market.root and (path == market.root or path.startswith((market.root + "/", market.root + "?"))):
            rest = path[len(market.root) :]
            # One slash only: two would make what follows another site's address.
            return "/" + rest.lstrip("/\\")
    return path


def alternates(store: Store, origin: str, path: str) -> list[tuple[str, str]]:
    """(hreflang, address) of a page in every market; the primary one is what other languages get."""
    found = [("x-default", origin + path)]
    found += [(_hreflang(market), origin + market.root + (path if path != "/" or not market.root else ""))
              for market in store.markets]  # fmt: skip
    return found


def _hreflang(market: Market) -> str:
    return market.locale if market.primary else f"{market.locale}-{market.countries[0]}"


LANGUAGES = {"en": ("English", "English"), "de": ("German", "Deutsch"), "fr": ("French", "Français")}
COUNTRIES = {
    "AT": "Austria", "AU": "Australia", "CA": "Canada", "CH": "Switzerland", "DE": "Germany", "FR": "France",
    "GB": "United Kingdom", "IE": "Ireland", "NL": "Netherlands", "US": "United States",
}  # fmt: skip


def language(market: Market) -> dict[str, Any]:
    """`shop_locale` of Liquid."""
    name, own = LANGUAGES.get(market.locale, (market.locale, market.locale))
    return {
        "iso_code": market.locale, "name": name, "endonym_name": own, "primary": market.primary,
        "root_url": root_url(market),
    }  # fmt: skip


def country(market: Market, code: str) -> dict[str, Any]:
    """`country` of Liquid."""
    return {
        "iso_code": code,
        "name": COUNTRIES.get(code, code),
        "currency": {
            "iso_code": market.currency,
            "name": market.currency,
            "symbol": SYMBOLS.get(market.currency, market.currency),
        },
        "market": {"handle": market.handle, "id": market.id},
        "available_languages": [language(market)],
        "popular?": market.primary,
    }
