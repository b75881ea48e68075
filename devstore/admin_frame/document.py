"""Reads the app's document before it is framed: the admin shows no app that does not name it as a frame ancestor."""

from __future__ import annotations

import httpx

TIMEOUT_S = 10.0


def refusal(url: str, origin: str) -> str | None:
    """Why the page at `url` may not be shown inside `origin`, in words for a developer; None when it may."""
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=True, max_redirects=5, trust_env=False) as client,
            client.stream("GET", url, headers={"Sec-Fetch-Dest": "iframe"}) as answer,
        ):
            return refused_by(answer.headers.get_list("content-security-policy"), origin)
    except httpx.HTTPError as error:
        return f"The app did not answer: {error}"


def refused_by(policies: list[str], origin: str) -> str | None:
    """Judges Content-Security-Policy headers. A wildcard is refused too: ancestors must be named per shop."""
    lists = [found for header in policies for policy in header.split(",") if (found := _ancestors(policy)) is not None]
    if not lists:
        return "The app's document has no Content-Security-Policy with frame-ancestors."
    # A browser holds the document to every policy that it carries.
    for ancestors in lists:
        shown = " ".join(ancestors)
        if origin not in ancestors:
            return f"The app's frame-ancestors are {shown}; they must name {origin}."
        if any("*" in source for source in ancestors):
            return f"The app's frame-ancestors are {shown}; they must name each origin, without a wildcard."
    return None


def _ancestors(policy: str) -> list[str] | None:
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name.lower() == "frame-ancestors":
            return sources
    return None
