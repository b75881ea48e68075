"""The pooled HTTP connection to Shopify, and what its plain HTTP answers mean.

One per process; clients of all shops share it. Nothing here knows GraphQL, and no token is kept.
"""

from __future__ import annotations

from typing import Any

import httpx

from app.core.ids import ShopDomain
from app.errors import Permanent, Retryable

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=8)


class ShopifyConnection:
    """HTTP to the shops' hosts.

    Args:
        test_origin: the address that stands in for every shop's host in demo and tests.
    """

    def __init__(self, test_origin: str | None = None) -> None:
        self._test_origin = test_origin
        self.http = httpx.Client(timeout=TIMEOUT, limits=LIMITS, headers={"User-Agent": "Attune"})

    def origin(self, domain: ShopDomain) -> str:
        return self._test_origin or f"https://{domain}"

    def post(self, url: str, **options: Any) -> httpx.Response:
        """POST, with transport failures and server errors raised.

        Raises:
            Retryable: no answer, 429, or a server error.
        """
        try:
            answer = self.http.post(url, **options)
        except httpx.TransportError as error:
            raise Retryable(f"Shopify did not answer: {type(error).__name__}") from error
        if answer.status_code == 429:
            raise Retryable("Shopify asks to slow down", after_s=retry_after_s(answer))
        if answer.status_code >= 500:
            raise Retryable(f"Shopify answered {answer.status_code}", after_s=retry_after_s(answer))
        return answer

    def close(self) -> None:
        self.http.close()


def retry_after_s(answer: httpx.Response) -> float | None:
    """The pause that the answer asks for; None where it names none."""
    try:
        return max(0.0, float(answer.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def refuse(answer: httpx.Response) -> None:
    """Raise for what a repeated call won't change.

    Raises:
        Permanent: the shop is frozen, closed or unknown, or the request is not accepted.
    """
    # https://shopify.dev/docs/api/usage/response-codes
    meanings = {402: "the shop is frozen", 403: "access is forbidden", 404: "the shop is unknown", 423: "it is locked"}
    if answer.status_code >= 300:
        meaning = meanings.get(answer.status_code, "the request is not accepted")
        raise Permanent(f"Shopify answered {answer.status_code}: {meaning}")
