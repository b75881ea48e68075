"""Renders app blocks and app embeds into a page, with the scripts and style sheets that their schemas ask for."""

from __future__ import annotations

import html
import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from devstore.storefront.extensions import Block, Extension
from devstore.storefront.liquid import read_source
from devstore.storefront.liquid.tags import SECTION_ID

log = logging.getLogger(__name__)

liquid_errors: deque[str] = deque(maxlen=200)
"""What went wrong lately in any template; tests assert that it stays empty."""


@dataclass(frozen=True, slots=True)
class PlacedBlocks:
    """What the app's extensions add to one page."""

    head: str
    section: str
    body: str


def render_safely(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    """Render, or show and log "Liquid error" in place of the output, as Shopify does."""
    try:
        return template.render(**values)
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        return report(f"Liquid error ({template.name}): {error}")


def report(message: str) -> str:
    """Log an error and return what the shopper sees of it."""
    log.error(message)
    liquid_errors.append(message)
    return html.escape(message)


def place_blocks(extensions: Sequence[Extension], template: str, values: Mapping[str, Any]) -> PlacedBlocks:
    """Render every block that shows on `template`, in the order of extension and file name."""
    shown = [
        block
        for extension in extensions
        for block in extension.blocks
        if block.shows_on(template) and _available(block, values)
    ]
    parts: dict[str, list[str]] = {"head": [], "section": [], "body": []}
    for block in shown:
        place = "head" if block.target.endswith("head") else block.target
        parts.setdefault(place, []).append(_render(block, values))
    return PlacedBlocks(
        head="\n".join([*_assets(shown), *parts["head"]]),
        section="\n".join(parts["section"]),
        body="\n".join(parts["body"]),
    )


def _assets(blocks: Sequence[Block]) -> Iterator[str]:
    """Each asset once, however many blocks name it."""
    for url in dict.fromkeys(block.assets("stylesheet") for block in blocks):
        if url:
            yield f'<link href="{html.escape(url)}" rel="stylesheet" type="text/css" media="all">'
    for url in dict.fromkeys(block.assets("javascript") for block in blocks):
        if url:
            yield f'<script src="{html.escape(url)}" async="async"></script>'


def _available(block: Block, values: Mapping[str, Any]) -> bool:
    """The schema's `available_if`: a boolean metafield of the installation."""
    condition = block.source.schema.get("available_if")
    if not condition:
        return True
    template = block.template.env.from_string(read_source(str(condition)).liquid, name="available_if")
    return render_safely(template, values).strip() == "true"


def _render(block: Block, values: Mapping[str, Any]) -> str:
    scope = {"id": block.id, "type": f"shopify://apps/{block.name}", "settings": _settings(block, values)}
    # Outside the theme editor `shopify_attributes` is empty, on Shopify too.
    block_values = {**values, "block": {**scope, "shopify_attributes": ""}, "section": {"id": SECTION_ID}}
    inner = render_safely(block.template, block_values)
    if block.target.endswith("head"):
        return inner
    tag = block.source.schema.get("tag", "div")
    classes = f"shopify-block shopify-app-block {block.source.schema.get('class', '')}".strip()
    extra = f"<style>{block.source.stylesheet}</style>" if block.source.stylesheet else ""
    extra += f"<script>{block.source.javascript}</script>" if block.source.javascript else ""
    return f'<{tag} id="shopify-block-{block.id}" class="{html.escape(classes)}">{inner}{extra}</{tag}>'


def _settings(block: Block, values: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of the schema; a product or collection setting with `autofill` takes the page's own."""
    settings: dict[str, Any] = {}
    for entry in block.source.schema.get("settings", ()):
        if "id" not in entry:
            continue
        value = values.get(entry["type"]) if entry.get("autofill") else entry.get("default")
        settings[entry["id"]] = block.text(value)
    return settings
