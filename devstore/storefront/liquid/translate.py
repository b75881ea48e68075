"""The `t` filter: strings of a theme or an extension, from locales/en.default.json or another language's file.

What a language's file lacks is taken from the default, as Shopify does.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from liquid.exceptions import FilterError

_PLACE = re.compile(r"{{\s*(\w+)\s*}}")


class MissingTranslation(FilterError):
    """Shopify prints "translation missing"; here it is an error, so that tests see it."""


def load_strings(folder: Path, locale: str, suffix: str = ".json") -> dict[str, Any]:
    """The strings of locales/, the language's own before the default's; `suffix` ".schema.json" means the editor's."""
    default = _read(folder / f"en.default{suffix}")
    return default if locale == "en" else _over(default, _read(folder / f"{locale}{suffix}"))


def _read(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return loaded


def _over(default: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(default)
    for key, value in own.items():
        under = default.get(key)
        merged[key] = _over(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged


def translate(strings: dict[str, Any], key: str, values: dict[str, Any], locale: str = "en") -> str:
    """The string at the dotted `key`, its plural form picked by `count`, with `{{ name }}` filled in.

    Values are HTML-escaped unless the key ends in ``_html``, as on Shopify.
    """
    found: Any = strings
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict) and "count" in values:
        form = "one" if values["count"] == 1 else "other"
        found = found.get(form, found.get("other"))
    if not isinstance(found, str):
        raise MissingTranslation(f"translation missing: {locale}.{key}", token=None)
    escaped = not key.endswith("_html")

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        text = "" if value is None else str(value)
        return html.escape(text) if escaped else text

    return _PLACE.sub(fill, found)
