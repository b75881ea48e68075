"""The theme editor: which app blocks stand where, with which settings, beside a preview of the page.

It understands Shopify's deep links (`addAppBlockId` with `template` and `target`, `activateAppId`). What Shopify keeps
as a draft until somebody presses Save is saved at once here.
https://shopify.dev/docs/apps/build/online-store/theme-app-extensions/configuration#deep-linking
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.options import Options
from devstore.store import Store
from devstore.storefront.block_settings import RESOURCES, entries
from devstore.storefront.extensions import Block
from devstore.storefront.theme_settings import TEMPLATES, BadTheme, ThemeSettings

NAMES = {
    "index": "Home page", "product": "Product", "collection": "Collection", "list-collections": "Collections list",
    "cart": "Cart", "search": "Search", "page": "Page", "404": "404", "login": "Login", "account": "Account",
}  # fmt: skip
TARGETS = ("newAppsSection", "mainSection")
"""This theme has one section with app blocks on each template, so both mean that one."""


def add_editor(routes: Blueprint, store: Store, options: Options, theme: ThemeSettings) -> None:
    @routes.get("/admin/themes/current/editor")
    @routes.get("/admin/themes/1/editor")
    def editor() -> str | Response:
        template = request.args.get("template", "index")
        template = template if template in TEMPLATES else "index"
        try:
            done = _follow(options, theme, template)
        except BadTheme as error:
            return _page(store, theme, template, problem=str(error))
        if done:
            apps = "&context=apps" if "activateAppId" in request.args else ""
            # What the link asked for is done once; loading the page again does not repeat it.
            return redirect(f"/admin/themes/current/editor?template={template}{apps}&done={done}", 302)
        return _page(store, theme, template)


def _follow(options: Options, theme: ThemeSettings, template: str) -> str | None:
    """Do what a deep link asks for, and name the block; None when it asks for nothing.

    Raises:
        BadTheme: there is no such block, or it cannot stand there.
    """
    if asked := request.args.get("addAppBlockId"):
        if (target := request.args.get("target", TARGETS[0])) not in TARGETS:
            raise BadTheme(f"this theme has no place {target}")
        name = _named(options, asked)
        placed = [one.as_json() for one in theme.placed(template)]
        theme.update({"templates": {template: [*placed, {"block": name, "settings": {}}]}})
        return name
    if asked := request.args.get("activateAppId"):
        name = _named(options, asked)
        theme.update({"embeds": {name: True}})
        return name
    return None


def _named(options: Options, asked: str) -> str:
    """The block of ``{client_id}/{block}``; the client id must be this app's."""
    app, _, name = asked.rpartition("/")
    if app not in (options.app_toml.client_id, options.api_key):
        raise BadTheme(f"no installed app has the id {app}")
    return name


def _page(store: Store, theme: ThemeSettings, template: str, problem: str | None = None) -> str:
    config = {
        "template": template,
        "theme": theme.as_json(),
        "blocks": {name: _block(block, theme) for name, block in theme.blocks.items()},
        "pages": _previews(store),
        "names": NAMES,
        "apps": request.args.get("context") == "apps",
        "done": request.args.get("done"),
        "resources": sorted(RESOURCES),
    }
    return render_template("editor.html", config=config, names=NAMES, template=template, problem=problem,
                           shop=store.world.shop)  # fmt: skip


def _block(block: Block, theme: ThemeSettings) -> dict[str, Any]:
    schema = block.source.schema
    return {
        "name": block.text(schema.get("name", block.name)),
        "embed": block.is_embed,
        "templates": [name for name in TEMPLATES if theme.allows(block.name, name)],
        "settings": [_translated(block, entry) for entry in schema.get("settings", ())],
        "defaults": {entry["id"]: block.text(entry.get("default")) for entry in entries(schema)},
    }


def _translated(block: Block, entry: dict[str, Any]) -> dict[str, Any]:
    shown = {key: block.text(value) for key, value in entry.items()}
    if "options" in entry:
        shown["options"] = [{key: block.text(value) for key, value in option.items()} for option in entry["options"]]
    return shown


def _previews(store: Store) -> dict[str, str]:
    """A page of each template; of products and collections the first."""
    product = next((p.handle for p in store.products.values() if p.status == "ACTIVE"), "")
    collection = next((c.handle for c in store.collections.values()), "all")
    return {
        "index": "/", "product": f"/products/{product}", "collection": f"/collections/{collection}",
        "list-collections": "/collections", "cart": "/cart", "search": "/search?q=a", "page": "/404",
        "404": "/404", "login": "/account/login", "account": "/account/login",
    }  # fmt: skip
