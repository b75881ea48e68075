"""What shoppers of one market may see of the store, as Liquid objects: only published, active products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devstore.model import Collection, Market, Product
from devstore.options import Options
from devstore.store import Store
from devstore.storefront.drops.collection import CollectionDrop
from devstore.storefront.drops.metafields import MetafieldsDrop
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.drops.variant import in_stock
from devstore.storefront.errors import report
from devstore.storefront.liquid import Drop, ListDrop
from devstore.storefront.markets import price_in
from devstore.storefront.sorting import sorted_products

ALL_PRODUCTS_LIMIT = 20
"""`all_products` finds twenty different handles per page on Shopify; what is asked beyond that is nil."""


class Catalog:
    """One per request, as drops remember what they have looked up."""

    def __init__(self, store: Store, options: Options, market: Market) -> None:
        self.store, self.options, self.market = store, options, market
        self.price, self.root = price_in(market), market.root
        fields = options.app_toml.metafields
        self._readable = frozenset(f.key for f in fields if f.owner_type == "PRODUCT" and f.storefront_access)

    def visible(self, product: Product | None) -> bool:
        if product is None or product.status != "ACTIVE" or product.published_at is None:
            return False
        return product.published_at <= self.store.clock.now()

    def recommendable(self, product: Product | None) -> bool:
        """Whether Shopify's own recommendations may name it: for sale, in stock, not free, no gift card."""
        if product is None or not self.visible(product) or product.is_gift_card:
            return False
        return any(in_stock(variant) for variant in product.variants) and product.variants[0].price > 0

    def visible_ids(self, product_ids: Sequence[int]) -> list[int]:
        products = self.store.products
        return [product_id for product_id in product_ids if self.visible(products.get(product_id))]

    def sorted_ids(self, product_ids: list[int], sort_by: str) -> list[int]:
        """The ids in one of `sorting.ORDERS`; none means as they are."""
        if sort_by == "best-selling":
            place = {p.id: n for n, p in enumerate(self.store.best_sellers(len(self.store.products)))}
            return sorted(product_ids, key=lambda product_id: place.get(product_id, len(place)))
        products = self.store.products
        return [p.id for p in sorted_products([products[product_id] for product_id in product_ids], sort_by)]

    def product(self, handle: str, variant_id: int | None = None) -> ProductDrop | None:
        found = self.store.product_by_handle(handle)
        return ProductDrop(found, self, variant_id) if found and self.visible(found) else None

    def drop(self, product_id: int) -> ProductDrop:
        return ProductDrop(self.store.products[product_id], self)

    def collection(self, handle: str, sort_by: str = "") -> CollectionDrop | None:
        if handle == "all":
            return CollectionDrop(self._everything(), self, sort_by)
        found = self.store.collection_by_handle(handle)
        return CollectionDrop(found, self, sort_by) if found else None

    def collections(self) -> Collections:
        return Collections(CollectionDrop(found, self) for found in list(self.store.collections.values()))

    def collections_of(self, product_id: int) -> ListDrop:
        return ListDrop(CollectionDrop(found, self) for found in self.store.collections_of(product_id))

    def best_sellers(self, limit: int) -> ListDrop:
        found = (product for product in self.store.best_sellers(limit * 2) if self.visible(product))
        wanted = [product for product in found if not product.is_gift_card][:limit]
        return ListDrop(ProductDrop(product, self) for product in wanted)

    def product_metafields(self, product: Product) -> MetafieldsDrop:
        return MetafieldsDrop(product.metafields, self.store.app_namespace, self.reference, self._readable)

    def app_metafields(self) -> MetafieldsDrop:
        owner = f"gid://shopify/AppInstallation/{self.store.app_installation_id}"
        return MetafieldsDrop(self.store.metafields(owner), self.store.app_namespace, self.reference)

    def reference(self, gid: str) -> Any:
        """What a metafield reference shows; nil for what does not exist, or not for shoppers."""
        kind, _, number = gid.removeprefix("gid://shopify/").partition("/")
        if not number.isdigit():
            return None
        if kind == "Product":
            product = self.store.products.get(int(number))
            return ProductDrop(product, self) if product and self.visible(product) else None
        if kind == "Collection":
            collection = self.store.collections.get(int(number))
            return CollectionDrop(collection, self) if collection else None
        return None

    def _everything(self) -> Collection:
        now = self.store.clock.now()
        return Collection(0, "all", "All products", "", [p.id for p in list(self.store.products.values())], now)


class Collections(ListDrop):
    """`collections`, a list that also finds by handle: `collections['kitchen']`."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key not in ("count", "size", "first", "last"):
            return next((drop for drop in self if drop.handle == key), None)
        return super().__getitem__(key)


class AllProducts(Drop):
    """`all_products['handle']`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._asked: set[str] = set()

    def __getitem__(self, key: object) -> Any:
        handle = str(key)
        if handle in self._asked or len(self._asked) < ALL_PRODUCTS_LIMIT:
            self._asked.add(handle)
            return self._catalog.product(handle)
        # Shopify says nothing; whoever reads the log should know why cards are missing.
        report(f"all_products finds {ALL_PRODUCTS_LIMIT} handles a page; {handle} is one more")
        return None
