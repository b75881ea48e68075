"""The figures of rails as pages show them: numbers with separators, money with its currency, "–" for no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.money import written
from app.ports import ReportRow
from app.services.report import Report, ctr
from app.web.admin.learnt import RAILS
from app.web.admin.writing import count

PAGES = {"home": "Home page", "product": "Product page", "cart": "Cart"}
TITLES = {
    "exposures": "Cards seen",
    "ctr": "Click-through",
    "orders": "Orders after a click",
    "revenue": "Revenue after a click",
    "sessions": "Visits",
}
"""What a page calls a figure, where that is not its name in `app.services.report.DEFINITIONS`."""


@dataclass(frozen=True, slots=True)
class Figures:
    label: str
    title: str
    """The rail's."""
    exposures: str
    clicks: str
    click_through: str
    orders: str
    revenue: str

    @classmethod
    def of(cls, label: str, row: ReportRow, currency: str) -> Figures:
        return cls(
            label=label,
            title=rail_title(row.rail),
            exposures=count(row.exposures),
            clicks=count(row.clicks),
            click_through=share(ctr(row)),
            orders=count(row.orders),
            revenue=written(row.revenue, currency),
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a chart: its value, and its height as a percentage of the highest."""

    day: date
    value: int
    height: float


def totals(made: Report) -> list[Figures]:
    """A row a rail, in the order of the shop's pages."""
    return [Figures.of(rail_name(row), row, made.currency) for row in in_order(made.totals)]


def in_order(rows: Sequence[ReportRow]) -> list[ReportRow]:
    """The rows in the order in which the shop's pages have their rails."""
    places = {rail.value: place for place, rail in enumerate(RAILS)}
    return sorted(rows, key=lambda row: (places.get(row.rail, len(places)), row.rail, row.placement))


def rail_name(row: ReportRow) -> str:
    """A rail in the merchant's words, with the page that it stands on."""
    page = PAGES.get(row.placement, row.placement.replace("_", " ").capitalize())
    return f"{rail_title(row.rail)} ({page[:1].lower()}{page[1:]})"


def rail_title(rail: str) -> str:
    """A rail in the merchant's words, also one that this version does not know any more."""
    return {known.value: title for known, title in RAILS.items()}.get(rail, rail.replace("_", " ").capitalize())


def headline(made: Report) -> list[tuple[str, str]]:
    """The whole period at a glance.

    Orders are not among them: an order after clicks on two rails stands in both rows, so rows are not added up.
    """
    seen, clicked = sum(row.exposures for row in made.totals), sum(row.clicks for row in made.totals)
    today = next((visits.visitors for visits in made.visits if visits.day == made.last), 0)
    return [
        ("Visits", count(sum(visits.sessions for visits in made.visits))),
        ("Visitors today", count(today)),
        ("Cards seen", count(seen)),
        ("Clicks", count(clicked)),
        ("Click-through", share(clicked / seen if seen else None)),
        ("Revenue after a click", written(sum(row.revenue for row in made.totals), made.currency)),
    ]


def bars(rows: Sequence[ReportRow], first: date, last: date) -> list[Bar]:
    """What was seen on each day of the period, whatever the rail; days without anything are 0."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    seen = dict.fromkeys(days, 0)
    for row in rows:
        seen[row.day] += row.exposures
    highest = max(seen.values(), default=0) or 1
    return [Bar(at, value, 100 * value / highest) for at, value in seen.items()]


def share(part: float | None) -> str:
    return "–" if part is None else f"{part:.1%}"
