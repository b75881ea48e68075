"""Renders app blocks and app embeds into a page, with the scripts and style sheets that their schemas ask for."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from devstore.storefront.block_settings import RESOURCES, entries
from devstore.storefront.errors import liquid_errors, report
from devstore.storefront.extensions import Block, Extension
from devstore.storefront.liquid import read_source
from devstore.storefront.liquid.tags import SECTION_ID
from devstore.storefront.theme_settings import PlacedBlock, ThemeSettings

__all__ = ["PlacedBlocks", "liquid_errors", "place_blocks", "render_safely", "report"]

CHECKOUT = ("checkout", "thank-you")
"""Pages of the checkout, where no theme app extension runs."""


@dataclass(frozen=True, slots=True)
class PlacedBlocks:
    """What the app's extensions add to one page."""

    head: str
    section: str
    body: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """One block on one page; a block that stands there twice has two ids."""

    block: Block
    placed: PlacedBlock
    id: str


def render_safely(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    """Render, or show and log "Liquid error" in place of the output, as Shopify does."""
    try:
        return template.render(**values)
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        return report(f"Liquid error ({template.name}): {error}")


def place_blocks(
    extensions: Sequence[Extension], settings: ThemeSettings, template: str, values: Mapping[str, Any]
) -> PlacedBlocks:
    """Render what stands on `template`, in the merchant's order; embeds in the order of their names."""
    if template in CHECKOUT:
        return PlacedBlocks("", "", "")
    blocks = {block.name: block for extension in extensions for block in extension.blocks}
    shown = [one for one in _shown(blocks, settings, template) if _available(one.block, values)]
    parts: dict[str, list[str]] = {"head": [], "section": [], "body": []}
    for one in shown:
        place = "head" if one.block.target.endswith("head") else one.block.target
        parts.setdefault(place, []).append(_render(one, values))
    return PlacedBlocks(
        head="\n".join([*_assets([one.block for one in shown]), *parts["head"]]),
        section="\n".join(parts["section"]),
        body="\n".join(parts["body"]),
    )


def _shown(blocks: Mapping[str, Block], settings: ThemeSettings, template: str) -> Iterator[_Shown]:
    seen: dict[str, int] = {}
    for placed in settings.placed(template):
        block = blocks[placed.block]
        seen[block.name] = seen.get(block.name, 0) + 1
        yield _Shown(block, placed, block.id if seen[block.name] == 1 else f"{block.id}_{seen[block.name]}")
    for block in blocks.values():
        on = settings.embed(block) if block.is_embed and block.allowed_on(template) else None
        if on is not None:
            yield _Shown(block, on, block.id)


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


def _render(shown: _Shown, values: Mapping[str, Any]) -> str:
    block = shown.block
    scope = {
        "id": shown.id,
        "type": f"shopify://apps/{block.name}",
        "settings": _settings(shown, values),
        "shopify_attributes": _attributes(shown, values),
    }
    inner = render_safely(block.template, {**values, "block": scope, "section": {"id": SECTION_ID}})
    if block.target.endswith("head"):
        return inner
    tag = block.source.schema.get("tag", "div")
    classes = f"shopify-block shopify-app-block {block.source.schema.get('class', '')}".strip()
    extra = f"<style>{block.source.stylesheet}</style>" if block.source.stylesheet else ""
    extra += f"<script>{block.source.javascript}</script>" if block.source.javascript else ""
    return f'<{tag} id="shopify-block-{shown.id}" class="{html.escape(classes)}">{inner}{extra}</{tag}>'


def _attributes(shown: _Shown, values: Mapping[str, Any]) -> str:
    """`block.shopify_attributes`: by it the editor finds the block; empty outside the editor, on Shopify too."""
    if not values["request"]["design_mode"]:
        return ""
    return f"data-shopify-editor-block='{html.escape(json.dumps({'id': shown.id, 'type': shown.block.name}))}'"


def _settings(shown: _Shown, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the merchant chose, else the schema's defaults; a resource with `autofill` is the page's own."""
    settings: dict[str, Any] = {}
    for entry in entries(shown.block.source.schema):
        name, kind = entry["id"], entry["type"]
        if name in shown.placed.settings:
            chosen = shown.placed.settings[name]
            settings[name] = _resource(kind, chosen, values) if kind in RESOURCES else chosen
        else:
            settings[name] = shown.block.text(values.get(kind) if entry.get("autofill") else entry.get("default"))
    return settings


def _resource(kind: str, handle: str, values: Mapping[str, Any]) -> Any:
    """A product or collection that the merchant named by its handle; those cost nothing of all_products' twenty."""
    catalog = values["app"].catalog
    return {"product": catalog.product, "collection": catalog.collection}.get(kind, lambda _handle: None)(handle)
