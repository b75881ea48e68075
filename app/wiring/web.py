"""The wiring of the web process: light on purpose; import contracts keep trainers and heavy libraries out."""

from __future__ import annotations

from app.wiring.common import Common


class Web(Common):
    """Everything that the web's routes need."""
