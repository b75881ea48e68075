"""The closed vocabulary of visitor events, and the only parser that admits them.

An event that does not fit is refused with a sentence that says why; one without the visitor's consent is refused too
(law 2), so nothing behind this module has to ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.errors import BadEvent
from app.core.ids import ProductId, RequestId, VisitorId
from app.core.recommend.types import Placement

MAX_AGE_MS = 24 * 60 * 60 * 1000


class EventType(StrEnum):
    EXPOSURE = "exposure"
    """At least half of a card was in view for one second."""
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a consenting visitor saw or did. `consent` is the state at capture."""

    event_id: str
    type: EventType
    at: datetime
    visitor: VisitorId
    placement: Placement
    product_id: ProductId
    request_id: RequestId | None
    position: int | None
    consent: Mapping[str, bool]


def parse(raw: Mapping[str, Any], *, now: datetime) -> Event:
    """Build an event from its JSON form.

    Raises:
        BadEvent: a field is missing or absurd, or the visitor had not consented to analytics.
    """
    consent = _consent(raw.get("consent"))
    return Event(
        event_id=_text(raw, "id", longest=64),
        type=_type(raw.get("type")),
        at=now - timedelta(milliseconds=_age_ms(raw.get("age_ms"))),
        visitor=_visitor(raw.get("visitor")),
        placement=_placement(raw.get("placement")),
        product_id=ProductId(_number(raw, "product_id")),
        request_id=RequestId(_text(raw, "request_id", longest=32)) if raw.get("request_id") else None,
        position=_position(raw.get("position")),
        consent=consent,
    )


def _text(raw: Mapping[str, Any], name: str, *, longest: int) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise BadEvent(f"{name} must be a text of 1 to {longest} characters")
    if not value.isprintable():
        raise BadEvent(f"{name} holds characters that cannot be printed")
    return value


def _number(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadEvent(f"{name} must be a numeric id")
    return int(text)


def _type(value: object) -> EventType:
    try:
        return EventType(str(value))
    except ValueError:
        raise BadEvent(f"type must be one of {', '.join(EventType)}") from None


def _placement(value: object) -> Placement:
    """Only our own: what stands here becomes a row of the merchant's report."""
    try:
        return Placement(str(value))
    except ValueError:
        raise BadEvent(f"placement must be one of {', '.join(Placement)}") from None


def _age_ms(value: object) -> int:
    """Browsers send how long ago a thing happened: their clocks are often wrong, their stopwatches are not."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_AGE_MS:
        raise BadEvent("age_ms must be a whole number of milliseconds, at most a day")
    return value


def _visitor(value: object) -> VisitorId:
    text = value if isinstance(value, str) else ""
    if len(text) != 32 or any(c not in "0123456789abcdef" for c in text):
        raise BadEvent("visitor must be 32 hexadecimal digits")
    return VisitorId(text)


def _position(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1000:
        raise BadEvent("position must be a number from 0 to 999")
    return value


def _consent(value: object) -> dict[str, bool]:
    if not isinstance(value, Mapping):
        raise BadEvent("consent must say what the visitor allowed")
    state = {name: value.get(name) is True for name in ("analytics", "preferences", "marketing")}
    if not state["analytics"]:
        raise BadEvent("the visitor has not allowed analytics")
    return state
