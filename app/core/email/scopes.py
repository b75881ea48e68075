"""What Attune asks Klaviyo to be allowed, and what each permission is for.

Only what is used is asked for; a merchant who grants less keeps everything that needs no more than that.
https://developers.klaviyo.com/en/docs/authenticate_#available-scopes
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

FOR: Final[Mapping[str, str]] = {
    "accounts:read": "knowing which account this is, and its default sender",
    "profiles:read": "finding a shopper’s profile, and tying clicks in e-mails to visits",
    "profiles:write": "writing recommendations to profiles",
    "lists:read": "following the transfer of profiles, and starting the welcome series from your list",
    "lists:write": "handing profiles over in bulk, which Klaviyo allows only together with this",
    "events:read": "reading opens, clicks and orders back",
    "events:write": "starting flows when something happens",
    "metrics:read": "finding what your account counts",
    "flows:read": "showing how the flows stand that Attune made",
    "flows:write": "making the four series as drafts",
    "templates:read": "the preview of e-mails",
    "templates:write": "making the templates of the four series",
    "web-feeds:read": "seeing whether the feeds are fetched",
    "web-feeds:write": "registering the feeds of best sellers and new arrivals",
    "webhooks:read": "hearing of opens and clicks at once",
    "webhooks:write": "hearing of opens and clicks at once",
}
NEEDED: Final = tuple(FOR)
"""In the order in which they are asked for."""
NOT_WITH_A_KEY: Final = frozenset({"webhooks:read", "webhooks:write"})
"""Klaviyo has webhooks for OAuth apps only; with a private key, engagement is asked for every few minutes instead."""


def missing(granted: Collection[str]) -> list[tuple[str, str]]:
    """(scope, what will not work) of each that was not granted, in the order of `NEEDED`."""
    return [(scope, purpose) for scope, purpose in FOR.items() if scope not in granted]
