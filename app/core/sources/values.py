"""Values as files write them: times in any zone, days in two orders, numbers with commas or points, addresses.

Each function takes text and returns a value, or refuses with a sentence that names the field and not its content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from app.core.sources.report import Reason, Refused

LATEST: Final = timedelta(hours=1)
"""How far clocks may be ahead before a row is from the future."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST: Final = 200
"""Characters of a text that are kept."""

_NUMERIC = re.compile(
    r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
    r"(?:,?[ T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?\s*(\S.*)?"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d\d):?(\d\d)?")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f]+")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_UNITS: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_WORDED = re.compile(r"(?:[A-Za-z]+,? )?(?:(\d{1,2})\.? ([A-Za-z]+)\.?|([A-Za-z]+)\.? (\d{1,2})),? (\d{4})(.*)")


class DayOrder(StrEnum):
    """How 03/04/2026 is read."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True)
class Clock:
    """What a file's times mean: `zone` where they name none, `order` for days such as 03/04/2026."""

    now: datetime
    zone: tzinfo = UTC
    order: DayOrder | None = None


def moment(text: str, clock: Clock, what: str = "the time") -> datetime:
    """A moment in UTC, from ISO 8601, a usual way of writing, or a number since 1970.

    Raises:
        Refused: it cannot be read, could mean two days, or lies before 2000 or in the future.
    """
    try:
        found = _read_moment(text.strip(), clock)
    except (ValueError, OverflowError):
        raise Refused(Reason.MOMENT, f"{what} cannot be read; write it as 2026-03-10T14:30:00+01:00") from None
    return _plausible(found.astimezone(UTC), clock, what)


def from_epoch(number: float, clock: Clock, what: str = "the time", *, per_second: float | None = None) -> datetime:
    """A moment from a number since 1970, in seconds or a finer unit that its size tells. Raises as `moment`."""
    unit = per_second or next(unit for limit, unit in _UNITS if abs(number) < limit)
    try:
        seconds, rest = divmod(int(number), int(unit)) if unit > 1 else divmod(number, 1)
        found = datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=round(rest * 1e6 / unit))
    except (ValueError, OverflowError, OSError):
        raise Refused(Reason.MOMENT, f"{what} is no time since 1970") from None
    return _plausible(found, clock, what)


def day(text: str, clock: Clock, what: str = "the day") -> date:
    """A day; not one that has not begun. Raises as `moment`."""
    try:
        found = _read_moment(text.strip(), clock).date()
    except (ValueError, OverflowError):
        raise Refused(Reason.MOMENT, f"{what} cannot be read; write it as 2026-03-10") from None
    if found > (clock.now + LATEST).astimezone(clock.zone).date():
        raise Refused(Reason.FUTURE, f"{what} has not come yet")
    if found < EARLIEST.date():
        raise Refused(Reason.ABSURD, f"{what} lies before 2000")
    return found


def _plausible(found: datetime, clock: Clock, what: str) -> datetime:
    if found > clock.now + LATEST:
        raise Refused(Reason.FUTURE, f"{what} lies in the future")
    if found < EARLIEST:
        raise Refused(Reason.ABSURD, f"{what} lies before 2000")
    return found


def _read_moment(text: str, clock: Clock) -> datetime:
    if re.fullmatch(r"\d{8}", text):
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=clock.zone)
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return from_epoch(float(text) if "." in text else int(text), clock)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _usual(text, clock)
    return found if found.tzinfo else found.replace(tzinfo=clock.zone)


def _usual(text: str, clock: Clock) -> datetime:
    """Such as ``10.03.2026 14:30``, ``3/10/2026 2:30 PM EST``, ``10 March 2026 14:30 UTC``."""
    if worded := _WORDED.fullmatch(text):
        day_number, month = worded[1] or worded[4], _MONTHS.get((worded[2] or worded[3]).lower())
        if month is None:
            raise ValueError(text)
        return _usual(f"{worded[5]}-{month:02}-{int(day_number):02}{worded[6].replace(' at ', ' ')}", clock)
    parts = _NUMERIC.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    year, month, number = _ordered(parts[1], parts[2], parts[3], text, clock.order)
    hour = int(parts[4] or 0)
    if half := (parts[7] or "").lower().replace(".", ""):
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    found = datetime(year, month, number, hour, int(parts[5] or 0), int(parts[6] or 0))  # noqa: DTZ001
    zone = _zone((parts[8] or "").strip())
    return found.replace(tzinfo=zone or clock.zone)


def _ordered(first: str, second: str, third: str, text: str, order: DayOrder | None) -> tuple[int, int, int]:
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(third) not in (2, 4):
        raise ValueError(text)
    year = int(third) + (2000 if len(third) == 2 else 0)
    one, two = int(first), int(second)
    if "." in text.split(" ", maxsplit=1)[0]:
        order = DayOrder.DAY_FIRST  # Points are written between days and months in one order only.
    if order is None and one <= 12 and two <= 12 and one != two:
        raise Refused(Reason.AMBIGUOUS_DAY, "the day could be read in two ways; say which comes first, day or month")
    if one > 12 or (two <= 12 and order is DayOrder.DAY_FIRST):
        return year, two, one
    return year, one, two


def _zone(text: str) -> tzinfo | None:
    """Only zones that mean one offset everywhere: CST is three of them."""
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if offset := _OFFSET.fullmatch(text):
        behind = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(behind if offset[1] == "+" else -behind)
    raise ValueError(text)


def day_order(texts: list[str]) -> DayOrder | None:
    """What a file's own days show: a first number above 12 can only be a day. None where they show nothing, or both."""
    shown = set()
    for text in texts:
        parts = _NUMERIC.fullmatch(text.strip())
        if parts and len(parts[1]) <= 2 and "/" in text:
            if int(parts[1]) > 12 >= int(parts[2]):
                shown.add(DayOrder.DAY_FIRST)
            elif int(parts[2]) > 12 >= int(parts[1]):
                shown.add(DayOrder.MONTH_FIRST)
    return shown.pop() if len(shown) == 1 else None


def decimal(text: str, what: str = "the amount") -> Decimal:
    """A number with a point or a comma before its decimals, thousands grouped or not, a currency's sign beside it.

    ``1,234`` is read as thousands, ``1,23`` as decimals.

    Raises:
        Refused: it is no number.
    """
    bare = re.sub(r"[^\d,.\-()]", "", text)
    negative = bare.startswith("-") or (bare.startswith("(") and bare.endswith(")"))
    bare = bare.strip("()-")
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma > point:
        grouped = re.fullmatch(r"\d{1,3}(,\d{3})+", bare)
        bare = bare.replace(",", "") if grouped else bare.replace(".", "").replace(",", ".", 1)
    elif comma >= 0 or bare.count(".") > 1:
        bare = bare.replace(",", "") if comma >= 0 else bare.replace(".", "")
    try:
        found = Decimal(bare)
    except InvalidOperation:
        raise Refused(Reason.NUMBER, f"{what} is no number") from None
    return -found if negative else found


def whole(text: str, what: str = "the number", *, least: int = 0, most: int = 2**31 - 1) -> int:
    """A whole number within bounds. Raises as `decimal`."""
    found = decimal(text, what)
    if found != found.to_integral_value() or not least <= found <= most:
        raise Refused(Reason.NUMBER, f"{what} must be a whole number from {least:,} to {most:,}")
    return int(found)


def email(text: str) -> str:
    """An address, in lower case; out of ``Ada <ada@example.com>`` too.

    Raises:
        Refused: there is none in it.
    """
    found = re.search(r"<([^<>]+)>", text)
    address = (found[1] if found else text).strip().strip("'\"").lower()
    if _EMAIL.fullmatch(address) is None:
        raise Refused(Reason.EMAIL, "the e-mail field holds no address")
    return address


def says_yes(value: object) -> bool | None:
    """Yes or no in the ways that exports write them; None where it says nothing."""
    text = str(value).strip().lower() if value is not None else ""
    if text in ("true", "yes", "1", "y", "granted"):
        return True
    return False if text in ("false", "no", "0", "n", "denied") else None


def short(value: object) -> str | None:
    """Text to be kept, without what looks like an address in it; None where there is nothing."""
    text = _SPACES.sub(" ", str(value)).strip() if value is not None else ""
    if not text or "@" in text:
        return None
    return text[:LONGEST]
