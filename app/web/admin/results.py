"""The results page: what was seen, clicked and bought after a click, by rail and by day, and what each figure means.

One rail's days are shown at a time: four weeks of five rails would be a table that nobody reads.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.services.report import DEFINITIONS, Report, report
from app.web import doors
from app.web.admin.figures import TITLES, Figures, bars, headline, in_order, rail_title, totals
from app.web.admin.writing import day, shop_zone
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("results", __name__)

    @routes.get("/admin/results")
    def page() -> str:
        made = report(doors.admin().shop, wiring.reports, wiring.clock)
        rail = chosen(made, request.args.get("rail", ""))
        days = [row for row in made.rows if row.rail == rail]
        zone = shop_zone(wiring)
        return render_template(
            "admin/results.html",
            made=made,
            totals=totals(made),
            headline=headline(made),
            rails={row.rail: rail_title(row.rail) for row in in_order(made.totals)},
            rail=rail,
            days=[Figures.of(day(row.day, zone), row, made.currency) for row in reversed(days)],
            bars=bars(days, made.first, made.last),
            visits=list(reversed(made.visits)),
            definitions={TITLES.get(name, name.capitalize()): meaning for name, meaning in DEFINITIONS.items()},
        )

    return routes


def chosen(made: Report, wanted: str) -> str:
    """The rail whose days are shown: the one asked for, or else the one that was seen most; empty without any."""
    if any(row.rail == wanted for row in made.totals):
        return wanted
    return max(made.totals, key=lambda row: row.exposures).rail if made.totals else ""
