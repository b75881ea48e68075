"""One connection a thread: whatever happens to one request, the next one gets its own answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.redis.round_trip import RoundTrips

LOST, REFUSED, TWO_ANSWERS = b"", b"-WRONGTYPE no\r\n+stray\r\n", b"+a\r\n+b\r\n"
COMMANDS = [(b"GET", b"x"), (b"GET", b"y")]


@pytest.fixture
def scripted() -> Iterator[int]:
    """A server that drops its first connection, answers with an error on the second, then properly."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in (LOST, REFUSED, TWO_ANSWERS):
            connection, _ = listener.accept()
            with connection:
                while b"GET" not in (asked := connection.recv(65536)):
                    connection.sendall(b"+OK\r\n" * asked.count(b"SETINFO"))
                connection.sendall(answer)
                if answer and connection.recv(65536):
                    connection.sendall(TWO_ANSWERS)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listener.getsockname()[1])
    listener.close()


def test_an_answer_left_unread_by_a_failed_second_try_is_not_the_next_requests(scripted: int) -> None:
    client = redis.Redis(port=scripted, protocol=2, socket_timeout=2.0, retry=Retry(NoBackoff(), 0))
    ask = RoundTrips(client)
    with pytest.raises(redis.ResponseError):
        ask(COMMANDS)
    assert ask(COMMANDS) == [b"a", b"b"]
    ask.close()
