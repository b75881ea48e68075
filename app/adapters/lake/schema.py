"""The columns of the lake's files: every field of an event, of a decision and of other sources' rows, with its type.

A file that was written before a column existed reads as empty there. Types are never changed, only added to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
NAMES_ONLY: Final = frozenset({"form", "email", "cart", "checkout", "ga4", "kx", "customer_id"})
"""What an event says of who somebody is goes into ties (`app.adapters.db.identity_ties`) and never into a file: there
one place erases it, and the merchant can take it apart."""
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

_COMMON: Final = [
    pa.field("event_id", pa.string(), nullable=False),
    pa.field("type", pa.string(), nullable=False),
    pa.field("at", TIME, nullable=False),
    ("visitor", pa.string()),
    ("client", pa.string()),
    ("consent_analytics", pa.bool_()),
    ("consent_preferences", pa.bool_()),
    ("consent_marketing", pa.bool_()),
]
_ORIGIN: Final = [("delivery", pa.string()), ("row", pa.int64())]
"""Which delivery a row came with, and where it stood there: an import that is repeated knows its own rows again."""
ENGAGEMENT: Final = pa.schema(
    [
        *_COMMON,
        # The keyed hash in hexadecimal digits, as `profile_members` has it.
        ("email_hash", pa.string()),
        ("klaviyo", pa.string()),
        ("external", pa.string()),
        ("campaign", pa.string()),
        ("flow", pa.string()),
        ("message", pa.string()),
        # Of a click: the link without its query, and the recommendation that it carried.
        ("url", pa.string()),
        ("request_id", pa.string()),
        ("position", pa.int32()),
        *_ORIGIN,
    ]
)
GA4: Final = pa.schema(
    [
        *_COMMON,
        # Google's id of the browser (user_pseudo_id), and of the visit within it.
        ("ga4", pa.string()),
        ("session", pa.int64()),
        ("product_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("products", pa.list_(pa.int64())),
        ("order_id", pa.int64()),
        ("quantity", pa.int32()),
        ("value", pa.int64()),
        ("currency", pa.string()),
        ("path", pa.string()),
        ("campaign", pa.string()),
        ("source", pa.string()),
        ("medium", pa.string()),
        *_ORIGIN,
    ]
)
"""`value` is in minor units of `currency`."""
TICKETS: Final = pa.schema(
    [
        *_COMMON,
        ("email_hash", pa.string()),
        ("ticket", pa.string()),
        ("desk", pa.string()),
        ("topic", pa.string()),
        ("channel", pa.string()),
        # From 0 (as bad as can be) to 1; empty while nobody has said.
        ("satisfaction", pa.float32()),
        *_ORIGIN,
    ]
)

EVENT_KIND: Final = "events"
DECISION_KIND: Final = "decisions"
ENGAGEMENT_KIND: Final = "engagement"
GA4_KIND: Final = "ga4"
TICKET_KIND: Final = "tickets"
SCHEMAS: Final = {
    EVENT_KIND: EVENTS,
    DECISION_KIND: DECISIONS,
    ENGAGEMENT_KIND: ENGAGEMENT,
    GA4_KIND: GA4,
    TICKET_KIND: TICKETS,
}
KEYS: Final = {kind: "request_id" if kind == DECISION_KIND else "event_id" for kind in SCHEMAS}
"""By which a record that stands twice is known as one."""


def table_of_events(events: Sequence[Event]) -> pa.Table:
    """Raises pyarrow's errors, OverflowError or UnicodeError for a value that its column cannot hold."""
    return _table(EVENTS, events, _event_value)


def table_of_decisions(decisions: Sequence[Decision]) -> pa.Table:
    """As `table_of_events`."""
    return _table(DECISIONS, decisions, _decision_value)


def table_of_rows(kind: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of another source by column name; what a row lacks is empty. Raises as `table_of_events`."""
    schema = SCHEMAS[kind]
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _table(schema: pa.Schema, records: Sequence[Any], value: Any) -> pa.Table:
    columns = [pa.array([value(record, field.name) for record in records], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _event_value(event: Event, name: str) -> Any:
    if name.startswith("consent_"):
        return bool(event.consent.get(name.removeprefix("consent_")))
    return getattr(event, name)


def _decision_value(decision: Decision, name: str) -> Any:
    return orjson.dumps(list(decision.items)).decode() if name == "items" else getattr(decision, name)
