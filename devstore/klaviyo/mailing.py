"""Puts flows, mails and the inbox onto the twin's application; `create_twin` calls `add_mailing`."""

from __future__ import annotations

import itertools
import logging
import threading
from typing import Final

from flask import Flask, jsonify
from werkzeug.wrappers import Response

from devstore.klaviyo import inbox
from devstore.klaviyo.flow_engine import FlowEngine
from devstore.klaviyo.state import Account

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
SEGMENTS_EVERY: Final = 60
"""Segments are worked out once in so many rounds, because that reads every profile."""


def add_mailing(app: Flask, account: Account) -> FlowEngine:
    """Run the account's flows, serve its inbox, and answer ``POST /_dev/run`` by carrying out what is due."""
    engine = FlowEngine(account)
    app.register_blueprint(inbox.blueprint(account))
    app.extensions["klaviyo_engine"] = engine

    @app.post("/_dev/run")
    def run_due() -> Response:
        return jsonify(engine.run())

    return engine


def run_in_background(engine: FlowEngine, stop: threading.Event) -> threading.Thread:
    """Carry out what is due once a second until `stop` is set; for programs, tests ask for it themselves."""

    def work() -> None:
        for second in itertools.count():
            if stop.wait(EVERY_S):
                return
            try:
                engine.run(segments=second % SEGMENTS_EVERY == 0)
            except Exception:
                # One broken step must not end all mails; the log says what broke.
                log.exception("a step of a flow failed")

    thread = threading.Thread(target=work, name="klaviyo-flows", daemon=True)
    thread.start()
    return thread
