"""For whoever runs the app: is the process alive, can it work, and what has been counted."""

from __future__ import annotations

import redis
from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.redis.backlog import read_backlog
from app.web.problems import problem
from app.wiring.web import Web

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("ops", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> Response:
        missing = [name for name, works in (("PostgreSQL", _database), ("Redis", _redis)) if not works(wiring)]
        if missing:
            return problem(503, f"{' and '.join(missing)} cannot be reached")
        return Response("ready\n", mimetype="text/plain")

    @routes.get("/metrics")
    def metrics() -> Response:
        """Counters of all processes of this machine and the stream's backlog, in Prometheus' text format."""
        lines = []
        for name, value in wiring.counters.totals().items():
            lines += [f"# TYPE attune_{name}_total counter", f"attune_{name}_total {value}"]
        return Response("\n".join([*lines, *_gauges(wiring), ""]), content_type=METRICS_TYPE)

    return routes


def _gauges(wiring: Web) -> list[str]:
    """What waits in the event stream; nothing while Redis does not answer, so that the counters can still be read."""
    try:
        backlog = read_backlog(wiring.redis)
    except redis.RedisError:
        return []
    age = "attune_stream_oldest_unconsumed_seconds"
    return [
        "# TYPE attune_stream_entries gauge",
        f"attune_stream_entries {backlog.entries}",
        "# TYPE attune_stream_dead_letters gauge",
        f"attune_stream_dead_letters {backlog.dead}",
        f"# TYPE {age} gauge",
        *(f'{age}{{group="{group}"}} {seconds:.3f}' for group, seconds in backlog.oldest_s.items()),
    ]


def _database(wiring: Web) -> bool:
    try:
        with wiring.database.open() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis(wiring: Web) -> bool:
    try:
        return bool(wiring.redis.ping())
    except redis.RedisError:
        return False
