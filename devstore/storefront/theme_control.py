"""``/_dev/theme``: the theme's settings, read and changed as the merchant would in the editor."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from devstore.storefront.theme_settings import BadTheme, ThemeSettings


def blueprint(settings: ThemeSettings) -> Blueprint:
    routes = Blueprint("theme_control", __name__, url_prefix="/_dev")

    @routes.get("/theme")
    def read() -> ResponseReturnValue:
        return settings.as_json()

    @routes.put("/theme")
    @routes.patch("/theme")
    def change() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return {"error": "the body must be a JSON object"}, 422
        try:
            settings.update(body)
        except BadTheme as error:
            return {"error": str(error)}, 422
        return settings.as_json()

    return routes
