"""The devstore as one Flask application: the Admin API, OAuth, control routes, storefront and admin frame together.

One process is one shop with one installed app; `create` composes them for the program and for tests alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask

from devstore import admin_frame, control, oauth, storefront
from devstore.admin_api import http
from devstore.admin_api.bulk import BulkOperations
from devstore.admin_api.cost import Bucket
from devstore.faults import Faults
from devstore.installation import Installation
from devstore.listener import Server
from devstore.model import World
from devstore.options import AppProxy, AppToml, Options, read_toml
from devstore.store import Store
from devstore.storefront import theme_control
from devstore.webhooks import Webhooks

__all__ = ["AppProxy", "AppToml", "Options", "create", "listen", "read_toml", "serving"]


def create(world: World, options: Options) -> Flask:
    """Compose the application of one shop; the app's scopes are granted as Shopify grants them at installation."""
    world.shop.domain = options.shop_domain  # The shop may be opened under another name than the world's own.
    store, faults, bucket = Store(world), Faults(), Bucket()
    installation = Installation(options.app_toml.scopes)
    webhooks = Webhooks(store, options, installation, faults)
    bulk = BulkOperations(store, options, faults)
    api = http.AdminApi(store, options, installation, bulk, bucket)
    app = Flask("devstore", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["devstore_store"] = store
    app.register_blueprint(http.blueprint(api, bulk))
    app.register_blueprint(oauth.blueprint(installation, options))
    app.register_blueprint(control.blueprint(store, options, installation, webhooks, faults, bucket))
    theme = storefront.ThemeSettings.open(options)
    app.register_blueprint(storefront.blueprint(store, options, theme))
    app.register_blueprint(theme_control.blueprint(theme))
    app.register_blueprint(admin_frame.blueprint(store, options, theme))
    return app


def listen(app: Flask, port: int) -> Server:
    """A threaded server on the loopback interface; port 0 takes a free one."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return Server("127.0.0.1", port, app)


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve in a thread for the length of a with block; gives the origin. For tests."""
    server = listen(app, port)
    # Polled often, as a with block would otherwise take half a second to close.
    thread = Thread(target=server.serve_forever, args=(0.02,), name="devstore", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
