"""The theme: renders a template with the objects of the visit, places the app's blocks, and wraps the layout around."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from liquid.exceptions import LiquidError

from devstore.options import Options
from devstore.store import Store
from devstore.storefront.blocks import place_blocks, render_safely, report
from devstore.storefront.extensions import load_extensions
from devstore.storefront.liquid import LiquidSetup, make_environment, read_source
from devstore.storefront.visit import Visit

FOLDER = Path(__file__).parent / "theme"


class Theme:
    """One per process; templates are parsed once."""

    def __init__(self, store: Store, options: Options) -> None:
        currency = store.world.shop.currency
        self.extensions = load_extensions(options.extensions, currency)
        self._environment = make_environment(LiquidSetup(currency, "/cdn/theme", {}, _files()))

    def page(self, visit: Visit, template: str, **objects: Any) -> str:
        """A whole page from templates/<template>.liquid; `objects` are those of this page type, such as product."""
        values = {**visit.objects(template), **objects}
        placed = place_blocks(self.extensions, template, values)
        bound = self._environment.get_template(f"templates/{template}")
        content = render_safely(bound, {**values, "app_blocks": placed.section})
        return self._layout(values, content, placed.head, placed.body)

    def liquid(self, visit: Visit, text: str) -> str:
        """An app proxy's answer of type application/liquid, inside the layout unless it says `{% layout none %}`."""
        source = read_source(text)
        values = visit.objects("page")
        content = self._render_text(source.liquid, values)
        if not source.layout:
            return content
        placed = place_blocks(self.extensions, "page", values)
        return self._layout(values, content, placed.head, placed.body)

    def _render_text(self, text: str, values: dict[str, Any]) -> str:
        try:
            template = self._environment.from_string(text, name="app proxy")
        except LiquidError as error:
            return report(f"Liquid syntax error (app proxy): {error}")
        return render_safely(template, values)

    def _layout(self, values: dict[str, Any], content: str, head: str, body: str) -> str:
        layout = self._environment.get_template("layout/theme")
        scope = {**values, "content_for_layout": content, "content_for_header": head, "content_for_footer": body}
        return render_safely(layout, scope)


def _files() -> dict[str, str]:
    """Snippets by bare name, as `render` names them; everything else by folder and name."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("snippets/*.liquid")}
    for folder in ("layout", "templates"):
        for path in FOLDER.glob(f"{folder}/*.liquid"):
            found[f"{folder}/{path.stem}"] = path.read_text(encoding="utf-8")
    return found
