"""The `t` filter: strings of a theme or an extension from its locales/en.default.json."""

from __future__ import annotations

import html
import re
from typing import Any

from liquid.exceptions import FilterError

_PLACE = re.compile(r"{{\s*(\w+)\s*}}")


class MissingTranslation(FilterError):
    """Shopify prints "translation missing"; here it is an error, so that tests see it."""


def translate(strings: dict[str, Any], key: str, values: dict[str, Any]) -> str:
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
        raise MissingTranslation(f"translation missing: en.{key}", token=None)
    escaped = not key.endswith("_html")

    def fill(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        text = "" if value is None else str(value)
        return html.escape(text) if escaped else text

    return _PLACE.sub(fill, found)
