"""For whoever runs the app: is the process alive, can it work, and what has been counted."""

from __future__ import annotations

import redis
from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

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
        """Counters of all processes of this machine, in Prometheus' text format."""
        lines = []
        for name, value in wiring.counters.totals().items():
            lines += [f"# TYPE attune_{name}_total counter", f"attune_{name}_total {value}"]
        return Response("\n".join([*lines, ""]), content_type=METRICS_TYPE)

    return routes


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
