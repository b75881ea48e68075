"""What `POST /collect` is held against: a Flask route that only parses the JSON, and Redis taking the same entry raw.

The route is run by gunicorn with the same settings, as ``app.cli.bench.ingest_rivals:bare()``; the entries are sent by
``python -m app.cli.bench.ingest_rivals`` over as many connections as the route gets, one command in flight on each.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time

import orjson
from flask import Flask, Response, request

from app.adapters.redis.round_trip import packed
from app.cli.bench.ingest_bodies import PATH, an_entry

GIVE_UP_S = 10.0


def bare() -> Flask:
    """Parses the body and says how many events it held."""
    app = Flask("bare")

    @app.post(PATH)
    def answer() -> Response:
        events = orjson.loads(request.get_data(cache=False))["events"]
        return Response(b'{"accepted":%d,"refused":[]}' % len(events), status=202, mimetype="application/json")

    return app


def add_entries(path: str, *, connections: int, seconds: float) -> float:
    """Entries a second that Redis takes at the Unix socket `path`, one round trip each."""
    selector, command = selectors.DefaultSelector(), packed(an_entry())
    for _ in range(connections):
        opened = socket.socket(socket.AF_UNIX)
        opened.connect(path)
        selector.register(opened, selectors.EVENT_READ)
        opened.sendall(command)
    taken, began = 0, time.perf_counter()
    end = began + seconds
    while time.perf_counter() < end:
        ready = selector.select(timeout=GIVE_UP_S)
        if not ready:
            raise TimeoutError(f"Redis has not answered for {GIVE_UP_S:.0f} s")
        for key, _ in ready:
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            if not connection.recv(4096).startswith(b"$"):
                raise ConnectionError("Redis does not take the entry")
            taken += 1
            connection.sendall(command)
    return taken / (time.perf_counter() - began)


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    if task["core"] is not None:
        os.sched_setaffinity(0, {task["core"]})
    rate = add_entries(task["socket"], connections=task["connections"], seconds=task["seconds"])
    sys.stdout.buffer.write(orjson.dumps({"throughput": rate}))


if __name__ == "__main__":
    main()
