"""One request to the storefront: who asks, with which cart, for which page; and the Liquid objects that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devstore.model import Customer
from devstore.storefront.carts import Cart
from devstore.storefront.catalog import AllProducts, Catalog
from devstore.storefront.drops.cart import CartDrop
from devstore.storefront.drops.search import PredictiveSearchDrop, RecommendationsDrop, SearchDrop
from devstore.storefront.drops.shop import AppDrop, CustomerDrop, ShopDrop, TemplateDrop, localization, routes
from devstore.storefront.liquid import Missing
from devstore.storefront.markets import language, primary

MISSING = ("articles", "blogs", "images", "linklists", "metaobjects", "pages", "settings")
"""Global objects of Shopify's that the devstore lacks; asking them anything is an error."""


@dataclass(frozen=True, slots=True)
class Visit:
    catalog: Catalog
    cart: Cart
    customer: Customer | None
    path: str
    """As the visitor's address bar shows it, the market's root included."""
    page_number: int = 1
    query: str = ""
    """The rest of the query string, which links to other pages of a list keep."""
    design_mode: bool = False
    """Whether the page is shown inside the theme editor."""

    def objects(self, template: str) -> dict[str, Any]:
        """The global objects of Liquid on a page of this type."""
        catalog = self.catalog
        store, market = catalog.store, catalog.market
        return {
            "shop": ShopDrop(store.world.shop, catalog.options.origin, primary(store).locale),
            "cart": CartDrop(self.cart, catalog),
            "customer": CustomerDrop(self.customer, catalog) if self.customer else None,
            "app": AppDrop(catalog),
            "all_products": AllProducts(catalog),
            "collections": catalog.collections(),
            "routes": routes(market),
            "localization": localization(store.markets, market),
            "template": TemplateDrop(template),
            "request": {
                "locale": language(market),
                "host": catalog.options.origin.split("://", 1)[-1],
                "origin": catalog.options.origin,
                "path": self.path,
                "page_type": template,
                "design_mode": self.design_mode,
                "visual_preview_mode": False,
            },
            "search": SearchDrop(catalog, ""),
            "predictive_search": PredictiveSearchDrop(catalog, ""),
            "recommendations": RecommendationsDrop(),
            "current_page": self.page_number,
            "page_query": self.query,
            **{name: Missing(name) for name in MISSING},
        }
