"""What plain HTTP answers mean, told by a small real server that answers as it is asked to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from app.adapters.shopify.connection import ShopifyConnection, refuse
from app.adapters.shopify.lines import lines
from app.errors import LinkExpired, Permanent, Retryable

FILE = b'{"id":1}\n{"id":22}\n{"id":333}\n'


def answers() -> Flask:
    app = Flask("answers")

    @app.post("/<int:status>")
    def answer(status: int) -> Response:
        return Response("{}", status=status, headers={"Retry-After": "7"})

    @app.post("/slow")
    def slow() -> Response:
        time.sleep(0.5)
        return Response("{}")

    @app.get("/whole")
    def whole() -> Response:
        """A host that knows no ranges."""
        return Response(FILE)

    @app.get("/cut/<int:at>")
    def cut(at: int) -> Response:
        """A host that knows no ranges and breaks off the first time it is asked."""
        first = "Range" not in request.headers and at < len(FILE)
        return Response(iter([FILE[:at] if first else FILE]), headers={"Content-Length": str(len(FILE))})

    @app.get("/always-cut")
    def always_cut() -> Response:
        return Response(iter([b""]), headers={"Content-Length": "10"})

    @app.get("/file/<int:status>")
    def refused(status: int) -> Response:
        return Response(status=status)

    return app


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, answers(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def connection() -> Iterator[ShopifyConnection]:
    opened = ShopifyConnection()
    yield opened
    opened.close()


def read(connection: ShopifyConnection, url: str, offset: int = 0) -> list[bytes]:
    return list(lines(connection.http, url, offset=offset, sleep=lambda _: None))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_or_broken_shopify_may_be_asked_again_after_its_own_pause(
    connection: ShopifyConnection, origin: str, status: int
) -> None:
    with pytest.raises(Retryable) as failure:
        connection.post(f"{origin}/{status}")
    assert failure.value.after_s == 7


@pytest.mark.parametrize("status", [402, 403, 404, 423, 400, 302])
def test_what_a_repeated_call_will_not_change_is_permanent(
    connection: ShopifyConnection, origin: str, status: int
) -> None:
    with pytest.raises(Permanent, match=str(status)):
        refuse(connection.post(f"{origin}/{status}"))


def test_a_time_out_may_be_tried_again(connection: ShopifyConnection, origin: str) -> None:
    with pytest.raises(Retryable):
        connection.post(f"{origin}/slow", timeout=httpx.Timeout(0.05))


@pytest.mark.parametrize("offset", [0, 9, 19, len(FILE)])
def test_a_host_without_ranges_is_read_from_the_right_byte(
    connection: ShopifyConnection, origin: str, offset: int
) -> None:
    assert read(connection, f"{origin}/whole", offset) == FILE[offset:].split(b"\n")[:-1]


@pytest.mark.parametrize("at", [1, 8, 9, 10, len(FILE) - 1])
def test_a_file_cut_at_any_byte_is_read_whole(connection: ShopifyConnection, origin: str, at: int) -> None:
    assert read(connection, f"{origin}/cut/{at}") == [b'{"id":1}', b'{"id":22}', b'{"id":333}']


def test_a_file_that_is_cut_again_and_again_is_given_up_for_now(connection: ShopifyConnection, origin: str) -> None:
    began = time.monotonic()
    with pytest.raises(Retryable, match="byte 0"):
        read(connection, f"{origin}/always-cut")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("status", "error"), [(403, LinkExpired), (404, LinkExpired), (503, Retryable), (418, Permanent)]
)
def test_a_refused_file_says_why(
    connection: ShopifyConnection, origin: str, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read(connection, f"{origin}/file/{status}")
