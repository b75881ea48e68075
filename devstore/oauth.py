"""``/admin/oauth/access_token``: token exchange and refresh, as the app's server calls them.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from devstore.installation import ACCESS_LIFETIME_S, REFRESH_LIFETIME_S, Installation, Pair
from devstore.jwt import mint_id_token, read_id_token
from devstore.options import Options

__all__ = ["blueprint", "mint_id_token"]

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 -- a type's name.
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


def blueprint(installation: Installation, options: Options) -> Blueprint:
    routes = Blueprint("oauth", __name__)

    @routes.post("/admin/oauth/access_token")
    def access_token() -> ResponseReturnValue:
        body: dict[str, Any] = request.get_json(silent=True) or request.form.to_dict()
        if not _is_the_app(body, options):
            return _error("invalid_client", "Client authentication failed.", 401)
        match body.get("grant_type"):
            case "refresh_token":
                return _refresh(str(body.get("refresh_token", "")), installation)
            case grant if grant == EXCHANGE:
                return _exchange(body, installation, options)
        return _error("unsupported_grant_type", "The grant type is not supported here.")

    return routes


def _is_the_app(body: dict[str, Any], options: Options) -> bool:
    secret_fits = hmac.compare_digest(str(body.get("client_secret", "")).encode(), options.api_secret.encode())
    return secret_fits and body.get("client_id") == options.api_key


def _exchange(body: dict[str, Any], installation: Installation, options: Options) -> ResponseReturnValue:
    claims = read_id_token(str(body.get("subject_token", "")), options)
    if claims is None or body.get("subject_token_type") != ID_TOKEN or _before_uninstall(claims, installation):
        return _error("invalid_subject_token", "The subject token is not a valid ID token of this shop and app.")
    match body.get("requested_token_type"):
        case kind if kind == ONLINE:
            token, seconds = installation.grant_online()
            scope = _joined(installation.scopes)
            user = {"id": int(claims["sub"]), "account_owner": True, "locale": "en", "email_verified": True}
            return {
                "access_token": token,
                "scope": scope,
                "expires_in": seconds,
                "associated_user_scope": scope,
                "associated_user": user,
            }
        case kind if kind == OFFLINE and str(body.get("expiring")) in ("1", "True", "true"):
            return _tokens(installation.grant(), installation)
        case kind if kind == OFFLINE:
            # Mandatory for public apps created since 2026-04-01.
            return _error("invalid_request", "Non-expiring offline access tokens are not available to this app.")
    return _error("invalid_request", "requested_token_type is missing or unknown.")


def _before_uninstall(claims: dict[str, Any], installation: Installation) -> bool:
    """A page that was open when the app was uninstalled must not install it again; opening the app anew does."""
    gone = installation.uninstalled_at
    return gone is not None and not installation.installed and claims["iat"] < math.floor(gone)


def _refresh(token: str, installation: Installation) -> ResponseReturnValue:
    pair = installation.refresh(token)
    if pair is None:
        return _error("invalid_grant", "The refresh token is invalid, expired or revoked.")
    return _tokens(pair, installation)


def _tokens(pair: Pair, installation: Installation) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "scope": _joined(installation.scopes),
        "expires_in": ACCESS_LIFETIME_S,
        "refresh_token": pair.refresh_token,
        "refresh_token_expires_in": REFRESH_LIFETIME_S,
    }


def _joined(scopes: Iterable[str]) -> str:
    """Granted scopes as Shopify prints them: a `read_x` that a `write_x` includes is left out."""
    granted = set(scopes)
    return ",".join(scope for scope in sorted(granted) if not _written(scope, granted))


def _written(scope: str, granted: set[str]) -> bool:
    return scope.startswith("read_") and scope.replace("read_", "write_", 1) in granted


def _error(code: str, description: str, status: int = 400) -> ResponseReturnValue:
    return {"error": code, "error_description": description}, status
