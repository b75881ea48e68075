"""`search`, `predictive_search` and `recommendations`: lists that an address asks for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from devstore.storefront.catalog import Catalog
from devstore.storefront.drops.collection import CollectionDrop, ProductList
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.liquid import Drop, ListDrop
from devstore.storefront.search import find_collections, find_products
from devstore.storefront.sorting import SEARCH_ORDERS


class SearchDrop(Drop):
    not_simulated = frozenset(("filters",))

    def __init__(self, catalog: Catalog, terms: str, sort_by: str = "") -> None:
        self._catalog, self._terms = catalog, terms
        self._sort_by = sort_by if sort_by in SEARCH_ORDERS else "relevance"

    @property
    def terms(self) -> str:
        return self._terms

    @property
    def performed(self) -> bool:
        return bool(self._terms.strip())

    @property
    def types(self) -> ListDrop:
        return ListDrop(["product"])

    @cached_property
    def results(self) -> ProductList:
        found = find_products(self._catalog, self._terms)
        return ProductList(self._catalog.sorted_ids(found, self._sort_by), self._catalog)

    @property
    def results_count(self) -> int:
        return self.results.total

    @property
    def sort_by(self) -> str:
        return self._sort_by

    @property
    def default_sort_by(self) -> str:
        return "relevance"

    @property
    def sort_options(self) -> ListDrop:
        return ListDrop({"value": value, "name": name} for value, name in SEARCH_ORDERS.items())


class PredictiveSearchDrop(Drop):
    def __init__(self, catalog: Catalog, terms: str, limit: int = 10) -> None:
        self._catalog, self._terms, self._limit = catalog, terms, limit

    @property
    def terms(self) -> str:
        return self._terms

    @property
    def performed(self) -> bool:
        return bool(self._terms.strip())

    @property
    def types(self) -> ListDrop:
        return ListDrop(["product", "collection"])

    @cached_property
    def resources(self) -> dict[str, ListDrop]:
        catalog = self._catalog
        products = [catalog.drop(product_id) for product_id in find_products(catalog, self._terms)[: self._limit]]
        collections = find_collections(catalog, self._terms)[: self._limit]
        shown = ListDrop(CollectionDrop(collection, catalog) for collection in collections)
        empty = {name: ListDrop() for name in ("articles", "pages", "queries")}
        return {"products": ListDrop(products), "collections": shown, **empty}


class RecommendationsDrop(Drop):
    """Filled on the addresses below /recommendations only, as on Shopify."""

    def __init__(self, products: list[ProductDrop] | None = None, intent: str | None = None) -> None:
        self._products, self._intent = products, intent

    @property
    def performed(self) -> bool:
        return self._products is not None

    @property
    def products(self) -> ListDrop:
        return ListDrop(self._products or ())

    @property
    def products_count(self) -> int:
        return len(self._products or ())

    @property
    def intent(self) -> Any:
        return self._intent
