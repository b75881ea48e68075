"""`cart` and its items, for templates and, as JSON, for the Ajax API. Money is in minor units."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from devstore.storefront.carts import Cart, CartLine
from devstore.storefront.catalog import Catalog
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.drops.variant import ImageDrop, VariantDrop
from devstore.storefront.liquid import Drop, ListDrop


class LineItemDrop(Drop):
    not_simulated = frozenset((
        "discount_allocations", "discounts", "error_message", "fulfillment", "fulfillment_service", "grams",
        "instructions", "item_components", "line_level_discount_allocations", "line_level_total_discount", "message",
        "options_with_values", "original_line_price", "original_price", "parent_relationship", "requires_shipping",
        "selling_plan_allocation", "successfully_fulfilled_quantity", "tax_lines", "taxable", "total_discount",
        "unit_price", "unit_price_measurement", "url_to_remove",
    ))  # fmt: skip

    def __init__(self, line: CartLine, catalog: Catalog) -> None:
        self._line, self._catalog = line, catalog
        self._variant = catalog.store.variants[line.variant_id]
        self._product = catalog.store.products[self._variant.product_id]

    @property
    def id(self) -> int:
        return self._line.variant_id

    @property
    def key(self) -> str:
        return self._line.key

    @property
    def variant_id(self) -> int:
        return self._line.variant_id

    @property
    def product_id(self) -> int:
        return self._product.id

    @property
    def quantity(self) -> int:
        return self._line.quantity

    @property
    def properties(self) -> list[tuple[str, str]]:
        return list(self._line.properties.items())

    @property
    def product(self) -> ProductDrop:
        return ProductDrop(self._product, self._catalog, self._variant.id)

    @cached_property
    def variant(self) -> VariantDrop:
        return VariantDrop(self._variant, self._product, self._catalog)

    @property
    def title(self) -> str:
        return self._product.title if self.variant_title is None else f"{self._product.title} - {self.variant_title}"

    @property
    def product_title(self) -> str:
        return self._product.title

    @property
    def variant_title(self) -> str | None:
        return None if self.product.has_only_default_variant else self._variant.title

    @property
    def handle(self) -> str:
        return self._product.handle

    @property
    def vendor(self) -> str:
        return self._product.vendor

    @property
    def sku(self) -> str:
        return self._variant.sku

    @property
    def gift_card(self) -> bool:
        return self._product.is_gift_card

    @property
    def price(self) -> int:
        return self.variant.price

    @property
    def final_price(self) -> int:
        return self.price

    @property
    def line_price(self) -> int:
        return self.price * self._line.quantity

    @property
    def final_line_price(self) -> int:
        return self.line_price

    @property
    def url(self) -> str:
        return self.variant.url

    @property
    def image(self) -> ImageDrop:
        return ImageDrop(self._product)

    def as_json(self) -> Any:
        names = ("id", "quantity", "variant_id", "key", "title", "price", "line_price", "final_price",
                 "final_line_price", "sku", "vendor", "product_id", "gift_card", "url", "handle", "product_title",
                 "variant_title")  # fmt: skip
        price, total, image = self.price, self.line_price, self.image
        return {name: self[name] for name in names} | {
            "properties": dict(self._line.properties) or None,
            "original_price": price,
            "discounted_price": price,
            "original_line_price": total,
            "total_discount": 0,
            "discounts": [],
            "grams": 0,
            "taxable": True,
            "requires_shipping": not self.gift_card,
            "product_type": self._product.product_type,
            "product_description": self._product.description,
            "product_has_only_default_variant": self.product.has_only_default_variant,
            "image": image.src,
            "featured_image": {"url": image.src, "alt": image.alt, "width": image.width, "height": image.height,
                               "aspect_ratio": 1.0},
            "variant_options": [self._variant.title],
            "options_with_values": [{"name": "Title", "value": self._variant.title}],
            "line_level_discount_allocations": [],
            "line_level_total_discount": 0,
        }  # fmt: skip


class CartDrop(Drop):
    not_simulated = frozenset((
        "cart_level_discount_applications", "checkout_charge_amount", "discount_applications", "discounts",
        "duties_included", "requires_shipping", "taxes_included", "total_discount", "total_weight",
    ))  # fmt: skip

    def __init__(self, cart: Cart, catalog: Catalog) -> None:
        self._cart, self._catalog = cart, catalog

    @property
    def token(self) -> str:
        return self._cart.token

    @cached_property
    def items(self) -> ListDrop:
        return ListDrop(LineItemDrop(line, self._catalog) for line in self._cart.lines)

    @property
    def item_count(self) -> int:
        return sum(line.quantity for line in self._cart.lines)

    @property
    def empty(self) -> bool:
        return not self._cart.lines

    @property
    def total_price(self) -> int:
        return sum(item.line_price for item in self.items)

    @property
    def items_subtotal_price(self) -> int:
        return self.total_price

    @property
    def original_total_price(self) -> int:
        return self.total_price

    @property
    def attributes(self) -> dict[str, str]:
        return self._cart.attributes

    @property
    def note(self) -> str:
        return self._cart.note

    @property
    def currency(self) -> dict[str, str]:
        return {"iso_code": self._catalog.market.currency}

    def as_json(self) -> Any:
        names = ("token", "note", "attributes", "item_count", "total_price", "items_subtotal_price",
                 "original_total_price")  # fmt: skip
        return {name: self[name] for name in names} | {
            "currency": self.currency["iso_code"],
            "items": [item.as_json() for item in self.items],
            "total_discount": 0,
            "total_weight": 0,
            "requires_shipping": any(not item.gift_card for item in self.items),
            "cart_level_discount_applications": [],
            "discount_codes": [],
        }
