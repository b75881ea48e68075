"""Days: the shop's own, by which figures are told, and UTC's, by which the lake is laid out.

A shop's day has 23 or 25 hours when its clocks are changed, and its zone may be corrected later; UTC's days never move,
so files are sorted into those and figures are counted over the moments between two midnights of the shop.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)
SESSION_GAP = timedelta(minutes=30)
"""So long without an event, and a visit has ended; an event may thus decide about what follows within this time."""


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for a name that is empty or unknown here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which the shop's day begins and the next one begins, in UTC."""
    return _midnight(day, zone), _midnight(day + DAY, zone)


def shop_days(utc: date, zone: ZoneInfo) -> list[date]:
    """The shop's days whose figures an event on that UTC day may change, the first first."""
    since, until = bounds(utc, ZoneInfo("UTC"))
    first, last = since.astimezone(zone).date(), (until + SESSION_GAP).astimezone(zone).date()
    return [first + DAY * number for number in range((last - first).days + 1)]


def utc_days(since: datetime, until: datetime) -> tuple[date, date]:
    """The first and last UTC day that hold moments of [since, until)."""
    return utc_day(since), utc_day(until - timedelta(microseconds=1))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The day's first moment. Where clocks skip midnight it is the moment of the change."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
