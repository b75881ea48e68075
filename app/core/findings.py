"""What an examination of the installation found: PASS, WARN or FAIL, each with the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    PASS = "PASS"  # noqa: S105  (a grade, not a password)
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do; empty where all is well."""

    subject: str
    grade: Grade
    detail: str
    remedy: str = ""


def passed(subject: str, detail: str) -> Finding:
    return Finding(subject, Grade.PASS, detail)


def warned(subject: str, detail: str, remedy: str) -> Finding:
    return Finding(subject, Grade.WARN, detail, remedy)


def failed(subject: str, detail: str, remedy: str) -> Finding:
    return Finding(subject, Grade.FAIL, detail, remedy)
