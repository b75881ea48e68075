"""ID tokens: the JWTs with which the Shopify admin tells an app who is looking at it. Wall time, HS256, one minute."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from hashlib import sha256
from typing import Any

from devstore.options import Options

LIFETIME_S = 60
LEEWAY_S = 10


def mint_id_token(options: Options, *, user_id: int = 1, lifetime_s: int = LIFETIME_S) -> str:
    """An ID token for a member of the shop's staff."""
    now = int(time.time())
    shop = f"https://{options.shop_domain}"
    claims = {
        "iss": f"{shop}/admin",
        "dest": shop,
        "aud": options.api_key,
        "sub": str(user_id),
        "exp": now + lifetime_s,
        "nbf": now,
        "iat": now,
        "jti": secrets.token_hex(16),
        "sid": secrets.token_hex(32),
    }
    body = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{body}.{_base64(_signature(body, options.api_secret))}"


def read_id_token(token: str, options: Options) -> dict[str, Any] | None:
    """The claims of a valid token for this app and shop, or None."""
    try:
        body, _, signature = token.rpartition(".")
        head, _, payload = body.partition(".")
        given = _bytes(signature)
        algorithm = json.loads(_bytes(head))["alg"]
        claims: dict[str, Any] = json.loads(_bytes(payload))
    except (ValueError, KeyError, TypeError):
        return None
    if algorithm != "HS256" or not hmac.compare_digest(given, _signature(body, options.api_secret)):
        return None
    now = time.time()
    current = claims.get("nbf", 0) - LEEWAY_S <= now < claims.get("exp", 0) + LEEWAY_S
    ours = claims.get("aud") == options.api_key and claims.get("dest") == f"https://{options.shop_domain}"
    return claims if current and ours else None


def _signature(body: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), body.encode(), sha256).digest()


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
