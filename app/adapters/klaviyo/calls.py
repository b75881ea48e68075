"""One call of the SDK: paced, timed, with a living token, its failure sorted; and one SDK client per account.

The SDK's own retries and urllib3's are off: they know nothing of the other workers, and a call that may have been
carried out is repeated by whoever knows whether that does harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
import urllib3

from app.adapters.klaviyo import errors
from app.adapters.klaviyo.pacing import Pace
from app.adapters.klaviyo.tokens import Tokens
from app.core.shops import Shop
from app.errors import KlaviyoThrottled
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import StoredSecret

TIMEOUT_S: Final = (5.0, 30.0)
"""To connect, and between two packets of the answer; the SDK waits for ever otherwise."""
THROTTLED_TRIES: Final = 4
LONGEST_PAUSE_S: Final = 60.0
JSON_API: Final = "application/vnd.api+json"
SECRETS: Final = ["Klaviyo-API-Key", "OAuth"]
"""By what the SDK calls the two ways to say who asks; it takes the one that it has."""
FRESH_S: Final = 2.0
"""How long a secret is used before the database is asked again whether it still stands."""


Send = Callable[[], Any]
"""Sends a request by the SDK, and gives urllib3's answer."""


def make_sdk(stored: StoredSecret, origin: str | None) -> Any:
    """An SDK client for one account, without retries of its own."""
    from klaviyo_api import KlaviyoAPI

    key = stored.secret.access if stored.secret.kind is LinkKind.KEY else None
    sdk = KlaviyoAPI(
        key,
        access_token=None if key else stored.secret.access,
        test_host=origin or "",
        max_retries=1,
    )
    pool = sdk.api_client.rest_client.pool_manager
    pool.connection_pool_kw["retries"] = urllib3.Retry(0, redirect=0)
    pool.clear()
    return sdk


class Calls:
    """The calls of one shop; safe to use from several threads."""

    def __init__(
        self,
        shop: Shop,
        tokens: Tokens,
        stored: StoredSecret,
        pace: Pace,
        *,
        origin: str | None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self._shop, self._tokens, self._pace = shop, tokens, pace
        self._timeout_s = timeout_s
        self._sdk = make_sdk(stored, origin)
        self._lock = threading.Lock()
        self._stored, self._at = stored, time.monotonic()
        self._groups: dict[str, Any] = {}

    def ask(self, group: str, call: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Make the call; the answer's document, empty where Klaviyo sends none.

        Raises:
            Retryable: no answer, too many requests, a server error, or an answer that cannot be read.
            KlaviyoRefused: Klaviyo says no.
            KlaviyoDisconnected: nothing is connected, or the secret is dead.
            Permanent: the body is not what Klaviyo takes.
        """
        return self._paced(call, lambda: self._method(group, call)(*arguments, **options, **self._limits))

    def post(self, call: str, path: str, body: bytes) -> dict[str, Any]:
        """As `ask`, for a body that is JSON already: the SDK's models would take seconds for one of 5 MB.

        The host, the headers and the connections are the SDK's.
        """
        return self._paced(call, lambda: self._posted(path, body))

    def _paced(self, call: str, send: Send) -> dict[str, Any]:
        for _ in range(THROTTLED_TRIES):
            self._pace.wait(call)
            try:
                return self._once(call, send)
            except KlaviyoThrottled as error:
                pause = self._pace.throttled(call, error.pause_s)
                if pause > LONGEST_PAUSE_S:
                    raise
        message = f"Klaviyo throttled {call} {THROTTLED_TRIES} times"
        raise KlaviyoThrottled(message, plain=errors.SLOW_DOWN, pause_s=errors.NO_WISH_S)

    def _once(self, call: str, send: Send) -> dict[str, Any]:
        stored = self._living()
        answer = self._answered(call, send)
        if answer is None and stored.secret.kind is LinkKind.OAUTH:
            stored = self.use(self._tokens.rotated(self._shop, seen=stored.generation))
            answer = self._answered(call, send)
        if answer is None:
            raise self._tokens.refused(self._shop, stored)
        return answer

    def _answered(self, call: str, send: Send) -> dict[str, Any] | None:
        """The document, or None for a 401.

        The answer is read here and not by the SDK, whose reader fails in its own ways on what is not as documented.
        """
        from pydantic import ValidationError

        try:
            answer = send()
            status, raw, headers = answer.status, answer.data, answer.headers
        except ValidationError as error:
            raise errors.of_validation(call, error) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise errors.of_transport(call, error) from None
        if status == 401:
            return None
        if not 200 <= status < 300:
            raise errors.of_answer(call, status, raw, headers)
        self._pace.learn(call, headers)
        return _document(call, raw)

    @property
    def _limits(self) -> dict[str, Any]:
        return {"_request_timeout": self._timeout_s}

    def _method(self, group: str, call: str) -> Any:
        return getattr(self._group(group), f"{call}_without_preload_content")

    def _posted(self, path: str, body: bytes) -> Any:
        client = self._sdk.api_client
        headers = {"Accept": JSON_API, "Content-Type": JSON_API}
        _, url, headers, _, _ = client.param_serialize("POST", path, header_params=headers, auth_settings=SECRETS)
        connect_s, read_s = self._timeout_s
        limits = urllib3.Timeout(connect=connect_s, read=read_s)
        pool = client.rest_client.pool_manager
        return pool.request("POST", url, body=body, headers=headers, timeout=limits, preload_content=False)

    def _group(self, name: str) -> Any:
        """One of the SDK's groups of calls; each look at the property would make a new one."""
        with self._lock:
            if name not in self._groups:
                self._groups[name] = getattr(self._sdk, name)
            return self._groups[name]

    def _living(self) -> StoredSecret:
        if time.monotonic() - self._at > FRESH_S:
            self.use(self._tokens.usable(self._shop))
        return self._stored

    def use(self, stored: StoredSecret) -> StoredSecret:
        with self._lock:
            if stored.secret.kind is LinkKind.OAUTH:
                self._sdk.configuration.access_token = stored.secret.access
            self._stored, self._at = stored, time.monotonic()
        return stored


def _document(call: str, raw: bytes | None) -> dict[str, Any]:
    """The body's JSON object.

    Raises:
        Retryable: it is anything else, such as a page of HTML that came with a 200.
    """
    if not raw or not raw.strip():
        return {}
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise errors.of_answer(call, 200, None, None)
    return document
