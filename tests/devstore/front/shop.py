"""The small world behind the storefront, with an extension written for these tests and an app that can be scripted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from devstore import admin_frame, storefront
from devstore.model import Metafield, Product
from devstore.options import Options, read_toml
from devstore.store import Store
from devstore.storefront import theme_control
from devstore.worlds import build

SECRET = "a-secret-of-at-least-32-characters"
EXTENSION = Path(__file__).parent / "extension"
TOML = """
name = "Attune"
handle = "attune"
client_id = "key"
application_url = "https://attune.example/"
embedded = true
[app_proxy]
url = "https://attune.example/proxy"
prefix = "apps"
subpath = "attune"
[product.metafields.app.recs]
type = "list.product_reference"
access.storefront = "public_read"
[product.metafields.app.secret]
type = "single_line_text_field"
"""


def options(app_url: str = "http://127.0.0.1:9", extensions: Path = EXTENSION, origin: str = "http://shop") -> Options:
    return Options(
        port=0, app_url=app_url, app_toml=read_toml(TOML, app_url), extensions=extensions, api_key="key",
        api_secret=SECRET, shop_domain="hearth-and-fern.myshopify.com", origin=origin,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shop:
    store: Store
    app: Flask
    options: Options
    theme: storefront.ThemeSettings

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def page(self, path: str, client: FlaskClient | None = None) -> str:
        answer = (client or self.client()).get(path)
        assert answer.status_code == 200, answer.status
        return answer.get_data(as_text=True)

    def product(self, handle: str) -> Product:
        found = self.store.product_by_handle(handle)
        assert found is not None
        return found

    def variant(self, handle: str) -> int:
        return self.product(handle).variants[0].id

    def recommend(self, handle: str, *handles: str) -> None:
        gids = [f"gid://shopify/Product/{self.product(other).id}" for other in handles]
        self.set_metafield(handle, "recs", "list.product_reference", json.dumps(gids))

    def set_metafield(self, handle: str, key: str, kind: str, value: str) -> None:
        namespace = self.store.app_namespace
        metafield = Metafield(1, namespace, key, kind, value, self.store.clock.now())
        self.product(handle).metafields[namespace, key] = metafield


def open_shop(given: Options | None = None, world: str = "small") -> Shop:
    """The storefront and the frame without the rest of the devstore."""
    chosen = given or options()
    store = Store(build(world))
    theme = storefront.ThemeSettings.open(chosen)
    app = Flask("front", static_folder=None)
    app.register_blueprint(storefront.blueprint(store, chosen, theme))
    app.register_blueprint(admin_frame.blueprint(store, chosen, theme))
    storefront.liquid_errors.clear()
    app.register_blueprint(theme_control.blueprint(theme))
    return Shop(store, app, chosen, theme)


def rail(page: str) -> list[str]:
    """Titles in the test extension's rail."""
    return re.findall(r'data-rec="([^"]+)"', page)
