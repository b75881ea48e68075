"""What a store's own Klaviyo integration does, without any app: its customers, orders and products are in the account.

Customers become profiles with the consent that the store knows, subscribers stand on a “Newsletter” list, orders and
visits of known shoppers become events under Shopify's name, and the catalogue follows the products. What was there
before the integration began is history, which starts no flow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from flask import Flask, Response, request

from devstore.klaviyo.records import (
    NEVER_SUBSCRIBED,
    SHOPIFY,
    SUBSCRIBED,
    UNSUBSCRIBED,
    CatalogItem,
    ListOf,
    Organization,
    Profile,
)
from devstore.klaviyo.state import Account
from devstore.model import Customer, Order, Product, ShopInfo
from devstore.store import Store
from devstore.storefront.front import Front

CONSENT: Final[Mapping[str, str]] = {
    "SUBSCRIBED": SUBSCRIBED,
    "UNSUBSCRIBED": UNSUBSCRIBED,
    "NOT_SUBSCRIBED": NEVER_SUBSCRIBED,
}
"""CustomerEmailMarketingState → Klaviyo's; what is pending, redacted or invalid has not subscribed."""
KNOWN_COOKIE: Final = "_devstore_kx"
"""By which Klaviyo's script in the store knows whoever came by a link in a mail."""
METRICS: Final = ("Placed Order", "Ordered Product", "Fulfilled Order", "Checkout Started", "Viewed Product")


def organization_of(shop: ShopInfo, origin: str) -> Organization:
    """The merchant as the account knows them."""
    return Organization(
        name=shop.name, sender_email=shop.email, website=origin, currency=shop.currency, timezone=shop.timezone
    )


class Native:
    """The integration of one store with one account; brings over what is there, and then follows what happens."""

    def __init__(self, account: Account, store: Store, origin: str) -> None:
        self._account, self._store, self._origin = account, store, origin
        for name in METRICS:
            account.metric(name, SHOPIFY)
        self.newsletter: ListOf = account.new_list("Newsletter")
        account.mails.can_be_bought = self.can_be_bought
        self._topics: dict[str, Callable[[Any], None]] = {
            "customers/create": self._customer,
            "customers/update": self._customer,
            "customers/merge": self._merged,
            "orders/create": self._ordered,
            "products/create": self._product,
            "products/update": self._product,
            "products/delete": self._deleted,
        }
        with store.lock:
            for product in store.products.values():
                self._product(product)
            for customer in store.customers.values():
                self._customer(customer)
            for order in store.orders.values():
                self._history(order)
            store.subscribe(self._on_change)

    def can_be_bought(self, handle: str) -> bool:
        """Whether a shopper could put the product into the cart at this moment."""
        product = self._store.product_by_handle(handle)
        return (
            product is not None
            and self._published(product)
            and any(
                variant.price > 0 and (not variant.tracked or variant.oversell or variant.quantity > 0)
                for variant in product.variants
            )
        )

    def follow(self, app: Flask) -> None:
        """Watch the store's pages as Klaviyo's script does: product pages and checkouts of shoppers who are known."""
        front = app.extensions["devstore_front"]

        @app.after_request
        def visited(response: Response) -> Response:
            if request.method == "GET" and response.status_code == 200:
                self._visited(front, response)
            return response

    # -- what happens in the store -----------------------------------------------------------------------------------

    def _on_change(self, topic: str, subject: Any) -> None:
        if topic in self._topics:
            self._topics[topic](subject)

    def _customer(self, customer: Customer) -> None:
        if customer.email:
            self._profile(customer)

    def _profile(self, customer: Customer) -> Profile:
        profile = self._account.upsert(
            {"external_id": str(customer.id), "email": customer.email, "phone_number": customer.phone},
            {"first_name": customer.first_name, "last_name": customer.last_name, "locale": customer.locale},
        )
        consent = CONSENT.get(customer.email_marketing, NEVER_SUBSCRIBED)
        if profile.consent != consent and not (profile.consent == UNSUBSCRIBED and consent == NEVER_SUBSCRIBED):
            self._account.set_consent(profile, consent)
        if profile.consent == SUBSCRIBED:
            self._account.join(profile, self.newsletter)
        else:
            self._account.leave(profile, self.newsletter)
        return profile

    def _merged(self, told: tuple[int, int, str]) -> None:
        kept, _, status = told
        if status == "completed" and kept in self._store.customers:
            self._customer(self._store.customers[kept])

    def _history(self, order: Order) -> None:
        customer = self._store.customers.get(order.customer_id or 0)
        if customer is not None and customer.email and order.cancelled_at is None:
            profile = self._account.find({"external_id": str(customer.id)})
            assert profile is not None
            self._record(profile, "Placed Order", _order(order), order, backfill=True)

    def _ordered(self, order: Order) -> None:
        customer = self._store.customers.get(order.customer_id or 0)
        if customer is not None and customer.email:
            profile = self._profile(customer)
        elif order.email:
            profile = self._account.upsert({"email": order.email})
        else:
            return
        said = _order(order)
        self._record(profile, "Placed Order", said, order)
        for line, item in zip(order.lines, said["Items"], strict=True):
            more = {"ProductID": str(line.product_id or ""), "Name": item, "Quantity": line.quantity}
            self._account.record(
                profile, "Ordered Product", more, order.created_at, f"{order.id}:{line.id}", integration=SHOPIFY,
                value=line.unit_price * line.quantity / 100, value_currency=self._currency,
            )  # fmt: skip
        # This store ships at once what was paid.
        self._record(profile, "Fulfilled Order", said, order)

    def _record(
        self, profile: Profile, metric: str, said: dict[str, Any], order: Order, *, backfill: bool = False
    ) -> None:
        total = sum(line.unit_price * line.quantity - line.discount for line in order.lines) / 100
        self._account.record(
            profile, metric, said, order.created_at, str(order.id), backfill, integration=SHOPIFY,
            value=total, value_currency=self._currency,
        )  # fmt: skip

    # -- the catalogue -----------------------------------------------------------------------------------------------

    def _product(self, product: Product) -> None:
        price = min((variant.price for variant in product.variants), default=0)
        self._account.catalog[str(product.id)] = CatalogItem(
            external_id=str(product.id),
            title=product.title,
            url=f"{self._origin}/products/{product.handle}",
            image=f"{self._origin}/cdn/products/{product.id}.svg",
            price=str(Decimal(price) / 100),
            description=product.description,
            published=self._published(product),
            updated=product.updated_at,
        )

    def _deleted(self, product: Product) -> None:
        self._account.catalog.pop(str(product.id), None)

    def _published(self, product: Product) -> bool:
        at = product.published_at
        return product.status == "ACTIVE" and at is not None and at <= self._store.clock.now()

    # -- visits ------------------------------------------------------------------------------------------------------

    def _visited(self, front: Front, response: Response) -> None:
        came_by = request.args.get("_kx", "")
        if came_by:
            response.set_cookie(KNOWN_COOKIE, came_by, samesite="Lax")
        if request.endpoint not in ("storefront.product", "storefront.checkout_page"):
            return
        profile = self._who(front, came_by)
        if profile is None:
            return
        if request.endpoint == "storefront.product":
            product = self._store.product_by_handle(str((request.view_args or {}).get("handle", "")))
            if product is not None:
                url = f"{self._origin}/products/{product.handle}"
                said = {"ProductID": str(product.id), "Name": product.title, "URL": url}
                self._account.record(profile, "Viewed Product", said, integration=SHOPIFY)
        else:
            self._checkout(front, profile)

    def _who(self, front: Front, came_by: str) -> Profile | None:
        customer = front.customer()
        if customer is not None and customer.email:
            return self._account.find({"external_id": str(customer.id)})
        known = came_by or request.cookies.get(KNOWN_COOKIE, "")
        return self._account.find({"_kx": known}) if known else None

    def _checkout(self, front: Front, profile: Profile) -> None:
        lines = [(self._store.variants[line.variant_id], line.quantity) for line in front.cart().lines]
        if not lines:
            return
        items = [
            {"product_id": variant.product_id, "title": self._store.products[variant.product_id].title,
             "quantity": quantity, "price": str(Decimal(variant.price) / 100)}
            for variant, quantity in lines
        ]  # fmt: skip
        said = {
            "Items": [item["title"] for item in items],
            "extra": {"line_items": items, "responsive_checkout_url": f"{self._origin}/checkout"},
        }
        value = sum(variant.price * quantity for variant, quantity in lines) / 100
        self._account.record(
            profile, "Checkout Started", said, integration=SHOPIFY, value=value, value_currency=self._currency
        )

    @property
    def _currency(self) -> str:
        return self._store.world.shop.currency


def _order(order: Order) -> dict[str, Any]:
    return {
        "OrderId": str(order.id),
        "Items": [line.title for line in order.lines],
        "extra": {
            "order_number": order.number,
            "line_items": [
                {"product_id": line.product_id, "title": line.title, "quantity": line.quantity,
                 "price": str(Decimal(line.unit_price) / 100)}
                for line in order.lines
            ],
        },
    }  # fmt: skip
