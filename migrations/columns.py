"""Columns as most tables have them: nothing is null unless it says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def number(name: str) -> sa.Column[int]:
    """A whole number of 64 bits, such as ``shop_id``; it is never counted up by itself."""
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    """A point in time, with its time zone."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json(name: str, default: str = "{}") -> sa.Column[Any]:
    return sa.Column(name, JSONB(), server_default=default, nullable=False)
