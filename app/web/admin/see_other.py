"""The answer to a form that was acted upon: the browser goes on to a page, and loading that again repeats nothing."""

from __future__ import annotations

from flask import Response, redirect


def see_other(address: str) -> Response:
    """Status 303."""
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    return answer
