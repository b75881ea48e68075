"""Finds products and collections by words, as a shop's search does: every word must begin a word of the product."""

from __future__ import annotations

import functools
import re

from devstore.model import Collection, Product
from devstore.storefront.catalog import Catalog

_WORD = re.compile(r"\w+")
TITLE, TYPE, OTHER = 4, 2, 1
"""How much a hit in the title, in the type or vendor, and in tags, options and description counts."""


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def find_products(catalog: Catalog, query: str) -> list[int]:
    """Ids of visible products, best match first, then most sold; what is sold out stands last, as on Shopify."""
    asked = words(query)
    if not asked:
        return []
    store = catalog.store
    scores = {p.id: score for p in list(store.products.values()) if catalog.visible(p) and (score := _score(p, asked))}
    # The sort is stable: among equals the best seller stays first.
    ordered = catalog.sorted_ids(list(scores), "best-selling")
    return sorted(ordered, key=lambda product_id: (not catalog.drop(product_id).available, -scores[product_id]))


def find_collections(catalog: Catalog, query: str) -> list[Collection]:
    asked = words(query)
    found = list(catalog.store.collections.values())
    return [c for c in found if asked and all(_begins(word, words(c.title)) for word in asked)]


def _score(product: Product, asked: list[str]) -> int:
    """0 when a word is found nowhere."""
    total = 0
    fields = _fields(product)
    for word in asked:
        hit = max((weight for weight, found in fields if _begins(word, found)), default=0)
        if not hit:
            return 0
        total += hit
    return total


def _fields(product: Product) -> tuple[tuple[int, list[str]], ...]:
    variants = " ".join(f"{variant.title} {variant.sku}" for variant in product.variants)
    other = f"{' '.join(product.tags)} {variants} {product.description}"
    return _read(product.title, f"{product.product_type} {product.vendor}", other)


@functools.lru_cache(maxsize=20_000)
def _read(title: str, kind: str, other: str) -> tuple[tuple[int, list[str]], ...]:
    """Kept by the texts themselves, as every search looks through every product."""
    return (TITLE, words(title)), (TYPE, words(kind)), (OTHER, words(re.sub("<[^>]*>", " ", other)))


def _begins(word: str, found: list[str]) -> bool:
    return any(other.startswith(word) for other in found)
