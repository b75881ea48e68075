"""Tickets of customer service, from the CSV exports of Gorgias and Zendesk: topic, satisfaction, date.

The address is hashed at once; subject, messages and names are read past. A ticket is one record, and each satisfaction
that its customer gave another one, so that an export of later, with a new rating, adds the rating alone.
"""

from __future__ import annotations

import re
from typing import Any, Final

from app.core.sources.contract import Contract, Field, Holds, Personal, Source
from app.core.sources.report import Reason, Refused
from app.core.sources.rows import Found, Given, Raw, key_of
from app.core.sources.values import email, moment, short

OPENED, RATED = "ticket_opened", "ticket_rated"
"""The types of the lake's records of kind "tickets"."""
UNRATED: Final = frozenset({"", "offered", "unoffered", "not offered", "unrated", "none", "null", "n/a", "-", "–"})
GOOD: Final = frozenset({"good", "good with comment", "positive"})
BAD: Final = frozenset({"bad", "bad with comment", "negative"})
LONGEST_TOPIC: Final = 60


TICKETS: Final = Contract(
    Source.TICKETS,
    "Customer service",
    "Tickets: what about, when, and how satisfied the customer was. What was written in them is not kept.",
    "CSV exports of Gorgias and Zendesk",
    (
        Field(
            "ticket",
            Holds.ID,
            "The desk's number of the ticket",
            ("ticket id", "id", "ticket", "ticket number"),
            required=True,
            column="ticket",
        ),
        Field(
            "time",
            Holds.MOMENT,
            "When it was opened",
            (
                "created at",
                "created date",
                "created datetime",
                "creation date",
                "ticket created timestamp",
                "ticket created date",
                "ticket created",
                "created",
                "requested",
                "date",
            ),
            required=True,
            column="at",
        ),
        Field(
            "e-mail",
            Holds.EMAIL,
            "The customer's address",
            (
                "customer email",
                "requester email",
                "email",
                "requester e-mail",
                "customer e-mail",
                "from email",
                "from address",
            ),
            expected=True,
            personal=Personal.HASHED,
            column="email_hash",
            matches="customers",
        ),
        Field(
            "topic",
            Holds.TEXT,
            "What it is about",
            (
                "topic",
                "contact reason",
                "reason",
                "category",
                "about",
                "ticket form",
                "ticket type",
                "type",
                "intent",
                "tags",
                "ticket tags",
            ),
            expected=True,
            column="topic",
        ),
        Field(
            "satisfaction",
            Holds.SCORE,
            "How satisfied the customer was",
            (
                "satisfaction",
                "satisfaction score",
                "satisfaction rating",
                "ticket satisfaction rating",
                "csat",
                "csat score",
                "satisfaction survey score",
                "survey score",
            ),
            unit="1 to 5, or good and bad; kept as 0 to 1",
            column="satisfaction",
        ),
        Field(
            "rated at",
            Holds.MOMENT,
            "When the customer said so",
            (
                "rated at",
                "satisfaction date",
                "satisfaction survey date",
                "survey scored date",
                "scored at",
                "updated at",
                "last updated",
                "ticket updated",
                "closed at",
                "closed date",
                "ticket solved timestamp",
            ),
        ),
        Field(
            "channel",
            Holds.TEXT,
            "By which way it came",
            ("channel", "via", "ticket channel", "initial channel"),
            column="channel",
        ),
        Field(
            "texts",
            Holds.TEXT,
            "Subject, messages, names",
            ("subject", "description", "messages", "customer name", "requester"),
            personal=Personal.NOT_KEPT,
        ),
    ),
    key=("ticket",),
    clock="the file's; where it names no time zone, the shop's",
    every=None,
    kind="tickets",
)


def read(raw: Raw, given: Given) -> Found:
    """The record of one ticket, and of its rating; `raw` has the contract's fields as texts.

    Raises:
        Refused: number or time are missing or absurd, or an address or a rating cannot be read.
    """
    ticket = short(raw["ticket"])
    if ticket is None:
        raise Refused(Reason.MISSING, "the ticket has no number")
    at = moment(raw["time"], given.clock, "the time of the ticket")
    address = raw.get("e-mail", "")
    known: dict[str, Any] = {
        "ticket": ticket,
        "email_hash": given.hash_email(email(address)) if address else None,
        "topic": _topic(raw.get("topic", "")),
        "channel": short(raw.get("channel", "")),
    }
    score = _score(raw.get("satisfaction", ""))
    if score is None:
        return Found(key_of("ticket", ticket), at, {"type": OPENED, **known})
    said = raw.get("rated at", "")
    rated_at = max(moment(said, given.clock, "the time of the rating"), at) if said else at
    rated = Found(key_of("rated", ticket, score), rated_at, {"type": RATED, **known, "satisfaction": score})
    return Found(key_of("ticket", ticket), at, {"type": OPENED, **known}, also=(rated,))


def _topic(text: str) -> str | None:
    """The first of several tags; nothing that looks like a sentence or an address."""
    first = re.split(r"[,;|]", text.strip("[](){} "))[0].strip(" '\"")
    kept = short(first)
    return kept if kept is not None and len(kept) <= LONGEST_TOPIC else None


def _score(text: str) -> float | None:
    """From 0 to 1; None while the customer has said nothing.

    Stars of Gorgias go from 1 to 5; Zendesk says good or bad.
    """
    said = text.strip().lower()
    if said in UNRATED:
        return None
    if said in GOOD or said in BAD:
        return 1.0 if said in GOOD else 0.0
    stars = re.fullmatch(r"([1-5])(?:[.,]0+)?(?:\s*(?:/\s*5|stars?))?", said)
    if stars is None:
        raise Refused(Reason.SCORE, "the satisfaction is neither 1 to 5 nor good or bad")
    return (int(stars[1]) - 1) / 4
