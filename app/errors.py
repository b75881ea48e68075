"""The two kinds of failure that an adapter reports; everything else is a bug or a domain error (see `app.core.errors`).

The adapter decides which kind a failure is, because only it knows the vendor's meaning; services and jobs decide what
follows from it.
"""

from __future__ import annotations


class Retryable(Exception):
    """The same call may succeed later: a time-out, a throttled request, a server error.

    `after_s` is the vendor's own wish for the pause before the next try, in seconds, where it gave one.
    """

    def __init__(self, message: str, *, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Permanent(Exception):
    """The same call will fail again: refused credentials, a rejected document, data that cannot be read."""


class AccessDenied(Permanent):
    """Shopify refuses a field: a scope is not granted, or the app is not approved for protected customer data.

    `field` is the path of the refused field, dotted; callers that can do without it ask for less.
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NoAccess(Permanent):
    """Shopify knows no valid token of ours for the shop: the app is gone, or the merchant must open it again."""


class LinkExpired(Retryable):
    """A signed download link is no longer valid; ask the operation for its link again."""


class KlaviyoTrouble(Retryable):
    """Klaviyo could not be asked now. `plain` is a sentence for the merchant, who knows no names of calls."""

    def __init__(self, message: str, *, plain: str, after_s: float | None = None) -> None:
        super().__init__(message, after_s=after_s)
        self.plain = plain


class KlaviyoThrottled(KlaviyoTrouble):
    """Klaviyo wants fewer requests, and none for `pause_s` seconds."""

    def __init__(self, message: str, *, plain: str, pause_s: float) -> None:
        super().__init__(message, plain=plain, after_s=pause_s)
        self.pause_s = pause_s


class KlaviyoDisconnected(Permanent):
    """The shop's Klaviyo account isn't connected, or Klaviyo takes neither its key nor its tokens any more."""


class KlaviyoRefused(Permanent):
    """Klaviyo understood the request and refuses it; the message is Klaviyo's own, and holds nothing personal.

    `status` is HTTP's, `code` Klaviyo's word for the reason (``duplicate_profile``, ``feature_unavailable``), `pointer`
    the member of the body that is at fault, as a JSON pointer; the latter two are empty where Klaviyo names none.
    """

    def __init__(self, message: str, *, status: int, code: str = "", pointer: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.pointer = pointer
