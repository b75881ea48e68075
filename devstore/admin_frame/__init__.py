"""The Shopify admin: a frame around the app's pages, a theme editor, and stand-ins for App Bridge and Polaris.

The stand-ins are our own code with the public interface of Shopify's scripts, which no package carries. What is
measured or checked against them counts for our markup only.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, render_template, request

from devstore.admin_frame.address import Address
from devstore.admin_frame.document import refusal
from devstore.admin_frame.editor import add_editor
from devstore.admin_frame.installed import activations, holds
from devstore.admin_frame.scripts import app_bridge, polaris
from devstore.options import Options
from devstore.store import Store
from devstore.storefront.theme_settings import ThemeSettings

__all__ = ["blueprint"]

SCRIPTS = {"app-bridge.js": app_bridge, "polaris-1.js": polaris, "polaris.js": polaris}


def blueprint(store: Store, options: Options, settings: ThemeSettings | None = None) -> Blueprint:
    """The frame under /admin/apps/<handle>, the theme editor, and the scripts under /cdn."""
    routes = Blueprint(
        "admin_frame", __name__, static_folder="static", static_url_path="/cdn/admin", template_folder="templates"
    )
    address = Address(options)
    theme = settings or ThemeSettings.open(options)
    add_editor(routes, store, options, theme)

    @routes.get("/admin", strict_slashes=False)
    def home() -> str:
        return _page(path="", problem=None, src=None)

    @routes.get("/admin/apps/<handle>", strict_slashes=False)
    @routes.get("/admin/apps/<handle>/<path:path>")
    def frame(handle: str, path: str = "") -> str:
        if handle not in (options.app_toml.handle, options.app_toml.client_id, options.api_key):
            abort(404)
        query = request.query_string.decode()
        src = address.of(path, query)
        problem = refusal(src, options.origin)
        # The document has been fetched once to read its headers; the frame gets an ID token of its own.
        return _page(path=path, problem=problem, src=None if problem else address.of(path, query))

    @routes.get("/admin/_frame/src")
    def source() -> Response:
        """Where the frame sends the app next; every address carries a fresh ID token."""
        path, _, query = request.args.get("path", "").lstrip("/").partition("?")
        return jsonify({"src": address.of(path, query)})

    @routes.get("/admin/_frame/extensions")
    def extensions() -> Response:
        """What `shopify.app.extensions()` answers at this moment."""
        return jsonify(activations(theme, lambda condition: holds(store, condition)))

    @routes.get("/cdn/<any('app-bridge.js', 'polaris-1.js', 'polaris.js'):name>")
    @routes.get("/shopifycloud/<any('app-bridge.js', 'polaris-1.js', 'polaris.js'):name>")
    def script(name: str) -> Response:
        return Response(SCRIPTS[name](), mimetype="text/javascript")

    def _page(path: str, problem: str | None, src: str | None) -> str:
        toml = options.app_toml
        config = {
            "appName": toml.name,
            "appOrigin": address.origin,
            "base": f"/admin/apps/{toml.handle}",
            "path": f"/{path}",
            "scopes": {"required": list(toml.scopes), "optional": list(toml.optional_scopes)},
            "user": {"id": "1", "name": store.world.shop.owner_name, "accountAccess": "owner"},
        }
        return render_template(
            "frame.html", config=config, problem=problem, src=src, shop=store.world.shop, app_name=toml.name,
            inside=bool(src or problem),
        )  # fmt: skip

    return routes
