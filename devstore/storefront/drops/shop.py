"""Objects that every template sees: shop, customer, request, routes, localization and app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devstore.model import Customer, ShopInfo
from devstore.storefront.drops.metafields import MetafieldsDrop
from devstore.storefront.liquid import Drop, ListDrop

if TYPE_CHECKING:
    from devstore.storefront.catalog import Catalog

ROUTES = {
    "root_url": "/",
    "account_url": "/account",
    "account_login_url": "/account/login",
    "account_logout_url": "/account/logout",
    "all_products_collection_url": "/collections/all",
    "cart_url": "/cart",
    "cart_add_url": "/cart/add",
    "cart_change_url": "/cart/change",
    "cart_clear_url": "/cart/clear",
    "cart_update_url": "/cart/update",
    "collections_url": "/collections",
    "product_recommendations_url": "/recommendations/products",
    "search_url": "/search",
    "predictive_search_url": "/search/suggest",
}
LOCALE = {"iso_code": "en", "name": "English", "endonym_name": "English", "primary": True, "root_url": "/"}


class ShopDrop(Drop):
    not_simulated = frozenset((
        "accepts_gift_cards", "address", "brand", "collections_count", "customer_accounts_enabled",
        "customer_accounts_optional", "description", "enabled_currencies", "enabled_locales", "enabled_payment_types",
        "metafields", "metaobjects", "money_format", "money_with_currency_format", "password_message", "phone",
        "policies", "privacy_policy", "products_count", "published_locales", "refund_policy", "shipping_policy",
        "subscription_policy", "taxes_included", "terms_of_service", "types", "vendors",
    ))  # fmt: skip

    def __init__(self, info: ShopInfo, origin: str) -> None:
        self._info, self._origin = info, origin

    @property
    def id(self) -> int:
        return self._info.id

    @property
    def name(self) -> str:
        return self._info.name

    @property
    def email(self) -> str:
        return self._info.email

    @property
    def currency(self) -> str:
        return self._info.currency

    @property
    def domain(self) -> str:
        return self._info.domain

    @property
    def permanent_domain(self) -> str:
        return self._info.domain

    @property
    def url(self) -> str:
        return self._origin

    @property
    def secure_url(self) -> str:
        return self._origin

    @property
    def locale(self) -> str:
        return "en"


class CustomerDrop(Drop):
    not_simulated = frozenset((
        "accepts_marketing", "addresses", "addresses_count", "b2b", "company_available_locations", "current_company",
        "current_location", "default_address", "has_account", "has_avatar", "last_order", "orders", "payment_methods",
        "phone", "store_credit_account", "tax_exempt", "total_spent",
    ))  # fmt: skip

    def __init__(self, customer: Customer, catalog: Catalog) -> None:
        self._customer, self._catalog = customer, catalog

    @property
    def id(self) -> int:
        return self._customer.id

    @property
    def first_name(self) -> str:
        return self._customer.first_name

    @property
    def last_name(self) -> str:
        return self._customer.last_name

    @property
    def name(self) -> str:
        return f"{self._customer.first_name} {self._customer.last_name}".strip()

    @property
    def email(self) -> str | None:
        return self._customer.email

    @property
    def tags(self) -> ListDrop:
        return ListDrop(self._customer.tags)

    @property
    def orders_count(self) -> int:
        return len(self._catalog.store.orders_of.get(self._customer.id, ()))

    @property
    def metafields(self) -> MetafieldsDrop:
        store = self._catalog.store
        found = store.metafields(f"gid://shopify/Customer/{self._customer.id}")
        return MetafieldsDrop(found, store.app_namespace, self._catalog.reference)


class AppDrop(Drop):
    """`app.metafields.<namespace>.<key>`: the app-data metafields of the installation."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def metafields(self) -> MetafieldsDrop:
        return self._catalog.app_metafields()


class TemplateDrop(Drop):
    """`{{ template }}` prints the name; `template.name` is the same without a suffix."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def suffix(self) -> None:
        return None

    @property
    def directory(self) -> None:
        return None

    def __str__(self) -> str:
        return self._name

    def __eq__(self, other: object) -> bool:
        return str(other) == self._name

    def __hash__(self) -> int:
        return hash(self._name)


def localization(country_code: str, currency: str) -> dict[str, Any]:
    country = {"iso_code": country_code, "name": country_code, "currency": {"iso_code": currency}}
    return {
        "country": country,
        "language": LOCALE,
        "market": {"handle": "primary"},
        "available_countries": ListDrop([country]),
        "available_languages": ListDrop([LOCALE]),
    }
