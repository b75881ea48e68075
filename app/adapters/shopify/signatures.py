"""Who really asks: webhooks and ID tokens are verified with Shopify's own libraries.

Requests of the app proxy, the hot path, have `proxy_signature` to themselves; the libraries, which bring an HTTP client
along, are imported at the first webhook or ID token, so that a process serves shoppers sooner after its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app.core.ids import ShopDomain
from app.core.shops import shop_domain


class BadSignature(Exception):
    """The request does not come from Shopify, or not unaltered. `expired`: it once did."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


@dataclass(frozen=True, slots=True)
class IdToken:
    """Who uses the embedded app: a member of the staff of one shop."""

    domain: ShopDomain
    user: str
    text: str = field(repr=False)
    """The token itself, to be exchanged for an access token."""


class Signatures:
    """Verifies with the app's secret, and with the one before it while a rotation is under way."""

    def __init__(self, *, client_id: str, secret: str, old_secret: str | None = None) -> None:
        import shopify_app

        self._client_id = client_id
        self._secrets = [secret, *([old_secret] if old_secret else [])]
        self._library = shopify_app.ShopifyApp(client_id, secret, old_secret)

    def webhook(self, headers: Mapping[str, str], body: bytes) -> ShopDomain:
        """The shop that a webhook is about.

        Raises:
            BadSignature: the HMAC is missing or does not fit the body, or the header names no shop.
        """
        named = {name.lower(): value for name, value in headers.items()}
        try:
            request = {"method": "POST", "headers": named, "url": "", "body": body.decode()}
            verdict = self._library.verify_webhook_req(request)  # type: ignore[arg-type]
        except (UnicodeDecodeError, TypeError):
            # The library compares texts, which Python refuses beyond ASCII.
            raise BadSignature("the HMAC does not fit the body") from None
        if not verdict.ok:
            raise BadSignature("the HMAC is missing or does not fit the body")
        return _domain(named.get("x-shopify-shop-domain", ""))

    def id_token(self, token: str) -> IdToken:
        """Who uses the embedded app.

        Raises:
            BadSignature: forged, for another app, or expired.
        """
        claims = self._claims(token)
        if "exp" not in claims:
            raise BadSignature("the ID token never expires")
        host = urlsplit(str(claims["dest"])).hostname or ""
        return IdToken(_domain(host), str(claims["sub"]), token)

    def _claims(self, token: str) -> Mapping[str, Any]:
        import jwt
        from shopify import session_token

        failure: Exception | None = None
        for secret in self._secrets:
            try:
                claims: Mapping[str, Any] = session_token.decode_from_header(
                    f"{session_token.PREFIX}{token}", self._client_id, secret
                )
                return claims
            except session_token.SessionTokenError as error:
                expired = isinstance(error.__cause__, jwt.ExpiredSignatureError)
                failure = error if failure is None or expired else failure
        expired = failure is not None and isinstance(failure.__cause__, jwt.ExpiredSignatureError)
        raise BadSignature("the ID token has expired" if expired else "the ID token is not valid", expired=expired)


def _domain(text: str) -> ShopDomain:
    try:
        return shop_domain(text)
    except ValueError:
        raise BadSignature("the request names no shop") from None
