"""`/feeds/<secret>/<name>.json`: product feeds for Klaviyo, answered as they stand prepared.

Who does not know the secret learns nothing: a wrong one, another shop's, and a feed that is not there look alike.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.web.problems import problem
from app.wiring.web import Web

MAX_AGE_S = 60
"""Klaviyo fetches every 15 minutes; a sold-out product must not outlive that in a cache between."""


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("feeds", __name__)

    @routes.get("/feeds/<secret>/<name>.json")
    def feed(secret: str, name: str) -> Response:
        from app.adapters.db.feeds import shop_of  # Late: shoppers are served without it.

        shop, known = shop_of(secret), request.if_none_match.as_set()
        if shop is None or not wiring.feed_keys.is_secret(shop, secret):
            return problem(404, "there is no such feed")
        found = wiring.feeds.read(shop, name, known=known)
        if found is None:
            return problem(404, "there is no such feed")
        told, body = found
        answer = Response(body, mimetype="application/json")
        answer.set_etag(told.etag)
        answer.last_modified = told.changed_at
        answer.cache_control.private = True
        answer.cache_control.max_age = MAX_AGE_S
        answer.make_conditional(request)
        return answer

    return routes
