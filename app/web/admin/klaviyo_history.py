"""What the page of the connection tells of the past: how many orders from before Klaviyo was told of."""

from __future__ import annotations

from flask import Blueprint, g

from app.core.email.history import Past
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo_history", __name__)

    @routes.app_template_global("klaviyo_history")
    def told() -> Past | None:
        """For the include of the page; its door has said whose it is."""
        return wiring.mail_history.state(g.shop.id)

    return routes
