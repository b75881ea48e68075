"""The app's first page in the Shopify admin: what is done, what is still to do, and what the rails did lately."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from app.services.report import report
from app.web import doors
from app.web.admin.experiments import shown_experiments
from app.web.admin.figures import bars, headline, totals
from app.web.admin.freshness import freshness
from app.web.admin.setup import Setup, setup_of
from app.web.admin.steps import complete, settled, steps
from app.web.admin.theme_blocks import BLOCKS, admin_origin
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("home", __name__)
    client_id, test_origin = wiring.settings.shopify_api_key, wiring.settings.shopify_test_origin

    @routes.get("/")
    def home() -> str:
        shop = doors.admin().shop
        profile = wiring.installations.profile(shop.id)
        setup = setup_of(shop, wiring)
        made = report(shop, wiring.reports, wiring.clock)
        return render_template(
            "admin/home.html",
            name=(profile and profile.name) or shop.domain,
            setup=setup,
            steps=steps(setup),
            settled=settled(setup),
            complete=complete(setup),
            blocks=BLOCKS,
            admin=admin_origin(shop.domain, test_origin),
            client_id=client_id,
            hold_out=next((one for one in shown_experiments(shop, wiring) if one.is_hold_out), None),
            simulated=wiring.settings.is_test,
            made=made,
            rows=totals(made),
            headline=headline(made),
            bars=bars(made.rows, made.first, made.last),
            freshness=freshness(shop, setup, wiring),
        )

    @routes.get("/admin/progress.json")
    def progress() -> Response:
        """What the page asks for again and again while something is under way."""
        return jsonify(_progress(setup_of(doors.admin().shop, wiring)))

    return routes


def _progress(setup: Setup) -> dict[str, object]:
    return {
        "settled": settled(setup),
        "imported": setup.imported,
        "consented": setup.consented,
        "model": setup.model.version if setup.model else None,
        "lists": setup.counts.lists,
        "pixel": setup.pixel,
        "steps": [step.as_json() for step in steps(setup)],
        "runs": [
            {"resource": run.resource, "state": run.state, "share": run.share, "lines": run.lines}
            for run in setup.rows()
        ],
    }
