"""The product feeds on the page of the connection: how they stand, and a new secret for their addresses."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect

from app import jobs
from app.web import doors
from app.web.admin.klaviyo import PATH
from app.web.admin.writing import own
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo_feeds", __name__)

    @routes.app_template_global("klaviyo_feeds")
    def told() -> dict[str, object]:
        """For the page of the connection; its door has said whose it is."""
        return {"feeds": wiring.feeds.all(g.shop.id), "made_at": wiring.feed_keys.made_at(g.shop.id)}

    @routes.post(f"{PATH}/feeds/secret")
    def renew() -> Response:
        shop = doors.admin().shop
        wiring.feed_keys.renew(shop.id, at=wiring.clock.now())
        wiring.jobs.enqueue(jobs.PREPARE_FEEDS, shop.id)
        answer = redirect(own(PATH), 303)
        assert isinstance(answer, Response)
        return answer

    return routes
