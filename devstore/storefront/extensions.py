"""Theme app extensions as they lie in the repository: blocks, snippets, strings and assets of each folder.

A merchant would place each app block in the theme editor. Here a block stands on every template that its `enabled_on`
names (on the product page if it names none), and every app embed is switched on.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, Environment

from devstore.storefront.liquid import LiquidSetup, Source, make_environment, read_source
from devstore.storefront.liquid.translate import translate

DEFAULT_TEMPLATES = ("product",)


@dataclass(frozen=True, slots=True)
class Block:
    """One file of blocks/."""

    name: str
    source: Source
    template: BoundTemplate
    asset_base: str
    strings: dict[str, Any]

    @property
    def id(self) -> str:
        return f"A{hashlib.sha256(self.asset_base.encode()).hexdigest()[:16]}__{self.name.replace('-', '_')}"

    @property
    def target(self) -> str:
        """section, head, compliance_head or body."""
        return str(self.source.schema.get("target", "section"))

    def shows_on(self, template: str) -> bool:
        enabled = self.source.schema.get("enabled_on", {}).get("templates")
        disabled = self.source.schema.get("disabled_on", {}).get("templates", ())
        if template in disabled or "*" in disabled:
            return False
        if enabled is None:
            return self.target != "section" or template in DEFAULT_TEMPLATES
        return template in enabled or "*" in enabled

    def text(self, value: Any) -> Any:
        """A string of the schema, looked up where it says "t:"; anything else as it is."""
        if isinstance(value, str) and value.startswith("t:"):
            return translate(self.strings, value.removeprefix("t:"), {})
        return value

    def assets(self, kind: str) -> str | None:
        """Address of the schema's `javascript` or `stylesheet`."""
        name = self.source.schema.get(kind)
        return f"{self.asset_base}/{name}" if name else None


@dataclass(frozen=True, slots=True)
class Extension:
    name: str
    folder: Path
    blocks: tuple[Block, ...]


def load_extensions(root: Path, currency: str) -> list[Extension]:
    """Every folder of `root` that holds a theme app extension; other extension types are none of the theme's."""
    if not root.is_dir():
        return []
    folders = sorted(path.parent for path in root.glob("*/shopify.extension.toml"))
    return [_load(folder, currency) for folder in folders if _is_theme(folder / "shopify.extension.toml")]


def _is_theme(file: Path) -> bool:
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return "theme" in (raw.get("type"), *(entry.get("type") for entry in raw.get("extensions", ())))


def _load(folder: Path, currency: str) -> Extension:
    base = f"/cdn/extensions/{folder.name}/assets"
    strings = _json(folder / "locales/en.default.json")
    snippets = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("snippets/*.liquid"))}
    environment = make_environment(LiquidSetup(currency, base, strings, snippets))
    schema_strings = _json(folder / "locales/en.default.schema.json")
    files = sorted(folder.glob("blocks/*.liquid"))
    return Extension(folder.name, folder, tuple(_block(file, environment, base, schema_strings) for file in files))


def _block(file: Path, environment: Environment, base: str, strings: dict[str, Any]) -> Block:
    source = read_source(file.read_text(encoding="utf-8"))
    return Block(file.stem, source, environment.from_string(source.liquid, name=f"blocks/{file.name}"), base, strings)


def _json(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return loaded
