"""Objects that every template sees: shop, customer, request, routes, localization and app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from devstore.model import Customer, Market, ShopInfo
from devstore.storefront.drops.metafields import MetafieldsDrop
from devstore.storefront.liquid import Drop, ListDrop
from devstore.storefront.markets import country, language, root_url

if TYPE_CHECKING:
    from devstore.storefront.catalog import Catalog

PATHS = {
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


def routes(market: Market) -> dict[str, str]:
    """`routes`: the addresses of a market begin with its root."""
    return {"root_url": root_url(market), **{name: market.root + path for name, path in PATHS.items()}}


class ShopDrop(Drop):
    not_simulated = frozenset((
        "accepts_gift_cards", "address", "brand", "collections_count", "customer_accounts_enabled",
        "customer_accounts_optional", "description", "enabled_currencies", "enabled_locales", "enabled_payment_types",
        "metafields", "metaobjects", "money_format", "money_with_currency_format", "password_message", "phone",
        "policies", "privacy_policy", "products_count", "published_locales", "refund_policy", "shipping_policy",
        "subscription_policy", "taxes_included", "terms_of_service", "types", "vendors",
    ))  # fmt: skip

    def __init__(self, info: ShopInfo, origin: str, locale: str = "en") -> None:
        self._info, self._origin, self._locale = info, origin, locale

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
        return self._locale


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
        self.catalog = catalog

    @property
    def metafields(self) -> MetafieldsDrop:
        return self.catalog.app_metafields()


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


def localization(markets: Sequence[Market], market: Market) -> dict[str, Any]:
    """`localization`: where the visitor is, and every country and language that the shop serves."""
    return {
        "country": country(market, market.countries[0]),
        "language": language(market),
        "market": {"handle": market.handle, "id": market.id},
        "available_countries": ListDrop(country(each, code) for each in markets for code in each.countries),
        "available_languages": ListDrop(language(each) for each in markets),
    }
