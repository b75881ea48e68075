"""The web process: one Flask application, put together from blueprints that each get the wiring.

Nothing here decides anything; doors prove who asks, services do the work, problem documents tell what went wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from flask import Flask
from jinja2 import StrictUndefined

from app.web import errors, headers
from app.web.admin import trouble, writing
from app.wiring.web import Web

ROUTES = (
    "app.web.storefront",
    "app.web.preferences",
    "app.web.pixel",
    "app.web.webhooks",
    "app.web.inventory",
    "app.web.ops",
    "app.web.admin.patch_token",
    "app.web.admin.home",
    "app.web.admin.consent",
    "app.web.admin.preview",
    "app.web.admin.shoppers",
    "app.web.admin.profile",
    "app.web.admin.results",
    "app.web.admin.experiments",
    "app.web.admin.experiment_form",
    "app.web.admin.experiment_actions",
    "app.web.admin.steering",
    "app.web.admin.segments",
    "app.web.admin.audience",
    "app.web.admin.segment_builder",
    "app.web.admin.model",
    "app.web.admin.privacy",
    "app.web.admin.privacy_fields",
    "app.web.admin.privacy_people",
    "app.web.admin.import_problems",
    "app.web.admin.data",
    "app.web.admin.data_stock",
)
"""Modules with a function ``blueprint(wiring)``."""

CDN = "https://cdn.shopify.com/shopifycloud"
LARGEST_BODY = 1024 * 1024


class Page(NamedTuple):
    """An entry of the app's navigation in the Shopify admin."""

    path: str
    title: str


NAVIGATION = (
    Page("/admin/preview", "Preview"),
    Page("/admin/shoppers", "Shoppers"),
    Page("/admin/results", "Results"),
    Page("/admin/experiments", "Experiments"),
    Page("/admin/steering", "Sliders"),
    Page("/admin/segments", "Segments"),
    Page("/admin/audiences", "Audiences"),
    Page("/admin/model", "What was learnt"),
    Page("/admin/data", "Data"),
    Page("/admin/consent", "Consent"),
    Page("/admin/privacy", "Privacy"),
)


def create_app(wiring: Web) -> Flask:
    """The application over its wiring; whoever made the wiring closes it."""
    app = Flask(__name__)
    app.extensions["attune"] = wiring
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.jinja_env.globals.update(_page_globals(wiring))
    # A name that a page forgot to pass is a failure, not an empty place.
    app.jinja_env.undefined = StrictUndefined
    writing.register(app, wiring)
    errors.register(app)
    headers.register(app, wiring)
    for name in ROUTES:
        routes = import_module(name).blueprint(wiring)
        if name.startswith(trouble.__package__):
            trouble.register(routes)
        app.register_blueprint(routes)
    return app


def _page_globals(wiring: Web) -> dict[str, object]:
    """What base.html needs: the scripts come from Shopify's CDN, or from the devstore that stands in for it."""
    origin = wiring.settings.shopify_test_origin
    cdn = f"{origin}/cdn" if origin else CDN
    return {
        "api_key": wiring.settings.shopify_api_key,
        "app_bridge_url": f"{cdn}/app-bridge.js",
        "polaris_url": f"{cdn}/polaris-1.js",
        "navigation": NAVIGATION,
    }
