"""The metrics table of a shop: what was shown, clicked and bought after a click, by day, placement and rail.

Orders after a click are attribution, not lift: some of them would have come anyway. The words for that stand in
`DEFINITIONS`, which is printed with every table (law 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.errors import DomainError
from app.core.shops import Shop
from app.ports import Clock, ReportRow, Reports, VisitsRow

DEFAULT_DAYS = 28
DEFINITIONS = {
    "exposures": "cards of which at least half was in view for one second, of visitors who allowed analytics",
    "clicks": "clicks on recommended cards, of the same visitors; a quick click may come before the second is over",
    "ctr": "clicks divided by exposures",
    "orders": "orders with at least one line put into the cart after a click on the rail; test and cancelled orders "
    "are left out; an order after clicks on two rails stands in both rows",
    "revenue": "those lines' price after discounts, less refunded and removed units, in the shop's currency",
    "attribution": "orders and revenue follow a click; this is not lift: some would have been placed anyway",
    "visitors": "browsers of which any event came that day, of visitors who allowed analytics; whoever comes back on "
    "another day counts there too, so days are not added up",
    "sessions": "visits of those browsers, counted on the day they began; half an hour without an event ends one",
    "day": "the shop's own day; orders count on the day they were placed; figures of behaviour are about a minute old",
}


class BadPeriod(DomainError):
    """The first day lies after the last."""


@dataclass(frozen=True, slots=True)
class Report:
    first: date
    last: date
    currency: str
    rows: Sequence[ReportRow]
    totals: Sequence[ReportRow]
    """One row a placement and rail over the whole period; their day is the last."""
    visits: Sequence[VisitsRow] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody came and nothing was bought after a click."""
        return not self.rows and not self.visits


def ctr(row: ReportRow) -> float | None:
    """Clicks per exposure; None where nothing was seen."""
    return row.clicks / row.exposures if row.exposures else None


def report(
    shop: Shop, reports: Reports, clock: Clock, *, first: date | None = None, last: date | None = None
) -> Report:
    """The table for the days `first` to `last`; by default the 28 days up to the shop's own today.

    Raises:
        BadPeriod: `first` lies after `last`.
    """
    last = last or reports.day_of(shop.id, clock.now())
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise BadPeriod(f"the first day {first} lies after the last day {last}")
    rows = reports.roll_up(shop.id, first, last)
    visits = reports.visits(shop.id, first, last)
    return Report(first, last, reports.currency(shop.id), rows, _totals(rows, last), visits)


def _totals(rows: Sequence[ReportRow], last: date) -> list[ReportRow]:
    """Sums over the days. An order is placed on one day, so orders of one rail may be added up."""
    rails = sorted({(row.placement, row.rail) for row in rows})
    return [_total([row for row in rows if (row.placement, row.rail) == rail], last) for rail in rails]


def _total(rows: Sequence[ReportRow], last: date) -> ReportRow:
    return ReportRow(
        day=last,
        placement=rows[0].placement,
        rail=rows[0].rail,
        exposures=sum(row.exposures for row in rows),
        clicks=sum(row.clicks for row in rows),
        orders=sum(row.orders for row in rows),
        revenue=sum(row.revenue for row in rows),
    )
