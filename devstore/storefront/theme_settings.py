"""What the merchant has arranged in the theme editor: app blocks by template, embeds, and the theme's own switches.

A real theme starts without any app block; here every app block stands on every template that allows it, so that a shop
shows its apps at once. One object per shop, shared by the storefront, the theme editor and App Bridge.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devstore.options import Options
from devstore.storefront.block_settings import checked
from devstore.storefront.extensions import Block, Extension, load_extensions

TEMPLATES = ("index", "product", "collection", "list-collections", "cart", "search", "page", "404", "login", "account")
"""Templates of the theme that have a place for app blocks."""
SWITCHES = ("native_rail", "random_rail", "drawer")


class BadTheme(ValueError):
    """The settings name what the theme or its apps do not have."""


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """One app block where it stands; `settings` hold what differs from the schema's defaults."""

    block: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"block": self.block, "settings": dict(self.settings)}


class ThemeSettings:
    """May be read and changed from any thread; every change replaces whole lists."""

    def __init__(self, extensions: Sequence[Extension]) -> None:
        self._lock = threading.Lock()
        blocks = [block for extension in extensions for block in extension.blocks]
        self.blocks = {block.name: block for block in blocks}
        self.extensions = tuple(extensions)
        self.templates = {name: self._default(name) for name in TEMPLATES}
        self.embeds = {block.name: True for block in blocks if block.is_embed}
        self.embed_settings: dict[str, Mapping[str, Any]] = {}
        self.native_rail, self.random_rail, self.drawer = True, False, True
        self.consent_free: tuple[str, ...] = ()
        """Handles of the markets in which visitors are tracked until they decline; everywhere else they are asked."""

    @classmethod
    def open(cls, options: Options) -> ThemeSettings:
        return cls(load_extensions(options.extensions, "USD"))

    def _default(self, template: str) -> tuple[PlacedBlock, ...]:
        shown = (block for block in self.blocks.values() if not block.is_embed and block.shows_on(template))
        return tuple(PlacedBlock(block.name) for block in shown)

    def placed(self, template: str) -> tuple[PlacedBlock, ...]:
        return self.templates.get(template, ())

    def embed(self, block: Block) -> PlacedBlock | None:
        """The embed as it is set, or None while it is switched off."""
        return PlacedBlock(block.name, self.embed_settings.get(block.name, {})) if self.embeds.get(block.name) else None

    def allows(self, block: str, template: str) -> bool:
        found = self.blocks.get(block)
        return found is not None and not found.is_embed and template in self.templates and found.allowed_on(template)

    def as_json(self) -> dict[str, Any]:
        return {
            "templates": {name: [p.as_json() for p in placed] for name, placed in self.templates.items()},
            "embeds": dict(self.embeds),
            "embed_settings": {name: dict(values) for name, values in self.embed_settings.items()},
            **{name: getattr(self, name) for name in SWITCHES},
            "consent_free": list(self.consent_free),
        }

    def update(self, given: Mapping[str, Any]) -> None:
        """Change what is named and leave the rest; nothing is changed when anything is wrong.

        Raises:
            BadTheme: with a sentence that names it.
        """
        known = {"templates", "embeds", "embed_settings", "consent_free", *SWITCHES}
        if unknown := set(given) - known:
            raise BadTheme(f"the theme has no {', '.join(sorted(unknown))}")
        templates = self._templates(given.get("templates", {}))
        embeds = {name: self._switch(name, on) for name, on in _object(given.get("embeds", {}), "embeds").items()}
        settings = {
            name: self._settings(name, values, "body")
            for name, values in _object(given.get("embed_settings", {}), "embed_settings").items()
        }
        switches = {name: _boolean(given[name], name) for name in SWITCHES if name in given}
        with self._lock:
            self.templates = {**self.templates, **templates}
            self.embeds = {**self.embeds, **embeds}
            self.embed_settings = {**self.embed_settings, **settings}
            self.consent_free = tuple(str(handle) for handle in given.get("consent_free", self.consent_free))
            for name, value in switches.items():
                setattr(self, name, value)

    def _templates(self, given: Any) -> dict[str, tuple[PlacedBlock, ...]]:
        found: dict[str, tuple[PlacedBlock, ...]] = {}
        for name, entries in _object(given, "templates").items():
            if name not in self.templates:
                raise BadTheme(f"the theme has no template {name}")
            if not isinstance(entries, list):
                raise BadTheme(f"templates.{name} must be a list")
            found[name] = tuple(self._place(name, entry) for entry in entries)
        return found

    def _place(self, template: str, entry: Any) -> PlacedBlock:
        name = str(_object(entry, "a block").get("block"))
        if name not in self.blocks:
            raise BadTheme(f"no app has a block {name}")
        if not self.allows(name, template):
            raise BadTheme(f"the block {name} may not stand on {template}")
        return PlacedBlock(name, self._settings(name, entry.get("settings", {}), template))

    def _settings(self, name: str, given: Any, where: str) -> dict[str, Any]:
        block = self.blocks.get(name)
        if block is None:
            raise BadTheme(f"no app has a block {name}")
        try:
            return checked(block.source.schema, _object(given, "settings"))
        except ValueError as error:
            raise BadTheme(f"{name} on {where}: {error}") from None

    def _switch(self, name: str, on: Any) -> bool:
        if name not in self.embeds:
            raise BadTheme(f"no app has an embed {name}")
        return _boolean(on, name)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadTheme(f"{name} must be an object")
    return value


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise BadTheme(f"{name} must be true or false")
    return value
