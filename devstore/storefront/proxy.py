"""The app proxy: forwards /{prefix}/{subpath}/… to the app, signed as Shopify signs, and hands the answer back.

Cookies pass in neither direction, redirects are not followed, and an answer of type application/liquid is rendered in
the theme. An app that is down or slow costs the shopper an error page here, never the storefront.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from flask import Blueprint, Response, request

from devstore.options import AppProxy
from devstore.storefront.front import Front
from devstore.storefront.signing import proxy_signature

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OWN_PARAMETERS = frozenset({"shop", "path_prefix", "timestamp", "logged_in_customer_id", "signature", "hmac"})
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade",
})  # fmt: skip
NOT_FORWARDED = HOP_BY_HOP | {"host", "cookie", "content-length", "accept-encoding"}
NOT_RETURNED = HOP_BY_HOP | {"set-cookie", "content-length", "content-encoding", "date", "server"}


@functools.cache
def _client() -> httpx.Client:
    """One pool for the process, which lives as long as the program. It takes no cookies from the app's answers."""
    nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(follow_redirects=False, trust_env=False, cookies=nobody)


def add_proxy(routes: Blueprint, front: Front, timeout_s: float) -> None:
    proxy = front.options.app_toml.app_proxy
    if proxy is None:
        return
    # Made here, by one thread: the first requests may come together, and each would make a client of its own.
    client = _client()

    @routes.route(proxy.path_prefix, methods=METHODS, strict_slashes=False)
    @routes.route(f"{proxy.path_prefix}/<path:rest>", methods=METHODS)
    def forward(rest: str = "") -> Response:
        try:
            answer = client.request(
                request.method,
                f"{proxy.url.rstrip('/')}/{rest}" if rest else proxy.url,
                params=_parameters(front, proxy),
                content=request.get_data(),
                headers=_headers(front),
                timeout=timeout_s,
            )
        except httpx.HTTPError as error:
            log.warning("app proxy: %s", error)
            return front.page("app-error", 502)
        return _answer(front, answer)


def _parameters(front: Front, proxy: AppProxy) -> httpx.QueryParams:
    """The shopper's own parameters, less any that pretend to be Shopify's, then Shopify's."""
    sent = [(name, value) for name, value in request.args.items(multi=True) if name not in OWN_PARAMETERS]
    customer = front.customer()
    added = [
        ("shop", front.options.shop_domain),
        ("logged_in_customer_id", str(customer.id) if customer else ""),
        ("path_prefix", proxy.path_prefix),
        ("timestamp", str(int(time.time()))),
    ]
    signature = proxy_signature([*sent, *added], front.options.api_secret)
    return httpx.QueryParams([*sent, *added, ("signature", signature)])


def _headers(front: Front) -> dict[str, str]:
    kept = {name: value for name, value in request.headers.items() if name.lower() not in NOT_FORWARDED}
    return kept | {
        "X-Forwarded-For": request.remote_addr or "127.0.0.1",
        "X-Forwarded-Host": front.options.shop_domain,
        "X-Forwarded-Proto": "https",
        "X-Shop-Domain": front.options.shop_domain,
    }


def _answer(front: Front, answer: httpx.Response) -> Response:
    headers = list(_kept(answer.headers.multi_items()))
    if answer.headers.get("content-type", "").split(";")[0].strip() != "application/liquid":
        return Response(answer.content, answer.status_code, headers)
    html = front.liquid(answer.text)
    plain = [(name, value) for name, value in headers if name.lower() != "content-type"]
    return Response(html, answer.status_code, plain, content_type="text/html; charset=utf-8")


def _kept(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in headers if name.lower() not in NOT_RETURNED)
