"""The app's web pixel: connecting it to the shop with its settings, which the extension's TOML defines.

One pixel per app and shop. https://shopify.dev/docs/apps/build/marketing-analytics/build-web-pixels
"""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import NotFound, user_error
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import Args, fields, plain
from devstore.model import WebPixel

EXTENSION_TYPE = "web_pixel_extension"
Problem = tuple[str, str]
"""(message, code)"""


def settings_fields(extensions: Path) -> dict[str, dict[str, Any]] | None:
    """The settings that the repository's pixel extension defines, by key; None where there is no such extension."""
    for file in sorted(extensions.glob("*/shopify.extension.toml")):
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        for table in (raw, *raw.get("extensions", ())):
            if table.get("type") == EXTENSION_TYPE:
                defined: dict[str, dict[str, Any]] = table.get("settings", {}).get("fields", {})
                return defined
    return None


def _query(root: Any, args: Args, ctx: Context) -> WebPixel:
    pixel = ctx.store.web_pixel
    if pixel is None or args.get("id") not in (None, gid("WebPixel", pixel.id)):
        raise NotFound("No web pixel was found for this app.")
    return pixel


def _create(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    ctx.access.require("webPixelCreate", "read_customer_events")
    if settings_fields(ctx.options.extensions) is None:
        return _refused("No extension found.", "NO_EXTENSION")
    if ctx.store.web_pixel is not None:
        return _refused("Web pixel is taken.", "TAKEN")
    return _connected(ctx.store.next_id(), args, ctx)


def _update(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    ctx.access.require("webPixelUpdate", "read_customer_events")
    wanted = number(args["id"], "WebPixel")
    if ctx.store.web_pixel is None or ctx.store.web_pixel.id != wanted:
        return _refused("Pixel not found", "NOT_FOUND", ["id"])
    return _connected(wanted, args, ctx)


def _delete(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    ctx.access.require("webPixelDelete", "read_customer_events")
    pixel = ctx.store.web_pixel
    if pixel is None or pixel.id != number(args["id"], "WebPixel"):
        return {"deletedWebPixelId": None, "userErrors": [user_error("Pixel not found", ["id"], "NOT_FOUND")]}
    ctx.store.web_pixel = None
    return {"deletedWebPixelId": gid("WebPixel", pixel.id), "userErrors": []}


def _connected(pixel_id: int, args: Args, ctx: Context) -> dict[str, Any]:
    given = args["webPixel"]["settings"]
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return _refused("Settings must be valid JSON", "INVALID_CONFIGURATION_JSON", ["settings"])
    if problem := _problem(given, settings_fields(ctx.options.extensions)):
        return _refused(*problem, ["settings"])
    ctx.store.web_pixel = WebPixel(pixel_id, dict(given))
    return {"webPixel": ctx.store.web_pixel, "userErrors": []}


def _problem(given: Any, defined: dict[str, dict[str, Any]] | None) -> Problem | None:
    """Every defined field must be there, as text that its validations accept, and nothing else may."""
    if defined is None:
        return "No extension found.", "NO_EXTENSION"
    if not isinstance(given, dict):
        return "Settings must be a JSON object", "INVALID_CONFIGURATION_JSON"
    if wrong := sorted(set(given) ^ set(defined)):
        return f"Settings do not match the definition of the extension: {', '.join(wrong)}", "INVALID_SETTINGS"
    for key, field in defined.items():
        if field.get("type") != "single_line_text_field":
            return f"The type of the setting {key} is not supported", "INVALID_SETTINGS_DEFINITION"
        if not isinstance(given[key], str) or not _valid(given[key], field.get("validations", ())):
            return f"The setting {key} is not valid", "INVALID_SETTINGS"
    return None


def _valid(value: str, validations: Any) -> bool:
    rules = {rule["name"]: rule["value"] for rule in validations}
    return (
        not re.search(r"[\r\n]", value)
        and len(value) >= int(rules.get("min", 0))
        and len(value) <= int(rules.get("max", 65_536))
        and ("regex" not in rules or re.search(rules["regex"], value) is not None)
        and ("choices" not in rules or value in json.loads(rules["choices"]))
    )


def _refused(message: str, code: str, field: list[str] | None = None) -> dict[str, Any]:
    return {"webPixel": None, "userErrors": [user_error(message, field, code)]}


fields("QueryRoot", {"webPixel": _query})
fields("Mutation", {"webPixelCreate": _create, "webPixelUpdate": _update, "webPixelDelete": _delete})
fields("WebPixel", {"id": lambda p, a, c: gid("WebPixel", p.id), "settings": lambda p, a, c: p.settings}, WebPixel)
plain("WebPixelCreatePayload", ("webPixel", "userErrors"))
plain("WebPixelUpdatePayload", ("webPixel", "userErrors"))
plain("WebPixelDeletePayload", ("deletedWebPixelId", "userErrors"))
plain("ErrorsWebPixelUserError", ("code", "field", "message"))
