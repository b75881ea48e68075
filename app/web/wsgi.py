"""The WSGI application for gunicorn: ``gunicorn app.web.wsgi:app``; settings come from the environment."""

from __future__ import annotations

from app import config
from app.web import create_app
from app.wiring.web import Web

app = create_app(Web(config.load()))
