"""The app's first page in the Shopify admin: what is done, what is still to do, and what the rails did lately."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from app.services.report import report
from app.web import doors
from app.web.admin.figures import Figures, rail_name
from app.web.admin.setup import setup_of
from app.web.admin.theme_blocks import BLOCKS, admin_origin
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("home", __name__)

    @routes.get("/")
    def home() -> str:
        shop = doors.admin().shop
        profile = wiring.installations.profile(shop.id)
        admin, client = admin_origin(shop.domain, wiring.settings.shopify_test_origin), wiring.settings.shopify_api_key
        made = report(shop, wiring.reports, wiring.clock)
        return render_template(
            "admin/home.html",
            name=(profile and profile.name) or shop.domain,
            setup=setup_of(shop, wiring),
            blocks=[(block, block.editor(admin, client)) for block in BLOCKS],
            rows=[Figures.of(rail_name(row), row, made.currency) for row in made.totals],
            sessions=sum(day.sessions for day in made.visits),
        )

    @routes.get("/admin/progress.json")
    def progress() -> Response:
        """What the page polls while an import or a training runs."""
        return jsonify(setup_of(doors.admin().shop, wiring).as_json())

    return routes
