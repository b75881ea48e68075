"""What Klaviyo's failures mean. The SDK has three families of them: HTTP, validation before a request, and urllib3.

Klaviyo's sentences may repeat what was sent, such as an address; what looks personal is masked before anybody sees it.
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from app.errors import KlaviyoRefused, KlaviyoThrottled, KlaviyoTrouble, Permanent

NO_WISH_S: Final = 30.0
"""The pause after a 429 that names none."""
LONGEST_DETAIL: Final = 300
SLOW_DOWN: Final = "Klaviyo asked Attune to wait before it sends more."
OWN_FAULT: Final = "Klaviyo answered with a fault of its own ({status})."
UNREADABLE: Final = "Klaviyo’s answer could not be read."
NO_ANSWER: Final = "Klaviyo did not answer in time."
_PERSONAL = (
    re.compile(r"[^\s'\"<>,;:]+@[^\s'\"<>,;]+"),
    re.compile(r"\+?\d[\d ().-]{7,}\d"),
    re.compile(r"\bpk_\w+"),
)


def masked(text: str) -> str:
    """The text without addresses, telephone numbers and keys, and not longer than a message may be."""
    for pattern in _PERSONAL:
        text = pattern.sub("…", text)
    return text[:LONGEST_DETAIL]


def retry_after_s(headers: Mapping[str, Any] | None) -> float | None:
    """The pause that Klaviyo asks for, in seconds; None where it names none that can be read."""
    named = {str(name).lower(): value for name, value in (headers or {}).items()}
    try:
        return max(0.0, float(named["retry-after"]))
    except (KeyError, TypeError, ValueError):
        return None


def of_answer(call: str, status: int, body: str | bytes | None, headers: Mapping[str, Any] | None) -> Exception:
    """What an answer that is no success means; 401 is not decided here, because a fresh token may help."""
    if status == 429:
        wish = retry_after_s(headers)
        pause = NO_WISH_S if wish is None else wish
        return KlaviyoThrottled(f"Klaviyo throttled {call}", plain=SLOW_DOWN, pause_s=pause)
    if status in (408, 425) or status >= 500:
        said = OWN_FAULT.format(status=status)
        return KlaviyoTrouble(f"Klaviyo answered {call} with {status}", plain=said, after_s=retry_after_s(headers))
    if 200 <= status < 400:
        return unreadable(f"Klaviyo answered {call} with something that is not what it documents")
    first = first_error(body)
    source = first.get("source")
    pointer = str(source.get("pointer") or source.get("parameter") or "") if isinstance(source, dict) else ""
    detail = masked(str(first.get("detail") or first.get("title") or f"status {status}"))
    return KlaviyoRefused(detail, status=status, code=str(first.get("code") or ""), pointer=pointer[:200])


def unreadable(message: str) -> KlaviyoTrouble:
    """An answer that is not as documented."""
    return KlaviyoTrouble(message, plain=UNREADABLE)


def first_error(body: str | bytes | None) -> dict[str, Any]:
    """The first member of JSON:API's ``errors``; empty where the body is anything else."""
    try:
        errors = orjson.loads(body or b"{}")["errors"]
        return errors[0] if isinstance(errors[0], dict) else {}
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return {}


def of_validation(call: str, error: Exception) -> Permanent:
    """The SDK found the body wrong before it sent anything: a fault of ours. Its text repeats the body."""
    places = []
    for one in getattr(error, "errors", lambda **_: [])(include_input=False, include_url=False, include_context=False):
        places.append("/".join(str(part) for part in one.get("loc", ())))
    return Permanent(f"the body of {call} is not what Klaviyo takes, at {', '.join(places[:5]) or 'an unnamed place'}")


def of_transport(call: str, error: Exception) -> KlaviyoTrouble:
    """No answer, or one that was cut short; whether the request was carried out is not known."""
    return KlaviyoTrouble(f"Klaviyo did not answer {call}: {type(error).__name__}", plain=NO_ANSWER)
