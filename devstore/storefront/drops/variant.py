"""`variant` and `image`, the parts of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devstore.model import Product, Variant
from devstore.storefront.liquid import Drop, ListDrop

if TYPE_CHECKING:
    from devstore.storefront.catalog import Catalog

IMAGE_SIZE = 1200


def in_stock(variant: Variant) -> bool:
    """Whether a shopper may put one into the cart."""
    return not variant.tracked or variant.oversell or variant.quantity > 0


class ImageDrop(Drop):
    """The drawn picture of a product."""

    not_simulated = frozenset(("attached_to_variant?", "position", "presentation", "product_id", "variants"))

    def __init__(self, product: Product) -> None:
        self._product = product

    @property
    def id(self) -> int:
        return self._product.id

    @property
    def src(self) -> str:
        return f"/cdn/products/{self._product.id}.svg"

    @property
    def alt(self) -> str:
        return self._product.title

    @property
    def width(self) -> int:
        return IMAGE_SIZE

    @property
    def height(self) -> int:
        return IMAGE_SIZE

    @property
    def aspect_ratio(self) -> float:
        return 1.0

    @property
    def media_type(self) -> str:
        return "image"

    @property
    def preview_image(self) -> ImageDrop:
        return self

    def __str__(self) -> str:
        return self.src

    def as_json(self) -> Any:
        return self.src


class VariantDrop(Drop):
    not_simulated = frozenset((
        "barcode", "incoming", "matched", "metafields", "next_incoming_date", "product", "quantity_price_breaks",
        "quantity_price_breaks_configured", "quantity_rule", "requires_selling_plan", "selected",
        "selected_selling_plan_allocation", "selling_plan_allocations", "store_availabilities", "unit_price",
        "unit_price_measurement", "weight", "weight_in_unit", "weight_unit",
    ))  # fmt: skip

    def __init__(self, variant: Variant, product: Product, catalog: Catalog) -> None:
        self._variant, self._product, self._catalog = variant, product, catalog

    @property
    def id(self) -> int:
        return self._variant.id

    @property
    def title(self) -> str:
        return self._variant.title

    @property
    def sku(self) -> str:
        return self._variant.sku

    @property
    def price(self) -> int:
        return self._catalog.price(self._variant.price)

    @property
    def compare_at_price(self) -> int | None:
        before = self._variant.compare_at_price
        return None if before is None else self._catalog.price(before)

    @property
    def available(self) -> bool:
        return in_stock(self._variant)

    @property
    def inventory_quantity(self) -> int:
        return self._variant.quantity

    @property
    def inventory_policy(self) -> str:
        return "continue" if self._variant.oversell else "deny"

    @property
    def inventory_management(self) -> str | None:
        return "shopify" if self._variant.tracked else None

    @property
    def option1(self) -> str:
        return self._variant.title

    @property
    def option2(self) -> None:
        return None

    @property
    def option3(self) -> None:
        return None

    @property
    def requires_shipping(self) -> bool:
        return not self._product.is_gift_card

    @property
    def taxable(self) -> bool:
        return True

    @property
    def image(self) -> ImageDrop:
        return self.featured_image

    @property
    def options(self) -> ListDrop:
        return ListDrop([self._variant.title])

    @property
    def url(self) -> str:
        return f"{self._catalog.root}/products/{self._product.handle}?variant={self._variant.id}"

    @property
    def featured_image(self) -> ImageDrop:
        return ImageDrop(self._product)

    @property
    def featured_media(self) -> ImageDrop:
        return ImageDrop(self._product)

    def as_json(self) -> Any:
        names = ("id", "title", "option1", "sku", "available", "options", "price", "compare_at_price",
                 "inventory_management")  # fmt: skip
        return {name: self[name] for name in names} | {"option2": None, "option3": None, "taxable": True}
