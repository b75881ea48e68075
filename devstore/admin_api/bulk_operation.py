"""The record of one bulk operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RUNNING_STATES = ("CREATED", "RUNNING", "CANCELING")


@dataclass(slots=True)
class BulkOperation:
    id: int
    type: str
    """QUERY or MUTATION."""
    query: str
    created_at: datetime
    path: Path
    """Where the lines are written; holds a part of the result when the operation failed."""
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    object_count: int = 0
    root_count: int = 0
    file_size: int | None = None
    cancelled: bool = False
