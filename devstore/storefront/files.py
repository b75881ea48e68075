"""What Shopify's CDN would serve: drawn product images, the theme's own assets and those of the extensions."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from devstore.storefront.drawing import draw
from devstore.storefront.front import Front
from devstore.storefront.theme import FOLDER

AN_HOUR_S = 3600


def add_files(routes: Blueprint, front: Front) -> None:
    folders: dict[str, Path] = {extension.name: extension.folder for extension in front.theme.extensions}

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
        return send_from_directory(FOLDER / "assets", name)

    @routes.get("/cdn/extensions/<extension>/assets/<path:name>")
    def extension_asset(extension: str, name: str) -> Response:
        folder = folders.get(extension)
        if folder is None:
            return Response("Not Found", 404)
        return send_from_directory((folder / "assets").resolve(), name)
