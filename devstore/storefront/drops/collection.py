"""`collection`: its products are made one by one as a template walks over them, and may be shown page by page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from devstore.model import Collection
from devstore.storefront.liquid import Drop, ListDrop
from devstore.storefront.sorting import ORDERS

if TYPE_CHECKING:
    from devstore.storefront.catalog import Catalog
    from devstore.storefront.drops.product import ProductDrop

UNPAGED_LIMIT = 50
"""As on Shopify, a loop outside `{% paginate %}` sees the first fifty."""


class ProductList(Sequence["ProductDrop"]):
    def __init__(self, product_ids: Sequence[int], catalog: Catalog) -> None:
        self._ids, self._catalog = product_ids, catalog
        self._shown = self._ids[:UNPAGED_LIMIT]
        self.total = len(product_ids)

    def show(self, start: int, size: int) -> None:
        self._shown = self._ids[start : start + size]

    def on_page(self, number: int, size: int) -> list[ProductDrop]:
        """What page `number` shows, without turning to it; the last page where there is no such one."""
        last = max(1, -(-self.total // size))
        start = (max(1, min(number, last)) - 1) * size
        return [self._catalog.drop(product_id) for product_id in self._ids[start : start + size]]

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, index: int) -> ProductDrop: ...
    @overload
    def __getitem__(self, index: slice) -> list[ProductDrop]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._catalog.drop(product_id) for product_id in self._shown[index]]
        if isinstance(index, int):
            return self._catalog.drop(self._shown[index])
        if index in ("size", "count"):
            return len(self)
        raise KeyError(index)


class CollectionDrop(Drop):
    not_simulated = frozenset((
        "all_tags", "all_types", "all_vendors", "current_type", "current_vendor", "filters", "image", "metafields",
        "next_product", "previous_product", "published_at", "tags", "template_suffix",
    ))  # fmt: skip

    def __init__(self, collection: Collection, catalog: Catalog, sort_by: str = "") -> None:
        """`sort_by` is what the visitor chose; anything unknown means the collection's own order."""
        self._collection, self._catalog = collection, catalog
        self._sort_by = sort_by if sort_by in ORDERS else ""

    @property
    def id(self) -> int:
        return self._collection.id

    @property
    def handle(self) -> str:
        return self._collection.handle

    @property
    def title(self) -> str:
        return self._collection.title

    @property
    def description(self) -> str:
        return self._collection.description

    @property
    def url(self) -> str:
        return f"{self._catalog.root}/collections/{self._collection.handle}"

    @cached_property
    def products(self) -> ProductList:
        found = self._catalog.visible_ids(self._collection.product_ids)
        return ProductList(self._catalog.sorted_ids(found, self._sort_by), self._catalog)

    @property
    def sort_by(self) -> str:
        return self._sort_by

    @property
    def default_sort_by(self) -> str:
        return "manual"

    @property
    def sort_options(self) -> ListDrop:
        return ListDrop({"value": value, "name": name} for value, name in ORDERS.items())

    @property
    def products_count(self) -> int:
        return self.products.total

    @property
    def all_products_count(self) -> int:
        return self.products.total

    @property
    def featured_image(self) -> Any:
        return self.products[0].featured_image if len(self.products) else None

    def as_json(self) -> Any:
        return {name: self[name] for name in ("id", "handle", "title", "description")}
