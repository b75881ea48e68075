"""The address that the admin gives to an app's iframe: the app's page with everything that the app must verify."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from devstore.jwt import mint_id_token
from devstore.options import Options

OWN = frozenset({"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"})


class Address:
    """Makes addresses of one app in one shop."""

    def __init__(self, options: Options) -> None:
        self._options = options
        parts = urlsplit(options.app_toml.application_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._home = parts.path or "/"

    def of(self, path: str, query: str = "") -> str:
        """The signed address of `path`; no path means application_url itself.

        The signature is hex HMAC-SHA256 over "name=value" sorted and joined by "&", as at an OAuth callback.
        """
        handle = self._options.shop_domain.removesuffix(".myshopify.com")
        host = base64.b64encode(f"admin.shopify.com/store/{handle}".encode()).decode().rstrip("=")
        kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in OWN]
        own = {
            "embedded": "1",
            "host": host,
            "id_token": mint_id_token(self._options),
            "locale": "en",
            "shop": self._options.shop_domain,
            "timestamp": str(int(time.time())),
        }
        signed = sorted([*kept, *own.items()])
        text = "&".join(f"{name}={value}" for name, value in signed)
        digest = hmac.new(self._options.api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        where = f"/{path.lstrip('/')}" if path else self._home
        return f"{self.origin}{where}?{urlencode([*signed, ('hmac', digest)])}"
