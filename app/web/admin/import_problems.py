"""Which lines of the latest imports could not be used, by number, and why."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.web import doors
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("import_problems", __name__)

    @routes.get("/admin/import-problems")
    def page() -> str:
        shop = doors.admin().shop
        return render_template("admin/import_problems.html", problems=wiring.progress.problems(shop.id))

    return routes
