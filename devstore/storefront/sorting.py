"""The orders in which a visitor may have a collection or a search result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devstore.model import Product

ORDERS = {
    "manual": "Featured",
    "best-selling": "Best selling",
    "title-ascending": "Alphabetically, A-Z",
    "title-descending": "Alphabetically, Z-A",
    "price-ascending": "Price, low to high",
    "price-descending": "Price, high to low",
    "created-ascending": "Date, old to new",
    "created-descending": "Date, new to old",
}
"""Shopify's values of `sort_by`, with their English names."""
SEARCH_ORDERS = {
    "relevance": "Relevance",
    "price-ascending": "Price, low to high",
    "price-descending": "Price, high to low",
}

_KEYS: dict[str, Callable[[Product], Any]] = {
    "title": lambda product: product.title.casefold(),
    "price": lambda product: min((variant.price for variant in product.variants), default=0),
    "created": lambda product: product.created_at,
}


def sorted_products(products: list[Product], sort_by: str) -> list[Product]:
    """By title, price or date; any other order leaves them as they are."""
    name, _, direction = sort_by.partition("-")
    key = _KEYS.get(name)
    return sorted(products, key=key, reverse=direction == "descending") if key else products
