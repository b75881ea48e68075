"""The theme: renders a template with the objects of the visit, places the app's blocks, and wraps the layout around.

Its sections are the files of theme/sections and, as `liquid.tags.SECTION_ID`, the template itself; each can be had by
itself through Shopify's Section Rendering API.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from liquid.exceptions import LiquidError

from devstore.model import Market
from devstore.options import Options
from devstore.store import Store
from devstore.storefront.blocks import CHECKOUT, PlacedBlocks, place_blocks, render_safely, report
from devstore.storefront.extensions import load_extensions
from devstore.storefront.liquid import LiquidSetup, make_environment, read_source
from devstore.storefront.liquid.tags import SECTION_ID
from devstore.storefront.liquid.translate import load_strings
from devstore.storefront.markets import alternates, bare
from devstore.storefront.theme_settings import ThemeSettings
from devstore.storefront.visit import Visit

FOLDER = Path(__file__).parent / "theme"
IN_LAYOUT = ("header", "footer", "consent-banner")
SECTIONS = frozenset(path.stem for path in FOLDER.glob("sections/*.liquid"))


class Theme:
    """The theme in one market's language and currency; templates are parsed once."""

    def __init__(self, store: Store, options: Options, settings: ThemeSettings, market: Market) -> None:
        self._store, self._options, self._settings = store, options, settings
        self.extensions = load_extensions(options.extensions, market.currency, market.locale)
        strings = load_strings(FOLDER / "locales", market.locale)
        setup = LiquidSetup(market.currency, "/cdn/theme", strings, _files(), market.locale)
        self._environment = make_environment(setup)

    def page(self, visit: Visit, template: str, head: str = "", **objects: Any) -> str:
        """A whole page from templates/<template>.liquid.

        Args:
            head: what Shopify itself puts into every page's head.
            objects: those of this page type, such as product.
        """
        values = self._values(visit, template, objects)
        placed = place_blocks(self.extensions, self._settings, template, values)
        content = self._main(template, values, placed)
        content += "".join(self._section(name, values) for name in self._below(template))
        return self._layout(values, template, content, placed, head)

    def section(self, visit: Visit, template: str, name: str, **objects: Any) -> str | None:
        """One section in the context of a page; None when the theme has none of this id."""
        values = self._values(visit, template, objects)
        if name in SECTIONS:
            return self._section(name, values)
        if name != SECTION_ID:
            return None
        return self._main(template, values, place_blocks(self.extensions, self._settings, template, values))

    def liquid(self, visit: Visit, text: str, head: str = "") -> str:
        """An app proxy's answer of type application/liquid, inside the layout unless it says `{% layout none %}`."""
        source = read_source(text)
        values = self._values(visit, "page", {})
        content = self._render_text(source.liquid, values)
        if not source.layout:
            return content
        placed = place_blocks(self.extensions, self._settings, "page", values)
        return self._layout(values, "page", content, placed, head)

    def _values(self, visit: Visit, template: str, objects: dict[str, Any]) -> dict[str, Any]:
        switches = {name: getattr(self._settings, name) for name in ("native_rail", "random_rail", "drawer")}
        return {**visit.objects(template), "theme": switches, **objects}

    def _main(self, template: str, values: dict[str, Any], placed: PlacedBlocks) -> str:
        bound = self._environment.get_template(f"templates/{template}")
        scope = {**values, "app_blocks": placed.section, "section": {"id": SECTION_ID}}
        return _wrapped(SECTION_ID, render_safely(bound, scope))

    def _section(self, name: str, values: dict[str, Any]) -> str:
        bound = self._environment.get_template(f"sections/{name}")
        return _wrapped(name, render_safely(bound, {**values, "section": {"id": name}}))

    def _below(self, template: str) -> list[str]:
        if template != "product":
            return []
        rails = (("related-products", self._settings.native_rail), ("random-products", self._settings.random_rail))
        return [name for name, on in rails if on]

    def _render_text(self, text: str, values: dict[str, Any]) -> str:
        try:
            template = self._environment.from_string(text, name="app proxy")
        except LiquidError as error:
            return report(f"Liquid syntax error (app proxy): {error}")
        return render_safely(template, values)

    def _layout(self, values: dict[str, Any], template: str, content: str, placed: PlacedBlocks, head: str) -> str:
        checkout = template in CHECKOUT
        layout = self._environment.get_template("layout/checkout" if checkout else "layout/theme")
        drawn = () if checkout else (*IN_LAYOUT, *(("cart-drawer",) if self._settings.drawer else ()))
        scope = {
            **values,
            "sections": {name.replace("-", "_"): self._section(name, values) for name in drawn},
            "content_for_layout": content,
            "content_for_header": "\n".join((head, self._alternates(values), placed.head)),
            "content_for_footer": placed.body,
        }
        return render_safely(layout, scope)

    def _alternates(self, values: dict[str, Any]) -> str:
        """The same page in the other markets, for search engines; Shopify puts these into content_for_header too."""
        path = bare(self._store, str(values["request"]["path"]))
        found = alternates(self._store, self._options.origin, path)
        return "\n".join(f'<link rel="alternate" hreflang="{lang}" href="{html.escape(url)}">' for lang, url in found)


def _wrapped(name: str, content: str) -> str:
    return f'<div id="shopify-section-{name}" class="shopify-section">{content}</div>'


def _files() -> dict[str, str]:
    """Snippets by bare name, as `render` names them; everything else by folder and name."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("snippets/*.liquid")}
    for folder in ("layout", "templates", "sections"):
        for path in FOLDER.glob(f"{folder}/*.liquid"):
            found[f"{folder}/{path.stem}"] = path.read_text(encoding="utf-8")
    return found
