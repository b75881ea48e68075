"""What Shopify's CDN would serve: drawn product images, the theme's own assets and those of the extensions."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from flask import Blueprint, Response
from werkzeug.security import safe_join

from devstore.storefront.drawing import draw
from devstore.storefront.front import Front
from devstore.storefront.theme import FOLDER

AN_HOUR_S = 3600


def add_files(routes: Blueprint, front: Front) -> None:
    folders: dict[str, Path] = {extension.name: extension.folder for extension in front.settings.extensions}

    @routes.get("/cdn/products/<int:product_id>.svg")
    def product_image(product_id: int) -> Response:
        product = front.store.products.get(product_id)
        if product is None:
            return Response("Not Found", 404)
        response = Response(draw(product), mimetype="image/svg+xml")
        response.cache_control.max_age = AN_HOUR_S
        response.cache_control.public = True
        return response

    @routes.get("/cdn/theme/<path:name>")
    def theme_asset(name: str) -> Response:
        return _file(FOLDER / "assets", name)

    @routes.get("/cdn/extensions/<extension>/assets/<path:name>")
    def extension_asset(extension: str, name: str) -> Response:
        folder = folders.get(extension)
        return _file(folder / "assets", name) if folder else Response("Not Found", 404)


def _file(folder: Path, name: str) -> Response:
    """A file of the folder and nothing outside it."""
    path = safe_join(str(folder), name)
    if path is None or not Path(path).is_file():
        return Response("Not Found", 404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(Path(path).read_bytes(), mimetype=kind)
