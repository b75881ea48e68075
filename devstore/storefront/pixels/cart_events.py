"""Notes what a request did to a cart as Shopify's events: product_added_to_cart and product_removed_from_cart."""

from __future__ import annotations

from dataclasses import replace

from devstore.storefront.carts import Cart, CartLine
from devstore.storefront.catalog import Catalog
from devstore.storefront.drops.cart import LineItemDrop
from devstore.storefront.pixels import payloads
from devstore.storefront.pixels.page import Event


def lines_of(cart: Cart) -> dict[str, CartLine]:
    """Copies of the lines as they are now, by key."""
    return {line.key: replace(line) for line in cart.lines}


def changes(cart: Cart, before: dict[str, CartLine], catalog: Catalog) -> list[Event]:
    """One event for each line that has become more or less; the quantity is how many came or went."""
    after = lines_of(cart)
    found: list[Event] = []
    for key in dict.fromkeys([*before, *after]):
        had = before[key].quantity if key in before else 0
        has = after[key].quantity if key in after else 0
        line = after.get(key) or before[key]
        if had == has or line.variant_id not in catalog.store.variants:
            continue
        name = "product_added_to_cart" if has > had else "product_removed_from_cart"
        found.append((name, {"cartLine": payloads.line(catalog, LineItemDrop(line, catalog), abs(has - had))}))
    return found
