"""What the Klaviyo page says of profiles that were pushed; the push itself is a worker's."""

from __future__ import annotations

from flask import Blueprint, g

from app.ports.push import PushState
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    """The reader of the page's part; it has no routes of its own."""
    routes = Blueprint("klaviyo_push", __name__)

    @routes.app_template_global("klaviyo_push")
    def told() -> PushState:
        """For the page of the connection; its door has said whose it is."""
        return wiring.klaviyo_pushes.state(g.shop.id)

    return routes
