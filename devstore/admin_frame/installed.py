"""What `shopify.app.extensions()` tells an app: which blocks of its theme extension stand in the theme.

In this shop every block stands in the theme, see `devstore.storefront.extensions`; so each is active.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devstore.storefront.extensions import DEFAULT_TEMPLATES, Block, Extension

THEME_ID = "gid://shopify/OnlineStoreTheme/1"


def activations(extensions: Sequence[Extension]) -> list[dict[str, Any]]:
    """ExtensionInfo[] of App Bridge."""
    return [
        {"handle": found.name, "type": "theme_app_extension", "activations": [_of(block) for block in found.blocks]}
        for found in extensions
    ]


def _of(block: Block) -> dict[str, Any]:
    templates = block.source.schema.get("enabled_on", {}).get("templates", DEFAULT_TEMPLATES)
    places = [{"target": f"template--{name}/main/{block.name}", "themeId": THEME_ID} for name in templates]
    return {
        "handle": block.name,
        "name": block.text(block.source.schema.get("name", block.name)),
        "target": block.target,
        "status": "active",
        "activations": places,
    }
