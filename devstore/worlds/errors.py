"""What can go wrong while a world is built."""

from __future__ import annotations


class WorldError(Exception):
    """The world cannot be built; the message says why and what to do about it."""
