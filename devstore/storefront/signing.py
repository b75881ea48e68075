"""Signatures of the storefront: Shopify's on forwarded app-proxy requests, our own on the customer cookie.

Written from Shopify's documentation and apart from the app's code, so that a mistake there is not repeated here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def proxy_signature(parameters: Iterable[tuple[str, str]], secret: str) -> str:
    """Hex HMAC-SHA256 over "name=value", sorted and joined by nothing; values of one name are joined by commas.

    https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies
    """
    grouped: dict[str, list[str]] = {}
    for name, value in parameters:
        grouped.setdefault(name, []).append(value)
    text = "".join(sorted(f"{name}={','.join(values)}" for name, values in grouped.items()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sign(value: str, key: bytes) -> str:
    return f"{value}.{hmac.new(key, value.encode(), hashlib.sha256).hexdigest()}"


def unsign(text: str | None, key: bytes) -> str | None:
    """The value, or None when the signature is missing or wrong."""
    value, _, _ = (text or "").rpartition(".")
    return value if value and hmac.compare_digest(sign(value, key), text or "") else None
