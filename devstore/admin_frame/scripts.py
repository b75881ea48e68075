"""Puts the stand-in scripts together: Shopify serves one file each, here they are written in several short ones."""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).parent


@functools.cache
def app_bridge() -> str:
    return _joined("bridge", "")


@functools.cache
def polaris() -> str:
    elements = (FOLDER / "polaris" / "elements.json").read_text(encoding="utf-8")
    return _joined("polaris", f"const ELEMENTS = {elements}.elements;\n")


def _joined(folder: str, before: str) -> str:
    """All files of a folder in the order of their names, inside one function so that no name leaks."""
    parts = [path.read_text(encoding="utf-8") for path in sorted((FOLDER / folder).glob("*.js"))]
    return "(() => {\n'use strict';\n" + before + "\n".join(parts) + "\n})();\n"
