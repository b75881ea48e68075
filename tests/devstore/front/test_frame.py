"""The admin's frame around the app, as far as it shows without a browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask, Response

from devstore.admin_frame.document import refused_by
from devstore.jwt import read_id_token
from devstore.server import serving
from tests.devstore.front.shop import SECRET, Shop, open_shop, options

ORIGIN = "http://shop"


def framed_app() -> Flask:
    app = Flask("framed")

    @app.get("/")
    @app.get("/<path:rest>")
    def page(rest: str = "") -> Response:
        if rest == "bare":
            return Response("no policy")
        return Response("hello", headers={"Content-Security-Policy": f"frame-ancestors {ORIGIN}"})

    return app


@pytest.fixture(scope="module")
def framed() -> Iterator[Shop]:
    with serving(framed_app()) as origin:
        yield open_shop(options(app_url=origin, origin=ORIGIN))


def frame_source(page: str) -> str:
    found = re.search(r'<iframe[^>]* data-src="([^"]+)"', page)
    assert found is not None
    return html.unescape(found.group(1))


def test_the_iframe_gets_a_signed_address_with_an_id_token(framed: Shop) -> None:
    source = urlsplit(frame_source(framed.page("/admin/apps/attune/admin/settings?tab=2")))
    query = dict(parse_qsl(source.query))
    given = query.pop("hmac")
    text = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    assert given == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert (source.path, query["tab"], query["embedded"], query["shop"]) == (
        "/admin/settings", "2", "1", "hearth-and-fern.myshopify.com",
    )  # fmt: skip
    assert read_id_token(query["id_token"], framed.options) is not None
    assert base64.b64decode(query["host"] + "==").decode() == "admin.shopify.com/store/hearth-and-fern"


def test_the_frame_shows_shop_and_app(framed: Shop) -> None:
    page = framed.page("/admin/apps/attune")
    assert "Hearth &amp; Fern" in page
    assert "Attune" in page


def test_an_app_without_frame_ancestors_is_refused(framed: Shop) -> None:
    page = framed.page("/admin/apps/attune/bare")
    assert "data-refused" in page
    assert "<iframe" not in page


def test_an_app_that_does_not_answer_is_said_so(shop: Shop) -> None:
    assert "The app did not answer" in shop.page("/admin/apps/attune")


def test_another_apps_name_is_a_404(framed: Shop) -> None:
    assert framed.client().get("/admin/apps/other").status_code == 404


@pytest.mark.parametrize(
    ("policies", "refused"),
    [
        (["frame-ancestors http://shop https://admin.shopify.com;"], False),
        (["default-src 'self'; Frame-Ancestors http://shop"], False),
        (["default-src 'self'"], True),
        (["frame-ancestors *"], True),
        (["frame-ancestors http://shop *"], True),
        (["frame-ancestors http://shop https://*.myshopify.com"], True),
        (["frame-ancestors http://shop", "frame-ancestors 'none'"], True),
        (["frame-ancestors http://shop, frame-ancestors http://other"], True),
        (["frame-ancestors http://shop", "default-src 'self'"], False),
        (["frame-ancestors 'none'"], True),
        (["frame-ancestors http://shop.evil.example"], True),
        ([], True),
    ],
)
def test_only_an_origin_that_is_named_may_frame_the_app(policies: list[str], refused: bool) -> None:
    assert (refused_by(policies, ORIGIN) is not None) is refused


def test_moving_on_gives_a_fresh_address(framed: Shop) -> None:
    answer = framed.client().get("/admin/_frame/src", query_string={"path": "/admin/x?y=1"}).get_json()
    assert "/admin/x?" in answer["src"]
    assert "y=1" in answer["src"]


@pytest.mark.parametrize("path", ["/cdn/app-bridge.js", "/cdn/polaris-1.js", "/shopifycloud/app-bridge.js"])
def test_the_stand_in_scripts_are_served(framed: Shop, path: str) -> None:
    answer = framed.client().get(path)
    assert answer.mimetype == "text/javascript"
    assert len(answer.data) > 1000
