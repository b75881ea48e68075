"""What a page tells Shopify's own script: the standard events of the page, the pixel to run, and the privacy rules.

It is data in the page's head; theme/assets/shopify.js and pixels.js act on it. Whatever identifies the visitor to a
pixel is not in it, as the theme's scripts may read all of a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devstore.options import Options
from devstore.store import Store
from devstore.storefront.drops.cart import CartDrop
from devstore.storefront.errors import report
from devstore.storefront.liquid.filters import to_json
from devstore.storefront.pixels import payloads
from devstore.storefront.pixels.extension import PixelExtension, load_pixel
from devstore.storefront.theme_settings import ThemeSettings
from devstore.storefront.visit import Visit

PAGE_SIZE = 24
"""How many products the theme's collections and searches show on a page."""
Event = tuple[str, dict[str, Any]]


class Pixels:
    def __init__(self, store: Store, options: Options, settings: ThemeSettings) -> None:
        self._store, self._settings = store, settings
        self._root = options.extensions

    @property
    def extension(self) -> PixelExtension | None:
        """Read anew every time: what a developer changes is there on the next page."""
        return load_pixel(self._root) if self._root.is_dir() else None

    def connected(self) -> PixelExtension | None:
        """The app's pixel once `webPixelCreate` has connected it to this shop."""
        return self.extension if self._store.web_pixel is not None else None

    def head(self, visit: Visit, template: str, objects: Mapping[str, Any]) -> str:
        """The set-up of one page, as a script element of JSON."""
        market = visit.catalog.market
        setup = {
            "privacy": {
                "needed": market.handle not in self._settings.consent_free,
                "region": market.countries[0],
            },
            "pixels": list(self._pixels()),
            "events": [{"name": name, "data": data} for name, data in _events(visit, template, objects)],
            "init": _init(visit),
        }
        visit.cart.pending.clear()
        return f'<script id="web-pixels-manager-setup" type="application/json">{to_json(setup)}</script>'

    def _pixels(self) -> Iterator[dict[str, Any]]:
        try:
            found = self.connected()
        except (ValueError, OSError) as error:
            report(f"web pixel: {error}")
            return
        pixel = self._store.web_pixel
        if found is not None and pixel is not None:
            yield {
                "id": str(pixel.id),
                "handle": found.handle,
                "purposes": list(found.purposes),
                "saleOfData": found.sale_of_data,
                "src": f"/_sandbox/{pixel.id}",
            }


def _events(visit: Visit, template: str, objects: Mapping[str, Any]) -> Iterator[Event]:
    """The standard events of a page in the order of their happening."""
    yield from visit.cart.pending
    catalog = visit.catalog
    if template not in ("checkout", "thank-you"):
        yield "page_viewed", {}
    if template == "product":
        yield "product_viewed", {"productVariant": payloads.variant(catalog, objects["product"])}
    elif template == "collection":
        shown = objects["collection"]
        page = shown.products.on_page(visit.page_number, PAGE_SIZE)
        yield "collection_viewed", {"collection": payloads.collection(catalog, shown, page)}
    elif template == "search" and objects["search"].performed:
        found = objects["search"]
        page = payloads.variants(catalog, found.results.on_page(visit.page_number, PAGE_SIZE))
        yield "search_submitted", {"searchResult": {"query": found.terms, "productVariants": page}}
    elif template == "cart":
        yield "cart_viewed", {"cart": payloads.cart(catalog, CartDrop(visit.cart, catalog))}
    elif template == "checkout" and visit.cart.lines:
        yield "checkout_started", {"checkout": payloads.checkout(visit, CartDrop(visit.cart, catalog))}
    elif template == "thank-you":
        bought, order, saved = objects["bought"], objects["placed"], objects["saved"]
        yield "checkout_completed", {"checkout": payloads.checkout(visit, bought, order, saved)}


def _init(visit: Visit) -> dict[str, Any]:
    """`init.data`. The customer's name and address need more approval than an app pixel has here: they are null."""
    catalog = visit.catalog
    shop, customer = catalog.store.world.shop, visit.customer
    orders = len(catalog.store.orders_of.get(customer.id, ())) if customer else 0
    person = {"email": None, "firstName": None, "lastName": None, "phone": None}
    return {
        "customer": {"id": str(customer.id), "ordersCount": orders, **person} if customer else None,
        "cart": payloads.cart(catalog, CartDrop(visit.cart, catalog)),
        "shop": {
            "countryCode": shop.country_code,
            "myshopifyDomain": shop.domain,
            "name": shop.name,
            "paymentSettings": {"currencyCode": shop.currency},
            "storefrontUrl": catalog.options.origin,
        },
        "purchasingCompany": None,
    }
