"""How good the data of a source are: fresh, as many as usual, without holes, counted once, and about things we know.

Volume is compared with the same weekday of the eight weeks before: a Sunday is no Monday. The expected range is their
mean, three standard deviations to both sides, with at least that of a count (its square root), so that a small shop's
quiet day is no alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import fmean, pstdev
from typing import Final

from app.core.findings import Grade
from app.core.sources.contract import Contract, Source
from app.core.sources.contracts import CONTRACTS

WEEKS: Final = 8
LEAST_WEEKS: Final = 3
"""Same weekdays without which nothing is expected yet."""
DEVIATIONS: Final = 3.0
WINDOW: Final = timedelta(days=28)
"""Shares of empty, repeated and unmatched rows are those of this time."""
MUCH_EMPTY: Final = 0.20
TOO_EMPTY: Final = 0.60
MUCH_UNMATCHED: Final = 0.10
TOO_UNMATCHED: Final = 0.50
STRANGERS: Final = 0.95
"""Newsletters go to many who never bought: only where hardly anybody is a customer something is wrong."""
MUCH_REPEATED: Final = 0.05
LEAST_ROWS: Final = 20
"""Rows below which a share says nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted of one source.

    `days` are rows by UTC day; the counts beside are of the last 28 days: all `rows`, how many of them have each
    field `empty`, how many came `repeated`, how many of those that name something (`naming`) name what the store does
    not have (`unmatched`), by what it is.
    """

    source: Source
    newest: datetime | None = None
    days: Mapping[date, int] = field(default_factory=dict)
    rows: int = 0
    empty: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    naming: Mapping[str, int] = field(default_factory=dict)
    unmatched: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    """Rows of the last 28 days' deliveries that could not be used."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that was looked at, in words; `figure` is it in a few characters."""

    source: Source
    check: str
    grade: Grade
    figure: str
    detail: str
    remedy: str = ""


def judge(measured: Measured, now: datetime) -> list[Judged]:
    """Everything about one source; a single line where nothing of it has ever come."""
    contract = CONTRACTS[measured.source]
    if measured.newest is None:
        # What the store itself should bring has lines of its own in the doctor; the others are for who wants them.
        return [Judged(measured.source, "freshness", Grade.PASS, "–", "nothing has come yet")]
    return [
        _freshness(measured, measured.newest, contract, now),
        *_volume(measured, contract, now),
        *_empty(measured, contract),
        *_repeated(measured),
        *_unmatched(measured),
        *_refused(measured),
    ]


def expected(days: Mapping[date, int], day: date) -> tuple[float, float] | None:
    """From how many to how many rows that day should have, by the same weekdays before; None where too few are known.

    Weeks before the source's first row are not counted as empty ones.
    """
    if not days:
        return None
    began = min(days)
    before = [day - timedelta(weeks=number) for number in range(1, WEEKS + 1)]
    counts = [days.get(one, 0) for one in before if one >= began]
    if len(counts) < LEAST_WEEKS:
        return None
    usual = fmean(counts)
    room = DEVIATIONS * max(pstdev(counts), sqrt(usual))
    return max(usual - room, 0.0), usual + room


def _freshness(measured: Measured, newest: datetime, contract: Contract, now: datetime) -> Judged:
    hours = max((now - newest).total_seconds() / 3600, 0)
    age = "under an hour" if hours < 1 else f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    age = "an hour" if age == "1 hours" else age
    detail = f"the newest is {age} old"
    late = contract.every is not None and now - newest > 2 * contract.every
    if not late:
        return Judged(measured.source, "freshness", Grade.PASS, age, detail)
    remedy = _not_there(measured.source) or f"bring the next file: attune import SHOP {measured.source} FILE"
    return Judged(measured.source, "freshness", Grade.WARN, age, detail, remedy)


def _not_there(source: Source) -> str:
    return {
        Source.SHOPIFY: "check webhooks and the nightly comparison; `attune sync SHOP` imports everything",
        Source.STOREFRONT: "check that the blocks stand in the theme and that the pixel is connected",
    }.get(source, "")


def _volume(measured: Measured, contract: Contract, now: datetime) -> Iterator[Judged]:
    """Of the last whole day, or of the last day that a source that is brought by hand has."""
    yesterday = now.date() - timedelta(days=1)
    day = yesterday if contract.every is not None and contract.every <= timedelta(days=1) else max(measured.days)
    day = min(day, yesterday)
    count, within = measured.days.get(day, 0), expected(measured.days, day)
    if within is None:
        detail = f"{_rows(count)} on {day}; what is usual is known after {LEAST_WEEKS} weeks"
        yield Judged(measured.source, "volume", Grade.PASS, f"{count:,}", detail)
        return
    low, high = within
    detail = f"{_rows(count)} on {day:%-d %B}, expected {low:,.0f} to {high:,.0f}"
    if low <= count <= high:
        yield Judged(measured.source, "volume", Grade.PASS, f"{count:,}", detail)
        return
    grade = Grade.FAIL if count == 0 else Grade.WARN
    few = "look whether the source still sends, and whether a delivery was refused"
    remedy = (
        few if count < low else "look whether a delivery was made twice under other ids, or whether bots are at work"
    )
    yield Judged(measured.source, "volume", grade, f"{count:,}", detail, remedy)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _empty(measured: Measured, contract: Contract) -> Iterator[Judged]:
    names = [one.name for one in contract.watched if one.column in measured.empty]
    counts = [measured.empty[contract.field(name).column] for name in names]
    if not names or measured.rows < LEAST_ROWS:
        return
    worst = max(range(len(names)), key=lambda place: counts[place])
    share = counts[worst] / measured.rows
    detail = f"“{names[worst]}” is empty in {share:.1%} of rows" if counts[worst] else "no expected field is empty"
    grade = Grade.FAIL if share > TOO_EMPTY else Grade.WARN if share > MUCH_EMPTY else Grade.PASS
    remedy = "" if grade is Grade.PASS else "have the export include this field"
    yield Judged(measured.source, "empty fields", grade, f"{share:.1%}", detail, remedy)


def _repeated(measured: Measured) -> Iterator[Judged]:
    everything = measured.rows + measured.repeated
    if everything < LEAST_ROWS:
        return
    share = measured.repeated / everything
    detail = f"{measured.repeated:,} of {everything:,} rows came more than once, and count once"
    grade = Grade.WARN if share > MUCH_REPEATED else Grade.PASS
    remedy = "nothing is counted twice; deliver each day once to save the time" if grade is Grade.WARN else ""
    yield Judged(measured.source, "repeated rows", grade, f"{share:.1%}", detail, remedy)


def _unmatched(measured: Measured) -> Iterator[Judged]:
    for what, naming in measured.naming.items():
        if naming < LEAST_ROWS:
            continue
        missing = measured.unmatched.get(what, 0)
        share = missing / naming
        if what == "customers":
            grade = Grade.WARN if share > STRANGERS else Grade.PASS
        else:
            grade = Grade.FAIL if share > TOO_UNMATCHED else Grade.WARN if share > MUCH_UNMATCHED else Grade.PASS
        detail = f"{missing:,} of {naming:,} rows name {what} that the store does not have"
        remedy = "" if grade is Grade.PASS else _match(what)
        yield Judged(measured.source, f"unknown {what}", grade, f"{share:.1%}", detail, remedy)


def _match(what: str) -> str:
    if what == "customers":
        return "hardly anybody in it is a customer of this store: is it another shop's file?"
    return "have the source send Shopify's ids or SKUs as they stand in Shopify, and run `attune sync SHOP`"


def _refused(measured: Measured) -> Iterator[Judged]:
    if measured.refused:
        detail = f"{measured.refused:,} rows of the last 28 days could not be used"
        remedy = "the delivery's page lists rows and reasons; correct them and deliver the file again"
        yield Judged(measured.source, "refused rows", Grade.WARN, f"{measured.refused:,}", detail, remedy)


def worst(judged: Sequence[Judged]) -> Grade:
    """The gravest grade among them."""
    grades = {one.grade for one in judged}
    return next((grade for grade in (Grade.FAIL, Grade.WARN) if grade in grades), Grade.PASS)
