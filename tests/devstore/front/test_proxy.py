"""The app proxy, in front of an app that tells what it received."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devstore import storefront
from devstore.server import serving
from tests.devstore.front.shop import SECRET, Shop, open_shop, options

LIQUID = "<h1>{{ shop.name | escape }}</h1>{{ all_products['glass-pantry-jar'].price | money }}"
HURRY = threading.Event()
"""Set when the slow answer may come."""


def echoing_app() -> Flask:
    app = Flask("echo")

    @app.route("/proxy/<path:rest>", methods=["GET", "POST"])
    def echo(rest: str) -> AnyResponse:
        if rest == "liquid":
            return Response(request.args.get("before", "") + LIQUID, content_type="application/liquid; charset=utf-8")
        if rest == "elsewhere":
            return redirect("https://elsewhere.example/")
        if rest == "slow":
            HURRY.wait(60)
        answer = jsonify(
            path=request.path, args=request.args.to_dict(flat=False), body=request.get_data(as_text=True),
            method=request.method, cookie=request.headers.get("Cookie"), host=request.headers.get("X-Forwarded-Host"),
        )  # fmt: skip
        answer.set_cookie("app", "1")
        answer.headers["X-App"] = "kept"
        return answer

    return app


@pytest.fixture(scope="module")
def proxied() -> Iterator[Shop]:
    with serving(echoing_app()) as origin:
        yield open_shop(options(app_url=origin))


def ask(shop: Shop, path: str) -> Any:
    return shop.client().get(path).get_json()


def expected_signature(args: dict[str, list[str]]) -> str:
    text = "".join(sorted(f"{k}={','.join(v)}" for k, v in args.items() if k != "signature"))
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_requests_reach_the_app_signed(proxied: Shop) -> None:
    before = int(time.time())
    got = ask(proxied, "/apps/attune/v1/recommendations?a=1&a=2&q=caf%C3%A9%20%26%20co")
    args = got["args"]
    assert got["path"] == "/proxy/v1/recommendations"
    assert args["signature"] == [expected_signature(args)]
    assert (args["a"], args["q"]) == (["1", "2"], ["café & co"])
    assert (args["shop"], args["path_prefix"]) == (["hearth-and-fern.myshopify.com"], ["/apps/attune"])
    assert args["logged_in_customer_id"] == [""]
    assert before <= int(args["timestamp"][0]) <= time.time()


def test_nobody_can_pretend_to_be_shopify(proxied: Shop) -> None:
    args = ask(proxied, "/apps/attune/x?shop=evil&logged_in_customer_id=1&signature=0&timestamp=1")["args"]
    assert (args["shop"], args["logged_in_customer_id"]) == (["hearth-and-fern.myshopify.com"], [""])
    assert args["signature"] == [expected_signature(args)]


def test_the_signed_in_customer_is_told(proxied: Shop) -> None:
    client, customer = proxied.client(), next(iter(proxied.store.customers))
    client.get(f"/account/login?customer_id={customer}")
    assert client.get("/apps/attune/x").get_json()["args"]["logged_in_customer_id"] == [str(customer)]


def test_cookies_pass_in_neither_direction(proxied: Shop) -> None:
    client = proxied.client()
    client.set_cookie("cart", "secret")
    for _ in range(2):
        answer = client.get("/apps/attune/x")
        assert answer.get_json()["cookie"] is None
        assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-App"] == "kept"


def test_method_and_body_are_forwarded(proxied: Shop) -> None:
    got = proxied.client().post("/apps/attune/x", data="hello", content_type="text/plain").get_json()
    assert (got["method"], got["body"], got["host"]) == ("POST", "hello", "hearth-and-fern.myshopify.com")


def test_redirects_are_handed_on_and_not_followed(proxied: Shop) -> None:
    answer = proxied.client().get("/apps/attune/elsewhere")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/")


def test_liquid_is_rendered_inside_the_theme(proxied: Shop) -> None:
    answer = proxied.client().get("/apps/attune/liquid")
    page = answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    assert "<h1>Hearth &amp; Fern</h1>$12.90" in page
    assert '<main id="main"' in page


def test_liquid_without_layout_is_only_itself(proxied: Shop) -> None:
    answer = proxied.client().get("/apps/attune/liquid", query_string={"before": "{% layout none %}"})
    assert answer.get_data(as_text=True) == "<h1>Hearth &amp; Fern</h1>$12.90"


def test_liquid_is_rendered_in_the_market_whose_address_asked(proxied: Shop) -> None:
    answer = proxied.client().get("/de/apps/attune/liquid", query_string={"before": "{% layout none %}"})
    assert answer.get_data(as_text=True) == "<h1>Hearth &amp; Fern</h1>11,87\u00a0€"
    assert ask(proxied, "/de/apps/attune/x")["args"]["path_prefix"] == ["/apps/attune"]


def test_broken_liquid_shows_an_error_and_the_shop_stands(proxied: Shop) -> None:
    page = proxied.client().get("/apps/attune/liquid", query_string={"before": "{% if %}"}).get_data(as_text=True)
    assert "Liquid syntax error" in page


def test_at_most_twenty_handles_are_found_in_a_page(proxied: Shop) -> None:
    asked = "".join(f"{{{{ all_products['{p.handle}'].id }}}}," for p in list(proxied.store.products.values())[:25])
    query = {"before": "{% layout none %}" + asked}
    found = proxied.client().get("/apps/attune/liquid", query_string=query).get_data(as_text=True)
    assert sum(part.isdigit() for part in found.split(",")) == 20


def test_an_app_that_is_down_is_a_502_in_the_theme(shop: Shop) -> None:
    answer = shop.client().get("/apps/attune/x")
    assert answer.status_code == 502
    assert "This part of the shop is resting." in answer.get_data(as_text=True)


def test_an_app_that_is_slow_is_a_502_too(proxied: Shop) -> None:
    impatient = Flask("impatient")
    impatient.register_blueprint(storefront.blueprint(proxied.store, proxied.options, proxy_timeout_s=0.2))
    assert impatient.test_client().get("/apps/attune/slow").status_code == 502
    HURRY.set()
