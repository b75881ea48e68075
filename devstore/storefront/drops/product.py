"""`product`. Prices are integers in minor units; what Python lacks a value for is nil."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from devstore.model import Product
from devstore.storefront.drops.variant import ImageDrop, VariantDrop, in_stock
from devstore.storefront.liquid import Drop, ListDrop

if TYPE_CHECKING:
    from devstore.storefront.catalog import Catalog

ONLY_VARIANT = "Default Title"


class ProductDrop(Drop):
    not_simulated = frozenset((
        "category", "options_by_name", "options_with_values", "quantity_price_breaks_configured",
        "requires_selling_plan", "selected_or_first_available_selling_plan_allocation", "selected_selling_plan",
        "selected_selling_plan_allocation", "selling_plan_groups", "template_suffix",
    ))  # fmt: skip

    def __init__(self, product: Product, catalog: Catalog, variant_id: int | None = None, tracking: str = "") -> None:
        """`tracking` is what Shopify adds to the address of a product that it recommends."""
        self._product, self._catalog, self._chosen, self._tracking = product, catalog, variant_id, tracking

    @property
    def id(self) -> int:
        return self._product.id

    @property
    def handle(self) -> str:
        return self._product.handle

    @property
    def title(self) -> str:
        return self._product.title

    @property
    def url(self) -> str:
        return f"{self._catalog.root}/products/{self._product.handle}{self._tracking}"

    @property
    def description(self) -> str:
        return self._product.description

    @property
    def content(self) -> str:
        return self._product.description

    @property
    def vendor(self) -> str:
        return self._product.vendor

    @property
    def type(self) -> str:
        return self._product.product_type

    @property
    def tags(self) -> ListDrop:
        return ListDrop(self._product.tags)

    @property
    def price(self) -> int:
        return self.price_min

    @cached_property
    def price_min(self) -> int:
        return self._catalog.price(min((variant.price for variant in self._product.variants), default=0))

    @cached_property
    def price_max(self) -> int:
        return self._catalog.price(max((variant.price for variant in self._product.variants), default=0))

    @property
    def price_varies(self) -> bool:
        return self.price_min != self.price_max

    @property
    def compare_at_price(self) -> int | None:
        return self.compare_at_price_min or None

    @property
    def compare_at_price_min(self) -> int:
        before = (v.compare_at_price for v in self._product.variants if v.compare_at_price)
        return self._catalog.price(min(before, default=0))

    @property
    def compare_at_price_max(self) -> int:
        before = (v.compare_at_price for v in self._product.variants if v.compare_at_price)
        return self._catalog.price(max(before, default=0))

    @property
    def compare_at_price_varies(self) -> bool:
        return self.compare_at_price_min != self.compare_at_price_max

    @property
    def variants_count(self) -> int:
        return len(self._product.variants)

    @property
    def available(self) -> bool:
        return any(in_stock(variant) for variant in self._product.variants)

    @property
    def gift_card(self) -> bool:
        return self._product.is_gift_card

    @property
    def published_at(self) -> Any:
        return self._product.published_at

    @property
    def created_at(self) -> Any:
        return self._product.created_at

    @cached_property
    def featured_image(self) -> ImageDrop:
        return ImageDrop(self._product)

    @property
    def featured_media(self) -> ImageDrop:
        return self.featured_image

    @property
    def images(self) -> ListDrop:
        return ListDrop([self.featured_image])

    @property
    def media(self) -> ListDrop:
        return ListDrop([self.featured_image])

    @cached_property
    def variants(self) -> ListDrop:
        return ListDrop(VariantDrop(variant, self._product, self._catalog) for variant in self._product.variants)

    @property
    def has_only_default_variant(self) -> bool:
        return [variant.title for variant in self._product.variants] == [ONLY_VARIANT]

    @property
    def options(self) -> ListDrop:
        return ListDrop(["Title" if self.has_only_default_variant else "Option"])

    @property
    def selected_variant(self) -> VariantDrop | None:
        return next((drop for drop in self.variants if drop.id == self._chosen), None)

    @property
    def first_available_variant(self) -> VariantDrop | None:
        return next((drop for drop in self.variants if drop.available), None)

    @property
    def selected_or_first_available_variant(self) -> VariantDrop | None:
        return self.selected_variant or self.first_available_variant or next(iter(self.variants), None)

    @property
    def collections(self) -> ListDrop:
        return self._catalog.collections_of(self._product.id)

    @property
    def metafields(self) -> Any:
        return self._catalog.product_metafields(self._product)

    def as_json(self) -> Any:
        names = ("id", "title", "handle", "description", "vendor", "type", "tags", "price", "price_min", "price_max",
                 "available", "price_varies", "compare_at_price", "url", "options", "featured_image", "images",
                 "published_at", "created_at")  # fmt: skip
        plain = {name: self[name] for name in names}
        plain |= {name: plain[name].isoformat() for name in ("published_at", "created_at") if plain[name]}
        plain |= {"featured_image": self.featured_image.src, "images": [self.featured_image.src]}
        return plain | {"variants": [variant.as_json() for variant in self.variants]}
