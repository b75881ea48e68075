"""Which body each webhook topic carries, and which scope an app needs to be sent it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from devstore.admin_api.bulk_operation import BulkOperation
from devstore.model import Customer
from devstore.options import COMPLIANCE_TOPICS, Options
from devstore.payloads import Payload, Payloads
from devstore.store import Store

_SCOPES = {
    "products": "products",
    "collections": "products",
    "inventory_levels": "inventory",
    "orders": "orders",
    "refunds": "orders",
    "customers": "customers",
    "customers_email_marketing_consent": "customers",
}


_OWN_SCOPES = {"customers/merge": "customer_merge"}


def may_receive(topic: str, scopes: Collection[str]) -> bool:
    """Whether an app with these scopes is sent the topic; an app without them cannot even subscribe on Shopify."""
    subject = None if topic in COMPLIANCE_TOPICS else _OWN_SCOPES.get(topic, _SCOPES.get(topic.partition("/")[0]))
    return subject is None or f"read_{subject}" in scopes or f"write_{subject}" in scopes


def builders(payloads: Payloads, store: Store, options: Options) -> dict[str, Callable[[Any], Payload]]:
    """From a topic to the function that makes its body of what the store emitted."""
    shop = _Shop(store, options, payloads)
    return {
        "products/create": payloads.product,
        "products/update": payloads.product,
        "products/delete": lambda product: {"id": product.id},
        "collections/create": payloads.collection,
        "collections/update": payloads.collection,
        "collections/delete": lambda collection: {"id": collection.id, "published_scope": "web"},
        "orders/create": payloads.order,
        "orders/paid": payloads.order,
        "orders/updated": payloads.order,
        "orders/cancelled": payloads.order,
        "orders/delete": lambda order: {"id": order.id},
        "refunds/create": lambda pair: payloads.refund(*pair),
        "customers/create": payloads.customer,
        "customers/update": payloads.customer,
        "customers/delete": payloads.customer_deleted,
        "customers/merge": lambda merge: payloads.customers_merged(*merge),
        "customers_email_marketing_consent/update": payloads.consent_update,
        "inventory_levels/update": payloads.inventory_level,
        "bulk_operations/finish": lambda operation: bulk_finished(operation, payloads),
        "app/uninstalled": lambda _: shop.itself(),
        "app/scopes_update": shop.scopes,
        "customers/data_request": shop.data_request,
        "customers/redact": shop.customer_redact,
        "shop/redact": lambda _: shop.identity(),
    }


def bulk_finished(operation: BulkOperation, payloads: Payloads) -> Payload:
    """Status and type come in lower case here, unlike in GraphQL."""
    return {
        "admin_graphql_api_id": f"gid://shopify/BulkOperation/{operation.id}",
        "completed_at": payloads.time(operation.completed_at) if operation.completed_at else None,
        "created_at": payloads.time(operation.created_at),
        "error_code": operation.error_code.lower() if operation.error_code else None,
        "status": operation.status.lower(),
        "type": operation.type.lower(),
    }


class _Shop:
    """Bodies about the shop, the app, and the three compliance topics."""

    def __init__(self, store: Store, options: Options, payloads: Payloads) -> None:
        self._store, self._options, self._payloads = store, options, payloads

    def identity(self) -> Payload:
        return {"shop_id": self._store.world.shop.id, "shop_domain": self._options.shop_domain}

    def itself(self) -> Payload:
        shop = self._store.world.shop
        return {
            "id": shop.id,
            "name": shop.name,
            "email": shop.email,
            "shop_owner": shop.owner_name,
            "domain": self._options.shop_domain,
            "myshopify_domain": self._options.shop_domain,
            "currency": shop.currency,
            "iana_timezone": shop.timezone,
            "country_code": shop.country_code,
            "plan_display_name": shop.plan,
            "updated_at": self._payloads.time(self._store.clock.now()),
        }

    def scopes(self, change: tuple[list[str], list[str]]) -> Payload:
        previous, current = change
        return {
            "id": self._store.app_id,
            "previous": previous,
            "current": current,
            "updated_at": self._payloads.time(self._store.clock.now()),
        }

    def data_request(self, customer: Customer) -> Payload:
        orders = list(self._store.orders_of.get(customer.id, ()))
        return {
            **self.identity(),
            "orders_requested": orders,
            "customer": self._person(customer),
            "data_request": {"id": self._store.next_id()},
        }

    def customer_redact(self, customer: Customer) -> Payload:
        orders = list(self._store.orders_of.get(customer.id, ()))
        return {**self.identity(), "customer": self._person(customer), "orders_to_redact": orders}

    def _person(self, customer: Customer) -> Payload:
        return {"id": customer.id, "email": customer.email, "phone": customer.phone}
