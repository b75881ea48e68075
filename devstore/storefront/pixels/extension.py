"""The app's web pixel extension as it lies in the repository: what it needs from the visitor, and its one script.

The devstore has no bundler: the script may import `register` from Shopify's package and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPE = "web_pixel_extension"
PURPOSES = ("analytics", "marketing", "preferences")
SALE_OF_DATA = ("enabled", "disabled", "ldu")
_IMPORT = re.compile(r"^[ \t]*import\b[^;\n]*?from\s*(['\"])(?P<source>[^'\"]+)\1;?[ \t]*$", re.MULTILINE)
_REGISTER = re.compile(r"import\s*\{\s*register\s*\}\s*from\s*['\"]@shopify/web-pixels-extension['\"];?")
_OTHER = re.compile(r"^[ \t]*(?:import\s*['\"(]|export\b)|\bimport\s*\(|\brequire\s*\(", re.MULTILINE)


class PixelError(ValueError):
    """The extension cannot be run as it stands."""


@dataclass(frozen=True, slots=True)
class PixelExtension:
    handle: str
    folder: Path
    purposes: tuple[str, ...]
    """What the visitor must have granted before it is loaded."""
    sale_of_data: str
    """enabled: not loaded for who has opted out of the sale of data; ldu: loaded, with limited use; or disabled."""

    def script(self) -> str:
        """Its code with the import of `register` replaced by the sandbox's own; read anew for every visitor.

        Raises:
            PixelError: it imports anything else.
        """
        text = (self.folder / "src/index.js").read_text(encoding="utf-8")
        if not _REGISTER.search(text):
            raise PixelError(f"{self.handle}: src/index.js must import register from @shopify/web-pixels-extension")
        imported = [match["source"] for match in _IMPORT.finditer(text)]
        rest = _REGISTER.sub("", text, count=1)
        if len(imported) > 1 or _OTHER.search(rest):
            raise PixelError(f"{self.handle}: the devstore does not bundle; src/index.js may import register only")
        return rest


def load_pixel(root: Path) -> PixelExtension | None:
    """The web pixel extension below `root`; an app has at most one."""
    found = [pixel for path in sorted(root.glob("*/shopify.extension.toml")) for pixel in _pixels(path)]
    if len(found) > 1:
        raise PixelError(f"an app has one web pixel, here are {', '.join(pixel.handle for pixel in found)}")
    return found[0] if found else None


def _pixels(file: Path) -> list[PixelExtension]:
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    entries = raw.get("extensions", [raw])
    return [_pixel(entry, file.parent) for entry in entries if entry.get("type") == TYPE]


def _pixel(entry: Mapping[str, Any], folder: Path) -> PixelExtension:
    privacy = entry.get("customer_privacy", {})
    if missing := {*PURPOSES, "sale_of_data"} - set(privacy):
        raise PixelError(f"{folder.name}: customer_privacy lacks {', '.join(sorted(missing))}")
    if privacy["sale_of_data"] not in SALE_OF_DATA:
        raise PixelError(f"{folder.name}: sale_of_data must be one of {', '.join(SALE_OF_DATA)}")
    if entry.get("runtime_context", "strict") != "strict":
        raise PixelError(f"{folder.name}: an app's pixel runs in the strict context only")
    handle = str(entry.get("handle", folder.name))
    return PixelExtension(handle, folder, tuple(p for p in PURPOSES if privacy[p] is True), privacy["sale_of_data"])
