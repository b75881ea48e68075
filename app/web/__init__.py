"""The web process: one Flask application, put together from blueprints that each get the wiring.

Nothing here decides anything; doors prove who asks, services do the work, problem documents tell what went wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from flask import Flask
from jinja2 import StrictUndefined

from app.web import errors, headers
from app.web.later import Later
from app.wiring.web import Web

ROUTES = (
    "app.web.storefront",
    "app.web.preferences",
    "app.web.pixel",
    "app.web.webhooks",
    "app.web.inventory",
    "app.web.feeds",
    "app.web.klaviyo_webhooks",
    "app.web.ops",
)
"""Modules with a function ``blueprint(wiring)``: what a process serves from its start."""

PAGES = (
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
    "app.web.admin.email",
    "app.web.admin.email_settings",
    "app.web.admin.email_offers",
    "app.web.admin.email_preview",
    "app.web.admin.email_care",
    "app.web.admin.segment_builder",
    "app.web.admin.model",
    "app.web.admin.privacy",
    "app.web.admin.privacy_fields",
    "app.web.admin.privacy_people",
    "app.web.admin.import_problems",
    "app.web.admin.data",
    "app.web.admin.data_stock",
    "app.web.klaviyo",
    "app.web.admin.klaviyo",
    "app.web.admin.klaviyo_feeds",
    "app.web.admin.klaviyo_push",
    "app.web.admin.klaviyo_history",
    "app.web.admin.email_results",
)
"""The same for the pages in the Shopify admin, which are imported when the first of them is asked for."""

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
    Page("/admin/email", "E-mail"),
    Page("/admin/klaviyo", "Klaviyo"),
    Page("/admin/model", "What was learnt"),
    Page("/admin/data", "Data"),
    Page("/admin/consent", "Consent"),
    Page("/admin/privacy", "Privacy"),
)


def create_app(wiring: Web) -> Flask:
    """The application over its wiring; whoever made the wiring closes it.

    The merchant's pages are an application of their own behind the same door: a process that has just started answers
    shoppers without waiting for what only merchants look at.
    """
    app = _bare(wiring)
    for name in ROUTES:
        app.register_blueprint(import_module(name).blueprint(wiring))
    app.wsgi_app = Later(app.wsgi_app, app.url_map, lambda: create_pages(wiring))  # type: ignore[method-assign]
    return app


def create_pages(wiring: Web) -> Flask:
    """The pages in the Shopify admin alone, without the doors for shops and browsers."""
    from app.web.admin import trouble, writing  # Only merchants need them: see `create_app`.

    pages = _bare(wiring)
    pages.jinja_env.globals.update(_page_globals(wiring))
    # A name that a page forgot to pass is a failure, not an empty place.
    pages.jinja_env.undefined = StrictUndefined
    writing.register(pages, wiring)
    for name in PAGES:
        routes = import_module(name).blueprint(wiring)
        if name.startswith(trouble.__package__):
            trouble.register(routes)
        pages.register_blueprint(routes)
    return pages


def _bare(wiring: Web) -> Flask:
    app = Flask(__name__)
    app.extensions["attune"] = wiring
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    errors.register(app)
    headers.register(app, wiring)
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
