"""The closed vocabulary of events admits what fits, and says in a sentence why it refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import events
from app.core.errors import BadEvent

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "e1",
    "type": "click",
    "age_ms": 1500,
    "visitor": "0123456789abcdef" * 2,
    "placement": "product",
    "product_id": "7001",
    "request_id": "r1",
    "position": 0,
    "consent": {"analytics": True, "preferences": False},
}


def test_a_good_event_is_dated_by_its_age() -> None:
    event = events.parse(GOOD, now=NOW)
    assert event.at == NOW - timedelta(seconds=1.5)
    assert event.consent == {"analytics": True, "preferences": False, "marketing": False}
    assert (event.type, event.product_id) == (events.EventType.CLICK, 7001)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "x" * 65),
        ("id", "a\x00b"),
        ("type", "purchase"),
        ("placement", "Buy followers"),
        ("placement", None),
        ("age_ms", -1),
        ("age_ms", 86_400_001),
        ("age_ms", "5"),
        ("age_ms", True),
        ("visitor", "ABCDEF" * 5),
        ("visitor", None),
        ("product_id", "gid://shopify/Product/1"),
        ("product_id", "9" * 19),
        ("position", 1000),
        ("position", True),
        ("consent", None),
        ("consent", {"analytics": "yes"}),
        ("consent", {"analytics": False}),
    ],
)
def test_an_event_that_does_not_fit_is_refused(field: str, value: object) -> None:
    with pytest.raises(BadEvent):
        events.parse({**GOOD, field: value}, now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_whatever_comes_is_an_event_or_a_refusal(changes: dict[str, Any]) -> None:
    try:
        event = events.parse({**GOOD, **changes}, now=NOW)
    except BadEvent:
        return
    assert event.consent["analytics"]
