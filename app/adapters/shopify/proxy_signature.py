"""Who sent this app-proxy request: Shopify's signature over the query string, checked without the request object.

The storefront's hot path runs it on every request, so it is our own, a few microseconds long; a test holds it equal to
the `shopify_app` library's check. The rule is in
https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import unquote_plus

WINDOW_S: Final = 90
MOST_FIELDS: Final = 100


class BadSignature(Exception):
    """The request was not signed by Shopify for this app within the last 90 seconds; the message says what is wrong."""


class ProxySignature:
    """Checks the signature of one app.

    Args:
        secrets: the app's client secret and, while it is being rotated, the old one.
    """

    def __init__(self, *secrets: str) -> None:
        # Keyed once and copied per request; unlike `hmac.digest` a copy never lets go of the interpreter's lock.
        self._keyed = [hmac.new(secret.encode(), digestmod="sha256") for secret in secrets]

    def parameters(self, query: str, *, now_s: float) -> dict[str, str]:
        """The decoded parameters of a signed query string, the signature left out; repeated ones joined by commas.

        Args:
            query: the raw query string, still percent-encoded.
            now_s: wall time, seconds since 1970.

        Raises:
            BadSignature: the request is not Shopify's, is too old, or names several shops.
        """
        fields, signature = _fields(query)
        timestamp = fields.get("timestamp")
        if timestamp is None or not _is_fresh(timestamp[0], now_s):
            raise BadSignature("the timestamp is missing or more than 90 seconds off")
        if len(fields.get("shop", ())) != 1:
            raise BadSignature("exactly one shop is expected")
        values = {name: ",".join(parts) for name, parts in fields.items()}
        message = "".join([f"{name}={values[name]}" for name in sorted(values)]).encode("utf-8", "surrogatepass")
        if not any(_fits(keyed.copy(), message, signature) for keyed in self._keyed):
            raise BadSignature("the signature does not fit")
        return values


def _fits(keyed: hmac.HMAC, message: bytes, signature: bytes) -> bool:
    keyed.update(message)
    return hmac.compare_digest(keyed.hexdigest().encode(), signature)


def _fields(query: str) -> tuple[dict[str, list[str]], bytes]:
    parts = query.split("&")
    if len(parts) > MOST_FIELDS:
        raise BadSignature("too many parameters")
    fields: dict[str, list[str]] = {}
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            fields.setdefault(_decoded(name), []).append(_decoded(value))
    signatures = fields.pop("signature", [])
    if len(signatures) != 1:
        raise BadSignature("exactly one signature is expected")
    return fields, signatures[0].encode("utf-8", "surrogatepass")


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _is_fresh(timestamp: str, now_s: float) -> bool:
    try:
        return abs(int(now_s) - int(timestamp)) <= WINDOW_S
    except ValueError:
        return False
