"""Which code this is: the installed package's version, the commit it was built from where that is known, and a hash.

The commit is known when pip installed the package from a repository (PEP 610) or when it runs out of a checkout; a
checkout may have been changed since, so the hash of the sources is always told too.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from app.core.recommend.model_card import CodeVersion

PACKAGE = Path(__file__).resolve().parents[1]
NAME = "attune"


@cache
def code_version() -> CodeVersion:
    """Of the running package; read once."""
    return CodeVersion(_version(), _built_from() or commit_of(PACKAGE.parent), _digest(PACKAGE))


def commit_of(checkout: Path) -> str | None:
    """The commit that a checkout stands at; None where the folder is none."""
    git = checkout / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head or None
        name = head.removeprefix("ref: ")
        loose = git / name
        return loose.read_text().strip() if loose.is_file() else _packed(git, name)
    except OSError:
        return None


def _packed(git: Path, name: str) -> str | None:
    for line in (git / "packed-refs").read_text().splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return None


def _version() -> str:
    try:
        return distribution(NAME).version
    except PackageNotFoundError:
        return "not installed"


def _built_from() -> str | None:
    try:
        told = distribution(NAME).read_text("direct_url.json")
        commit = json.loads(told)["vcs_info"]["commit_id"] if told else None
    except (PackageNotFoundError, KeyError, ValueError):
        return None
    return str(commit) if commit else None


def _digest(package: Path) -> str:
    sums = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        sums.update(path.relative_to(package).as_posix().encode() + b"\0")
        sums.update(path.read_bytes())
    return sums.hexdigest()[:12]
