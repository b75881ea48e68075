"""One round trip for the hot path: a connection per thread, several commands in one packet.

redis-py's pool costs a lock, a health probe and a second system call for each use; where eight threads share one
interpreter, every system call is also a fight for its lock. Addresses, time-outs, authentication and parsing stay
redis-py's.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import redis
from redis.connection import AbstractConnection

Command = tuple[bytes, ...]


class RoundTrips:
    """Sends commands over connections that are made as the client's own are."""

    def __init__(self, client: redis.Redis) -> None:
        self._pool = client.connection_pool
        self._here = threading.local()
        self._made: weakref.WeakSet[AbstractConnection] = weakref.WeakSet()

    def __call__(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to the commands, in order; a connection that went stale is replaced once.

        Raises:
            redis.RedisError: Redis does not answer, or refuses a command.
        """
        packet = b"".join(map(packed, commands))
        connection = self._connection()
        for is_last in (False, True):
            try:
                return _exchange(connection, packet, len(commands))
            except redis.RedisError as error:
                _close(connection)  # An answer that was not read must not be taken for that of the next request.
                if is_last or not isinstance(error, redis.ConnectionError):
                    raise
        raise AssertionError("the second try returns or raises")

    def close(self) -> None:
        """Close the connections of all threads; none may be in use."""
        for connection in list(self._made):
            _close(connection)

    def _connection(self) -> AbstractConnection:
        here = self._here
        if getattr(here, "pid", None) != os.getpid():
            here.pid, here.connection = os.getpid(), self._pool.make_connection()
            self._made.add(here.connection)
        connection: AbstractConnection = here.connection
        return connection


def _exchange(connection: AbstractConnection, packet: bytes, answers: int) -> list[Any]:
    connection.send_packed_command([packet])  # type: ignore[no-untyped-call]
    return [connection.read_response() for _ in range(answers)]


def _close(connection: AbstractConnection) -> None:
    connection.disconnect()  # type: ignore[no-untyped-call]


def packed(command: Command) -> bytes:
    """A command in the wire's form: https://redis.io/docs/latest/develop/reference/protocol-spec/"""
    return b"*%d\r\n%b" % (len(command), b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in command]))
