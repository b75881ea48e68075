"""Theme app extensions as they lie in the repository: blocks, snippets, strings and assets of each folder.

Where they stand in the theme, and with which settings, is `devstore.storefront.theme_settings`.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, Environment

from devstore.storefront.liquid import LiquidSetup, Source, make_environment, read_source
from devstore.storefront.liquid.translate import load_strings, translate

DEFAULT_TEMPLATES = ("product",)
"""Where a block that names no templates stands before a merchant has moved it."""


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

    @property
    def is_embed(self) -> bool:
        return self.target != "section"

    def allowed_on(self, template: str) -> bool:
        """Whether the schema lets it onto pages of this template."""
        enabled = self.source.schema.get("enabled_on", {}).get("templates", ("*",))
        disabled = self.source.schema.get("disabled_on", {}).get("templates", ())
        if template in disabled or "*" in disabled:
            return False
        return template in enabled or "*" in enabled

    def shows_on(self, template: str) -> bool:
        """Whether it stands there before anybody has moved it."""
        named = {"enabled_on", "disabled_on"} & set(self.source.schema)
        return self.allowed_on(template) if named or self.is_embed else template in DEFAULT_TEMPLATES

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


def load_extensions(root: Path, currency: str, locale: str = "en") -> list[Extension]:
    """Every folder of `root` that holds a theme app extension; other extension types are none of the theme's."""
    if not root.is_dir():
        return []
    folders = sorted(path.parent for path in root.glob("*/shopify.extension.toml"))
    return [_load(folder, currency, locale) for folder in folders if _is_theme(folder / "shopify.extension.toml")]


def _is_theme(file: Path) -> bool:
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return "theme" in (raw.get("type"), *(entry.get("type") for entry in raw.get("extensions", ())))


def _load(folder: Path, currency: str, locale: str) -> Extension:
    base = f"/cdn/extensions/{folder.name}/assets"
    strings = load_strings(folder / "locales", locale)
    snippets = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("snippets/*.liquid"))}
    environment = make_environment(LiquidSetup(currency, base, strings, snippets, locale))
    schema_strings = load_strings(folder / "locales", locale, ".schema.json")
    files = sorted(folder.glob("blocks/*.liquid"))
    return Extension(folder.name, folder, tuple(_block(file, environment, base, schema_strings) for file in files))


def _block(file: Path, environment: Environment, base: str, strings: dict[str, Any]) -> Block:
    source = read_source(file.read_text(encoding="utf-8"))
    return Block(file.stem, source, environment.from_string(source.liquid, name=f"blocks/{file.name}"), base, strings)
