"""Shopify's filters that python-liquid lacks. Filters that depend on the shop or the theme are made by `filters`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

from devstore.storefront.liquid import images, money
from devstore.storefront.liquid.drop import Drop
from devstore.storefront.liquid.translate import translate

Filter = Callable[..., Any]


def filters(currency: str, strings: dict[str, Any], asset_base: str, locale: str = "en") -> dict[str, Filter]:
    """All filters by name, for one market's currency and language and one theme's or extension's strings and assets."""
    return {
        "t": lambda key, **values: translate(strings, str(key), values, locale),
        "translate": lambda key, **values: translate(strings, str(key), values, locale),
        "json": to_json,
        "money": lambda minor: money.money(minor, currency, locale),
        "money_with_currency": lambda minor: money.with_currency(minor, currency, locale),
        "money_without_trailing_zeros": lambda minor: money.without_trailing_zeros(minor, currency, locale),
        "money_without_currency": lambda minor: money.without_currency(minor, locale),
        "asset_url": lambda name: f"{asset_base}/{name}",
        "image_url": images.image_url,
        "img_url": lambda value, _size="", **_options: images.image_url(value),
        "image_tag": images.image_tag,
        "stylesheet_tag": stylesheet_tag,
        "script_tag": lambda url: f'<script src="{html.escape(str(url))}" type="text/javascript"></script>',
        "handleize": handleize,
        "handle": handleize,
        "pluralize": lambda count, one, many: one if count == 1 else many,
        "link_to": link_to,
        "within": lambda url, collection: f"{collection['url']}{url}",
        "placeholder_svg_tag": lambda _name, css_class="": f'<svg class="{css_class}" viewBox="0 0 1 1"></svg>',
    }


def to_json(value: Any) -> str:
    """JSON that is safe inside a script element: angle brackets and ampersands are escaped, as Shopify does."""
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: Any) -> Any:
    if isinstance(value, Drop):
        return value.as_json()
    return str(value)


def stylesheet_tag(url: Any, **_options: Any) -> str:
    return f'<link href="{html.escape(str(url))}" rel="stylesheet" type="text/css" media="all">'


def handleize(text: Any) -> str:
    return re.sub(r"[^a-z0-9]+", "-", str(text).lower()).strip("-")


def link_to(text: Any, url: Any, title: str = "") -> str:
    return f'<a href="{html.escape(str(url))}" title="{html.escape(title)}">{text}</a>'
