"""Klaviyo's engagement with e-mails, as its events API tells it.

Opens by mail programs and clicks by scanners are let go: they say nothing about the person. Of a clicked link the
query is dropped (it carries Klaviyo's own id of the person), but for the recommendation that we had put into it.
https://developers.klaviyo.com/en/reference/get_events
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from app.core.sources.contract import DAY, Contract, Field, Holds, Personal, Source
from app.core.sources.report import LetGo, Letting, Reason, Refused
from app.core.sources.rows import Found, Given, Raw
from app.core.sources.values import email, from_epoch, moment, says_yes, short


class Engagement(StrEnum):
    """What became of an e-mail: the `type` of the lake's records of kind "engagement"."""

    RECEIVED = "received"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    SPAM = "marked_as_spam"


METRICS: Final = {
    "received email": Engagement.RECEIVED,
    "opened email": Engagement.OPENED,
    "clicked email": Engagement.CLICKED,
    "bounced email": Engagement.BOUNCED,
    "unsubscribed": Engagement.UNSUBSCRIBED,
    "unsubscribed from email marketing": Engagement.UNSUBSCRIBED,
    "unsubscribed from list": Engagement.UNSUBSCRIBED,
    "marked email as spam": Engagement.SPAM,
}
"""Klaviyo's own metrics by name; ids differ from account to account."""
MACHINE: Final = ("Apple Privacy Open", "Machine Open")
BOT: Final = ("Bot Click", "is_bot", "Bot Open")
REQUEST, PLACE = "attune_rid", "attune_pos"
"""The parameters of a link that name the recommendation and its place (see docs/data.md)."""


KLAVIYO: Final = Contract(
    Source.KLAVIYO,
    "Klaviyo",
    "What became of e-mails: received, opened, clicked, bounced, unsubscribed, marked as spam.",
    "JSON of Klaviyo's events API: a page with data and included, a list of events, or one event a line",
    (
        Field("id", Holds.ID, "Klaviyo's id of the event", ("id",), required=True, column="event_id"),
        Field(
            "metric", Holds.TEXT, "Such as “Opened Email”", ("metric.attributes.name",), required=True, column="type"
        ),
        Field(
            "time",
            Holds.MOMENT,
            "When it happened",
            ("attributes.datetime", "attributes.timestamp"),
            required=True,
            column="at",
        ),
        Field(
            "profile",
            Holds.ID,
            "Klaviyo's id of the person",
            ("relationships.profile.data.id",),
            expected=True,
            personal=Personal.PSEUDONYM,
            column="klaviyo",
        ),
        Field(
            "e-mail",
            Holds.EMAIL,
            "The profile's address",
            ("profile.attributes.email",),
            expected=True,
            personal=Personal.HASHED,
            column="email_hash",
            matches="customers",
        ),
        Field(
            "external id",
            Holds.ID,
            "The merchant's own id of the person",
            ("profile.attributes.external_id",),
            personal=Personal.PSEUDONYM,
            column="external",
        ),
        Field("campaign", Holds.TEXT, "Which mailing", ("event_properties.Campaign Name",), column="campaign"),
        Field("flow", Holds.ID, "Which flow", ("event_properties.$flow",), column="flow"),
        Field("message", Holds.ID, "Which message", ("event_properties.$message",), column="message"),
        Field("link", Holds.TEXT, "What was clicked, without its query", ("event_properties.URL",), column="url"),
        Field(
            "machine open",
            Holds.YES_NO,
            "Opened by a mail program, not by a person",
            ("event_properties.Apple Privacy Open",),
        ),
        Field("bot click", Holds.YES_NO, "Clicked by a scanner, not by a person", ("event_properties.Bot Click",)),
        Field("subject", Holds.TEXT, "The mail's subject", ("event_properties.Subject",), personal=Personal.NOT_KEPT),
    ),
    key=("id",),
    clock="Klaviyo's, with its offset from UTC",
    every=7 * DAY,
    kind="engagement",
)


def read(raw: Raw, given: Given) -> Found:
    """The record of one event, with its profile and metric as the page's `included` has them.

    Args:
        raw: ``{"event", "profile", "metric"}``: JSON:API resources; the latter two may be empty.

    Raises:
        Refused: id, metric or time are missing or absurd, or nobody is named.
        LetGo: a program did it, or it is no engagement with an e-mail.
    """
    event = _part(raw, "event")
    attributes = _part(event, "attributes")
    type = _type(_part(raw, "metric"), attributes)
    said = _part(attributes, "event_properties")
    if type in (Engagement.OPENED, Engagement.CLICKED):
        _by_a_person(type, said)
    id = short(event.get("id"))
    if id is None:
        raise Refused(Reason.MISSING, "the event has no id")
    at = _at(attributes, given)
    return Found(f"klaviyo:{id}", at, {"type": str(type), **_who(raw, event, given), **_what(said)})


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object; empty where it is missing or something else."""
    found = raw.get(name)
    return found if isinstance(found, Mapping) else {}


def _type(metric: Mapping[str, Any], attributes: Mapping[str, Any]) -> Engagement:
    name = _part(metric, "attributes").get("name") or _part(attributes, "metric").get("name")
    if not isinstance(name, str) or not name:
        raise Refused(Reason.MISSING, "the event names no metric; ask Klaviyo for include=metric,profile")
    found = METRICS.get(name.strip().lower())
    if found is None:
        raise LetGo(Letting.OTHER_EVENT)
    return found


def _by_a_person(type: Engagement, said: Mapping[str, Any]) -> None:
    if any(says_yes(said.get(name)) for name in BOT):
        raise LetGo(Letting.BOT_CLICK)
    if type is Engagement.OPENED and any(says_yes(said.get(name)) for name in MACHINE):
        raise LetGo(Letting.MACHINE_OPEN)


def _at(attributes: Mapping[str, Any], given: Given) -> Any:
    written, number = attributes.get("datetime"), attributes.get("timestamp")
    if isinstance(written, str) and written.strip():
        return moment(written, given.clock, "datetime")
    if isinstance(number, int | float) and not isinstance(number, bool):
        return from_epoch(number, given.clock, "timestamp", per_second=1.0)
    raise Refused(Reason.MISSING, "the event has no datetime")


def _who(raw: Raw, event: Mapping[str, Any], given: Given) -> dict[str, Any]:
    profile = _part(raw, "profile")
    facts = _part(profile, "attributes")
    linked = _part(_part(_part(event, "relationships"), "profile"), "data")
    klaviyo = short(profile.get("id") or linked.get("id"))
    address = facts.get("email")
    hashed = given.hash_email(email(address)) if isinstance(address, str) and address.strip() else None
    if klaviyo is None and hashed is None:
        raise Refused(Reason.NOBODY, "the event names neither a profile nor an e-mail")
    return {"klaviyo": klaviyo, "email_hash": hashed, "external": short(facts.get("external_id"))}


def _what(said: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        "campaign": short(said.get("Campaign Name")),
        "flow": short(said.get("$flow")),
        "message": short(said.get("$message")),
    }
    return {**kept, **_link(said.get("URL"))}


def _link(url: object) -> dict[str, Any]:
    if not isinstance(url, str) or not url:
        return {}
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
    except ValueError:
        return {}
    place = query.get(PLACE, [""])[0]
    return {
        "url": short(f"{parts.netloc}{parts.path}"),
        "request_id": short(query.get(REQUEST, [""])[0][:32]),
        "position": int(place) if place.isascii() and place.isdigit() and len(place) <= 3 else None,
    }
