"""One request to the storefront: who asks, with which cart, for which page; and the Liquid objects that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devstore.model import Customer
from devstore.storefront.carts import Cart
from devstore.storefront.catalog import AllProducts, Catalog
from devstore.storefront.drops.cart import CartDrop
from devstore.storefront.drops.shop import LOCALE, ROUTES, AppDrop, CustomerDrop, ShopDrop, TemplateDrop, localization
from devstore.storefront.liquid import Missing

MISSING = ("articles", "blogs", "images", "linklists", "metaobjects", "pages", "recommendations", "settings")
"""Global objects of Shopify's that the devstore lacks; asking them anything is an error."""


@dataclass(frozen=True, slots=True)
class Visit:
    catalog: Catalog
    cart: Cart
    customer: Customer | None
    path: str
    page_number: int = 1

    def objects(self, template: str) -> dict[str, Any]:
        """The global objects of Liquid on a page of this type."""
        catalog = self.catalog
        shop = catalog.store.world.shop
        drop = TemplateDrop(template)
        return {
            "shop": ShopDrop(shop, catalog.options.origin),
            "cart": CartDrop(self.cart, catalog),
            "customer": CustomerDrop(self.customer, catalog) if self.customer else None,
            "app": AppDrop(catalog),
            "all_products": AllProducts(catalog),
            "collections": catalog.collections(),
            "routes": ROUTES,
            "localization": localization(shop.country_code, shop.currency),
            "template": drop,
            "request": {
                "locale": LOCALE,
                "host": catalog.options.origin.split("://", 1)[-1],
                "origin": catalog.options.origin,
                "path": self.path,
                "page_type": template,
                "design_mode": False,
                "visual_preview_mode": False,
            },
            "current_page": self.page_number,
            **{name: Missing(name) for name in MISSING},
        }
