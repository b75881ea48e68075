"""Shopping carts, kept on the server under the token that the shopper's `cart` cookie holds.

A cart refuses what the shop cannot sell at the moment; the checkout checks once more, under the store's lock.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devstore.model import Product, Variant
from devstore.store import NewLine, Store
from devstore.storefront.drops.variant import in_stock

COOKIE = "cart"
MAX_CARTS = 50_000


class CartError(Exception):
    """What the Ajax API answers with: an HTTP status and a sentence for the shopper."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status, self.description = status, description


@dataclass(slots=True)
class CartLine:
    variant_id: int
    quantity: int
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Same variant and same properties make the same line."""
        text = json.dumps(self.properties, sort_keys=True)
        return f"{self.variant_id}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(slots=True)
class Cart:
    token: str
    lines: list[CartLine] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    note: str = ""
    pending: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Standard events that happened to this cart and that no page has told the visitor's pixels yet."""

    def find(self, *, key: str | None = None, line: int | None = None) -> CartLine:
        """A line by key, by variant id, or by its place from 1."""
        if line is not None and 1 <= line <= len(self.lines):
            return self.lines[line - 1]
        for candidate in self.lines:
            if key is not None and key in (candidate.key, str(candidate.variant_id)):
                return candidate
        raise CartError(400, "no valid id or line parameter")


class Carts:
    """All carts of one shop; the oldest are forgotten beyond `MAX_CARTS`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._carts: dict[str, Cart] = {}
        self._lock = threading.Lock()

    def get(self, token: str | None) -> Cart:
        """The cart of this token, without lines of products that are gone; a new, unsaved one for an unknown token."""
        cart = self._carts.get(token or "")
        if cart is None:
            return Cart(secrets.token_hex(16))
        cart.lines = [line for line in cart.lines if line.variant_id in self._store.variants]
        return cart

    def save(self, cart: Cart) -> None:
        with self._lock:
            self._carts[cart.token] = cart
            while len(self._carts) > MAX_CARTS:
                del self._carts[next(iter(self._carts))]

    def add(self, cart: Cart, variant_id: int, quantity: int, properties: Mapping[str, str]) -> CartLine:
        variant, product = self.sellable(variant_id)
        added = CartLine(variant_id, quantity, {k: v for k, v in properties.items() if v != ""})
        line = next((candidate for candidate in cart.lines if candidate.key == added.key), None)
        self._check(cart, variant, product, quantity)
        if line is None:
            cart.lines.insert(0, added)
            return added
        line.quantity += quantity
        return line

    def change(self, cart: Cart, line: CartLine, quantity: int, properties: Mapping[str, str] | None = None) -> None:
        if quantity <= 0:
            cart.lines.remove(line)
            return
        variant, product = self.sellable(line.variant_id)
        if quantity > line.quantity:
            self._check(cart, variant, product, quantity - line.quantity)
        line.quantity = quantity
        if properties is not None:
            line.properties = dict(properties)

    def sellable(self, variant_id: int) -> tuple[Variant, Product]:
        variant = self._store.variants.get(variant_id)
        product = self._store.products.get(variant.product_id) if variant else None
        if variant is None or product is None or product.status != "ACTIVE":
            raise CartError(404, "Cannot find variant")
        return variant, product

    def _check(self, cart: Cart, variant: Variant, product: Product, more: int) -> None:
        if more < 1:
            raise CartError(400, "Quantity must be 1 or more")
        if not in_stock(variant):
            raise CartError(422, f"The product '{product.title}' is already sold out.")
        held = sum(line.quantity for line in cart.lines if line.variant_id == variant.id)
        if variant.tracked and not variant.oversell and held + more > variant.quantity:
            raise CartError(422, f"You can only add {variant.quantity} {product.title} to the cart.")


def order_lines(cart: Cart) -> list[NewLine]:
    return [NewLine(line.variant_id, line.quantity, dict(line.properties)) for line in cart.lines]
