"""The GraphQL Admin API of one shop: pooled, paced, its failures sorted into Retryable and Permanent.

Tokens come from `tokens`, bulk operations are in `bulk`; nothing global is set, so that no call can reach a shop other
than its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson

from app.adapters.shopify import answers, bulk, documents
from app.adapters.shopify.connection import ShopifyConnection, refuse
from app.adapters.shopify.lines import lines
from app.adapters.shopify.pacing import Pace
from app.adapters.shopify.tokens import OPEN_THE_APP, Tokens
from app.config import API_VERSION
from app.core.ids import ShopId
from app.core.shops import Shop
from app.errors import NoAccess, Retryable
from app.ports import BulkOperation, Json, StoredToken

THROTTLED_TRIES = 8


class ShopifyAdminApis:
    """The Admin APIs of all shops, over one connection."""

    def __init__(
        self, connection: ShopifyConnection, tokens: Tokens, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._connection = connection
        self._tokens = tokens
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paces: dict[ShopId, Pace] = {}

    def of(self, shop: Shop) -> ShopifyAdminApi:
        """The shop's Admin API.

        Raises:
            NoAccess: there is no usable token; the merchant must open the app.
        """
        self._tokens.usable(shop)
        with self._lock:
            pace = self._paces.setdefault(shop.id, Pace())
        return ShopifyAdminApi(shop, self._connection, self._tokens, pace, self._sleep)


class ShopifyAdminApi:
    """One shop's GraphQL Admin API; safe to use from several threads."""

    def __init__(
        self,
        shop: Shop,
        connection: ShopifyConnection,
        tokens: Tokens,
        pace: Pace,
        sleep: Callable[[float], None],
    ) -> None:
        self._shop = shop
        self._connection = connection
        self._tokens = tokens
        self._pace = pace
        self._sleep = sleep
        self._url = f"{connection.origin(shop.domain)}/admin/api/{API_VERSION}/graphql.json"

    def run(self, document: str, variables: Json | None = None) -> dict[str, Any]:
        """Execute the document and return its ``data``; waits out throttling, refreshes the token when needed.

        Raises:
            AccessDenied: a field is refused; the error names it.
        """
        body = orjson.dumps({"query": documents.load(document), "variables": variables or {}})
        for _ in range(THROTTLED_TRIES):
            self._sleep(self._pace.wait_s(document))
            answer = answers.parse(self._send(body))
            if answer.cost:
                self._pace.learn(document, answer.cost)
            if not answer.throttled:
                return answers.data(answer)
            self._sleep(self._pace.throttled_s(document))
        raise Retryable(f"{document} was throttled {THROTTLED_TRIES} times")

    def start_bulk_query(self, document: str, *, search: str | None = None) -> BulkOperation:
        """Start the bulk export that the document describes, restricted by Shopify's search syntax if given."""
        return bulk.start_query(self, documents.bulk_query(document, search))

    def start_bulk_mutation(self, document: str, lines: Iterator[bytes]) -> BulkOperation:
        """Upload JSONL variables (at most 100 MB) and run the mutation once a line."""
        return bulk.start_mutation(self, self._connection, documents.load(document), lines)

    def bulk_operation(self, operation_id: str) -> BulkOperation:
        return bulk.read(self, operation_id)

    def lines(self, url: str, *, offset: int = 0) -> Iterator[bytes]:
        """The lines of a bulk file from byte `offset`, without their line ends; resumes a cut connection by itself.

        Raises:
            LinkExpired: the link has run out; `bulk_operation` gives a new one.
        """
        return lines(self._connection.http, url, offset=offset, sleep=self._sleep)

    def _send(self, body: bytes) -> httpx.Response:
        stored = self._tokens.usable(self._shop)
        answer = self._post(body, stored)
        if answer.status_code == 401:
            stored = self._tokens.rotated(self._shop, seen=stored.generation)
            answer = self._post(body, stored)
        if answer.status_code == 401:
            self._tokens.forget(self._shop, stored)
            raise NoAccess(OPEN_THE_APP)
        refuse(answer)
        return answer

    def _post(self, body: bytes, stored: StoredToken) -> httpx.Response:
        headers = {"X-Shopify-Access-Token": stored.pair.access_token, "Content-Type": "application/json"}
        return self._connection.post(self._url, content=body, headers=headers)
