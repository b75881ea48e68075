"""The HTTP server: one connection carries many requests, and a body ends where it says."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from devstore.server import serving
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    app = Flask("listened")

    @app.route("/hello", methods=["GET", "POST"])
    def hello() -> str:
        return "hello"

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    @app.get("/stream")
    def stream() -> Response:
        return Response(iter(["one ", "", "two"]))

    @app.get("/cut")
    def cut() -> Response:
        return Response(iter([b"half"]), headers={"Content-Length": "8"}, direct_passthrough=True)

    @app.get("/broken")
    def broken() -> Response:
        def parts() -> Iterator[str]:
            yield "half"
            raise RuntimeError("on purpose")

        return Response(parts())

    with serving(app) as origin:
        yield origin


@pytest.fixture
def connection(origin: str) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=PATIENCE_S)
    yield made
    made.close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    connection.request(method, path, body)
    return connection.getresponse().read()


def test_a_connection_carries_many_requests(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "GET", "/hello") == b"hello"
    socket = connection.sock
    assert ask(connection, "GET", "/stream") == b"one two"
    assert ask(connection, "HEAD", "/hello") == b""
    assert ask(connection, "POST", "/echo", b"x" * 100_000) == b"x" * 100_000
    assert connection.sock is socket


def test_a_body_that_nobody_read_does_not_become_the_next_request(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "POST", "/hello", b"GET /cut HTTP/1.1\r\n\r\n" * 1000) == b"hello"
    socket = connection.sock
    assert ask(connection, "GET", "/hello") == b"hello"
    assert connection.sock is socket


def test_a_chunked_body_is_read_to_its_end(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", "/echo", iter([b"one ", b"two"]), encode_chunked=True)
    assert connection.getresponse().read() == b"one two"
    assert ask(connection, "GET", "/hello") == b"hello"


@pytest.mark.parametrize("path", ["/cut", "/broken"])
def test_an_answer_that_breaks_off_ends_the_connection(connection: http.client.HTTPConnection, path: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(connection, "GET", path)


def test_a_client_that_wants_to_close_is_let_go(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/hello", headers={"Connection": "close"})
    answer = connection.getresponse()
    assert answer.getheader("Connection") == "close"
    assert answer.read() == b"hello"


def test_closing_the_server_ends_connections_that_wait() -> None:
    with serving(Flask("short")) as origin:
        waiting = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=PATIENCE_S)
        ask(waiting, "GET", "/nothing")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(waiting, "GET", "/nothing")
    waiting.close()
