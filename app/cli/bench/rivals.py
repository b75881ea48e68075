"""The two routes that the recommendations route is held against, as plain as Flask allows.

Both return the bytes of one real answer. They are run by gunicorn with the same settings, as
``app.cli.bench.rivals:bare()`` and ``:signed()``.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import redis
from flask import Flask, Response, request

BODY_FILE = "ATTUNE_BENCH_BODY"
PATH = "/proxy/v1/recommendations"


def bare() -> Flask:
    """Returns the bytes."""
    app, body = Flask("bare"), Path(os.environ[BODY_FILE]).read_bytes()

    @app.get(PATH)
    def answer() -> Response:
        return Response(body, mimetype="application/json")

    return app


def signed() -> Flask:
    """Checks the app proxy's signature, reads one Redis key, returns the bytes."""
    app, body = Flask("signed"), Path(os.environ[BODY_FILE]).read_bytes()
    secret = os.environ["SHOPIFY_API_SECRET"].encode()
    client = redis.Redis.from_url(os.environ["REDIS_URL"])

    @app.get(PATH)
    def answer() -> Response:
        fields = request.args.to_dict()
        signature = fields.pop("signature", "")
        message = "".join(f"{name}={value}" for name, value in sorted(fields.items()))
        expected = hmac.new(secret, message.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            return Response(status=401)
        client.get(f"visitor:{fields['visitor']}")
        return Response(body, mimetype="application/json")

    return app
