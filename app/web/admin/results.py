"""The results page: what was seen, clicked and bought after a click, day by day, with what each figure means."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.services.report import DEFINITIONS, report
from app.web import doors
from app.web.admin.figures import Figures, rail_name
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("results", __name__)

    @routes.get("/admin/results")
    def page() -> str:
        made = report(doors.admin().shop, wiring.reports, wiring.clock)
        return render_template(
            "admin/results.html",
            first=made.first,
            last=made.last,
            totals=[Figures.of(rail_name(row), row, made.currency) for row in made.totals],
            days=[
                Figures.of(f"{row.day:%d %b %Y}, {rail_name(row)}", row, made.currency) for row in reversed(made.rows)
            ],
            definitions=DEFINITIONS,
        )

    return routes
