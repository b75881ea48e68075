"""What `shopify.app.extensions()` tells an app: which blocks and embeds of its theme extension stand in the theme.

Shapes as in @shopify/app-bridge-types 0.7 (ExtensionInfo, ThemeExtensionActivation). A block is active where it stands
on a template, available where it could stand, and unavailable while its `available_if` does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from devstore.store import Store
from devstore.storefront.extensions import Block
from devstore.storefront.theme_settings import ThemeSettings

THEME_ID = "gid://shopify/OnlineStoreTheme/1"
_CONDITION = re.compile(r"{{\s*app\.metafields\.(\w+)\.(\w+)(?:\.value)?\s*}}")


def activations(theme: ThemeSettings, holds: Callable[[str], bool]) -> list[dict[str, Any]]:
    """ExtensionInfo[] of App Bridge; `holds` judges a schema's `available_if`."""
    return [
        {
            "handle": found.name,
            "type": "theme_app_extension",
            "activations": [_of(block, theme, holds) for block in found.blocks],
        }
        for found in theme.extensions
    ]


def holds(store: Store, condition: str) -> bool:
    """Whether the boolean metafield of the installation that an `available_if` names is true."""
    named = _CONDITION.fullmatch(condition.strip())
    owner = f"gid://shopify/AppInstallation/{store.app_installation_id}"
    field = store.metafields(owner).get((named[1], named[2])) if named else None
    return field is not None and field.value == "true"


def _of(block: Block, theme: ThemeSettings, holds: Callable[[str], bool]) -> dict[str, Any]:
    places = [{"target": target, "themeId": THEME_ID} for target in _places(block, theme)]
    condition = block.source.schema.get("available_if")
    status = "active" if places else "available"
    return {
        "handle": block.name,
        "name": block.text(block.source.schema.get("name", block.name)),
        "target": block.target,
        "status": status if not condition or holds(str(condition)) else "unavailable",
        "activations": places,
    }


def _places(block: Block, theme: ThemeSettings) -> list[str]:
    if block.is_embed:
        return [block.target] if theme.embeds.get(block.name) else []
    stands = [name for name, placed in theme.templates.items() for one in placed if one.block == block.name]
    return [f"template--{name}/main/{block.name.replace('-', '_')}" for name in stands]
