"""The figures of a rail as a table shows them: numbers with separators, money with its currency, "–" for no value."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.money import written
from app.ports import ReportRow
from app.services.report import ctr
from app.web.admin.learnt import RAILS

PAGES = {"home": "Home page", "product": "Product page", "cart": "Cart"}


@dataclass(frozen=True, slots=True)
class Figures:
    label: str
    exposures: int
    clicks: int
    click_through: str
    orders: int
    revenue: str

    @classmethod
    def of(cls, label: str, row: ReportRow, currency: str) -> Figures:
        share = ctr(row)
        return cls(
            label=label,
            exposures=row.exposures,
            clicks=row.clicks,
            click_through="–" if share is None else f"{share:.1%}",
            orders=row.orders,
            revenue=written(row.revenue, currency),
        )


def rail_name(row: ReportRow) -> str:
    """A rail in the merchant's words, with the page that it stands on."""
    page = PAGES.get(row.placement, row.placement.replace("_", " ").capitalize())
    title = RAILS.get(row.rail, row.rail.replace("_", " ").capitalize())
    return f"{page}: {title[:1].lower()}{title[1:]}"
