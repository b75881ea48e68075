"""The documents that pixels run in: an iframe of an origin of its own, with a worker in it and no way to the page.

Only a frame may fetch them: they carry the visitor's client id, which the theme's scripts must not read. The id is
made when a pixel is first loaded, so never before the visitor has agreed to what the pixel is for.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

from flask import Blueprint, Response, request

from devstore.storefront.errors import report
from devstore.storefront.front import Front
from devstore.storefront.liquid.filters import to_json

FOLDER = Path(__file__).parent
COOKIE = "_devstore_client_id"
YEAR_S = 365 * 24 * 3600
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Web pixel</title></head><body>
<script id="pixel" type="application/json">{setup}</script>
<script>{frame}</script></body></html>"""


def add_sandbox(routes: Blueprint, front: Front) -> None:
    @routes.get("/_sandbox/<int:pixel_id>")
    def sandbox(pixel_id: int) -> Response:
        pixel = front.store.web_pixel
        if pixel is None or pixel.id != pixel_id:
            return Response("Not Found", 404)
        if request.headers.get("Sec-Fetch-Dest") != "iframe":
            return Response("Pixels run in frames only.", 403)
        try:
            extension = front.pixels.connected()
            script = extension.script() if extension else ""
        except (ValueError, OSError) as error:
            return Response(report(f"web pixel: {error}"), 500, mimetype="text/html")
        client_id = _client_id()
        settings = pixel.settings if isinstance(pixel.settings, dict) else json.loads(pixel.settings)
        setup = {"script": script, "worker": _read("worker.js"), "settings": settings, "clientId": client_id}
        page = PAGE.replace("{frame}", _read("frame.js")).replace("{setup}", to_json(setup))
        response = Response(page, mimetype="text/html")
        response.set_cookie(COOKIE, client_id, max_age=YEAR_S, httponly=True, samesite="Lax")
        response.headers["Cache-Control"] = "no-store"
        return response


def _client_id() -> str:
    known = request.cookies.get(COOKIE, "")
    return known if _UUID.fullmatch(known) else str(uuid.uuid4())


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
