"""A process that has just started serves shoppers at once; what only merchants look at comes with the first page."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from app.web.later import Later

SCRIPT = """
import sys
from app.web.wsgi import app
def pages():
    return sorted(name for name in sys.modules if name.startswith("app.web.admin."))
LATE = ("httpx", "shopify_app", "app.services.connect_klaviyo", "app.services.take_in_counts")
print([name for name in LATE if name in sys.modules])
client = app.test_client()
for path in ("/healthz", "/proxy/v1/recommendations", "/proxy/v1/nowhere", "/static/admin.js"):
    client.get(path)
client.post("/collect", data=b"{}")
client.post("/webhooks", data=b"{}")
print(len(pages()))
client.get("/admin/segments")
print(len(pages()))
"""


def test_no_page_is_imported_before_one_is_asked_for(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    at_start, *counts = ran.stdout.strip().splitlines()[-3:]
    before, after = (int(line) for line in counts)
    assert at_start == "[]", "a process that starts waits for what few requests need"
    assert before == 0
    assert after > 20


@pytest.mark.parametrize("path", ["/", "/admin/segments"])
def test_a_page_is_still_shut_to_whoever_proves_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in (400, 401)


def test_what_nobody_has_a_route_for_is_not_found(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_a_wrong_method_is_refused_by_the_route_that_is_asked(client: FlaskClient) -> None:
    assert client.get("/webhooks").status_code == 405


def test_the_second_application_is_made_once_however_many_ask() -> None:
    made: list[Flask] = []
    first = Flask("first")

    def make() -> Flask:
        second = Flask("second")
        second.add_url_rule("/page", view_func=lambda: Response("page"))
        made.append(second)
        return second

    first.wsgi_app = Later(first.wsgi_app, first.url_map, make)  # type: ignore[method-assign]
    asking = [threading.Thread(target=lambda: first.test_client().get("/page")) for _ in range(8)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert first.test_client().get("/page").text == "page"
    assert len(made) == 1
