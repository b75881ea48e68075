"""One python-liquid environment per theme or extension: same dialect, own strings, snippets and assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from liquid import CachingDictLoader, Environment, Mode

from devstore.storefront.liquid.filters import filters
from devstore.storefront.liquid.nothing import BLANK_NAME, LIST_FILTERS, Blank, Nil, of_nothing
from devstore.storefront.liquid.source import read_source
from devstore.storefront.liquid.tags import FormTag, PaginateTag, StyleTag


@dataclass(frozen=True, slots=True)
class LiquidSetup:
    currency: str
    asset_base: str
    """Where `asset_url` points to, without a trailing slash."""
    strings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Templates and snippets by the name that `render` uses."""
    locale: str = "en"


def make_environment(setup: LiquidSetup) -> Environment:
    """An environment that, like Shopify, does not escape output; unlike Shopify it refuses unknown filters."""
    files = {name: read_source(text).liquid for name, text in setup.files.items()}
    environment = Environment(
        tolerance=Mode.STRICT,
        loader=CachingDictLoader(files),
        strict_filters=True,
        undefined=Nil,
        globals={BLANK_NAME: Blank()},
    )
    for name in LIST_FILTERS:
        environment.add_filter(name, of_nothing(environment.filters[name]))
    for tag in (StyleTag, FormTag, PaginateTag):
        environment.add_tag(tag)
    for name, function in filters(setup.currency, dict(setup.strings), setup.asset_base, setup.locale).items():
        environment.add_filter(name, function)
    return environment
