"""Shopify's dialect of Liquid on top of python-liquid: the tags, filters and objects that themes and app blocks use.

It knows nothing of HTTP and nothing of one shop; `devstore.storefront.page` puts shop and request into it.
"""

from devstore.storefront.liquid.drop import Drop, ListDrop, Missing, NotSimulated
from devstore.storefront.liquid.environment import LiquidSetup, make_environment
from devstore.storefront.liquid.source import Source, read_source

__all__ = ["Drop", "LiquidSetup", "ListDrop", "Missing", "NotSimulated", "Source", "make_environment", "read_source"]
