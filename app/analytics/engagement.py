"""What customers do with e-mails, as Ibis expressions over the lake's engagement: received, opened, clicked.

Machine opens and bot clicks never came into the lake. Like behaviour it is counted a slice of days at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import ibis
import ibis.expr.types as ir

from app.analytics.customers import Asked, total
from app.analytics.expressions import TIME, once
from app.core.segments.rules import Figure

ENGAGEMENT: Final = ibis.table(
    {
        "event_id": "!string",
        "type": "!string",
        "at": TIME,
        "email_hash": "string",
        "klaviyo": "string",
    },
    name="engagement",
)
MAIL_NAMES: Final = ibis.table({"id": "!string", "person": "!int64"}, name="mail_names")
"""Keyed hashes of e-mail addresses and Klaviyo's ids; each stands once."""
TYPES: Final = {Figure.MAILS: "received", Figure.OPENS: "opened", Figure.MAIL_CLICKS: "clicked"}


def mails(asked: Asked, since: datetime, until: datetime) -> ir.Table:
    """By person, of the e-mails' events in [since, until): counts of the measures."""
    wanted = [type for figure, type in TYPES.items() if asked.of(figure)]
    inside = ENGAGEMENT.filter(
        ENGAGEMENT.type.isin(wanted),
        ENGAGEMENT.at >= ibis.literal(since, TIME),
        ENGAGEMENT.at < ibis.literal(until, TIME),
    )
    named = inside.mutate(name=ibis.coalesce(inside.email_hash, inside.klaviyo))
    known = once(named.join(MAIL_NAMES, MAIL_NAMES.id == named.name).select("event_id", "type", "at", "person"))
    seen = known.mutate(at_s=known.at.epoch_seconds())
    counts = {
        name: total((seen.type == TYPES[measure.figure]) & asked.within(seen.at_s, measure.days))
        for name, measure in asked.of(*TYPES)
    }
    return seen.group_by("person").aggregate(**counts)


def mail_parts(asked: Asked) -> ir.Table:
    """The table that holds what `mails` gave for each slice."""
    return ibis.table({"person": "!int64", **dict.fromkeys((n for n, _ in asked.of(*TYPES)), "int64")}, name="mails")


def needs_mails(asked: Asked) -> bool:
    return bool(asked.of(*TYPES))
