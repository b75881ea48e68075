"""The columns of the lake's files: every field of an event and of a decision, with its type.

A file that was written before a column existed reads as empty there. Types are never changed, only added to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
import pyarrow as pa

from app.core.events import Event
from app.ports import Decision

TIME: Final = pa.timestamp("us", "UTC")
EVENTS: Final = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("at", TIME, nullable=False),
        ("visitor", pa.string()),
        ("client", pa.string()),
        # The visitor's consent at capture.
        ("consent_analytics", pa.bool_()),
        ("consent_preferences", pa.bool_()),
        ("consent_marketing", pa.bool_()),
        ("placement", pa.string()),
        ("rail", pa.string()),
        ("product_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("collection_id", pa.int64()),
        ("order_id", pa.int64()),
        ("products", pa.list_(pa.int64())),
        ("query", pa.string()),
        ("path", pa.string()),
        ("quantity", pa.int32()),
        ("request_id", pa.string()),
        ("position", pa.int32()),
        # Empty, in files that are older than the column, is as false.
        ("ghost", pa.bool_()),
    ]
)
DECISIONS: Final = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("at", TIME, nullable=False),
        ("placement", pa.string()),
        ("rail", pa.string()),
        ("product_id", pa.int64()),
        ("visitor", pa.string()),
        ("strategy", pa.string()),
        ("variant", pa.string()),
        ("model_version", pa.string()),
        ("items", pa.string()),
        ("unit", pa.string()),
        ("show", pa.string()),
        ("failed", pa.int32()),
    ]
)
"""`items` is JSON, as the decision holds it. In files that are older than the column `show` is empty, which is "ours",
and `failed` too, which is 0."""

EVENT_KIND: Final = "events"
DECISION_KIND: Final = "decisions"
SCHEMAS: Final = {EVENT_KIND: EVENTS, DECISION_KIND: DECISIONS}
KEYS: Final = {EVENT_KIND: "event_id", DECISION_KIND: "request_id"}
"""By which a record that stands twice is known as one."""


def table_of_events(events: Sequence[Event]) -> pa.Table:
    """Raises pyarrow's errors, OverflowError or UnicodeError for a value that its column cannot hold."""
    return _table(EVENTS, events, _event_value)


def table_of_decisions(decisions: Sequence[Decision]) -> pa.Table:
    """As `table_of_events`."""
    return _table(DECISIONS, decisions, _decision_value)


def _table(schema: pa.Schema, records: Sequence[Any], value: Any) -> pa.Table:
    columns = [pa.array([value(record, field.name) for record in records], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _event_value(event: Event, name: str) -> Any:
    if name.startswith("consent_"):
        return bool(event.consent.get(name.removeprefix("consent_")))
    return getattr(event, name)


def _decision_value(decision: Decision, name: str) -> Any:
    return orjson.dumps(list(decision.items)).decode() if name == "items" else getattr(decision, name)
