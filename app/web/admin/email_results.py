"""What the e-mail page tells of results: figures of the series, and what the hold-out measures at each occasion."""

from __future__ import annotations

from flask import Blueprint, g

from app.core.experiments.judgement import LEAST_POSITIVE
from app.core.experiments.lift import Lift
from app.core.money import written
from app.services.report_mails import NAMES, WINDOW_DAYS, report_mails
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email_results", __name__)

    @routes.app_template_global("email_results")
    def told() -> dict[str, object]:
        """For the include of the e-mail page; its door has said whose it is."""
        made = report_mails(g.shop, wiring.mail_outcomes, wiring.clock)
        profile = wiring.installations.profile(g.shop.id)
        return {
            "flows": [(NAMES.get(key, key), count) for key, count in sorted(made.flows.items())],
            "counted_at": made.counted_at,
            "orders": made.orders,
            "revenue": written(made.revenue, profile.currency if profile else ""),
            "measured": made.measured,
            "days": WINDOW_DAYS,
            "least": LEAST_POSITIVE,
            "few": made.caution,
            "simulated": wiring.settings.is_test,
        }

    @routes.app_template_filter("lift_sentence")
    def sentence(found: Lift | None) -> str:
        """The lift with its interval, or that it cannot be told yet."""
        if found is None:
            return "not enough yet"
        low, high = 100 * found.low, 100 * found.high
        return f"{100 * found.relative:+.0f} % (95 %: {low:+.0f} to {high:+.0f} %)".replace("-", "−")

    return routes
