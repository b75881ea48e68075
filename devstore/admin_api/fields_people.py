"""How customers and addresses are read."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from typing import Any

from devstore.admin_api import countries
from devstore.admin_api.context import Context
from devstore.admin_api.fields_metafields import HAS_METAFIELDS
from devstore.admin_api.gid import gid
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.search import order_search
from devstore.admin_api.views import Mail
from devstore.clock import iso
from devstore.model import Customer, Order


def _orders(customer: Customer, args: Args, ctx: Context) -> list[Order]:
    return order_search(ctx.visible(ctx.store.orders_by(customer)), args, ctx)


def _last_order(customer: Customer, args: Args, ctx: Context) -> Order | None:
    return max(ctx.visible(ctx.store.orders_by(customer)), key=lambda o: o.created_at, default=None)


def display_name(customer: Customer) -> str:
    full = f"{customer.first_name} {customer.last_name}".strip()
    return full or customer.email or customer.phone or str(customer.id)


def _address(customer: Customer, args: Args, ctx: Context) -> Mail | None:
    if customer.address is None:
        return None
    return Mail(customer.id, customer.address, customer.first_name, customer.last_name, customer.phone)


def _consent(customer: Customer, args: Args, ctx: Context) -> dict[str, Any] | None:
    if customer.email is None:
        return None
    subscribed = customer.email_marketing in ("SUBSCRIBED", "UNSUBSCRIBED")
    return {
        "marketingState": customer.email_marketing,
        "marketingOptInLevel": "SINGLE_OPT_IN",
        "consentUpdatedAt": iso(customer.updated_at) if subscribed else None,
    }


def _email(customer: Customer, args: Args, ctx: Context) -> dict[str, Any] | None:
    if customer.email is None:
        return None
    state = customer.email_marketing
    return {
        "emailAddress": customer.email,
        "marketingState": state if state != "REDACTED" else "UNSUBSCRIBED",
        "marketingOptInLevel": "SINGLE_OPT_IN",
        "marketingUpdatedAt": iso(customer.updated_at),
        "openTrackingLevel": "UNKNOWN",
        "validFormat": True,
    }


def _phone(customer: Customer, args: Args, ctx: Context) -> dict[str, Any] | None:
    return {"phoneNumber": customer.phone} if customer.phone else None


fields(
    "Customer",
    {
        **HAS_METAFIELDS,
        "id": lambda k, a, c: gid("Customer", k.id),
        "legacyResourceId": lambda k, a, c: str(k.id),
        "firstName": lambda k, a, c: k.first_name or None,
        "lastName": lambda k, a, c: k.last_name or None,
        "displayName": lambda k, a, c: display_name(k),
        "email": lambda k, a, c: k.email,
        "phone": lambda k, a, c: k.phone,
        "defaultEmailAddress": _email,
        "defaultPhoneNumber": _phone,
        "defaultAddress": _address,
        "addressesV2": lambda k, a, c: [m] if (m := _address(k, a, c)) else [],
        "emailMarketingConsent": _consent,
        "dataSaleOptOut": lambda k, a, c: k.data_sale_opt_out,
        "locale": lambda k, a, c: k.locale,
        "tags": lambda k, a, c: sorted(k.tags),
        "note": lambda k, a, c: None,
        "state": lambda k, a, c: "DISABLED",
        "verifiedEmail": lambda k, a, c: True,
        "taxExempt": lambda k, a, c: False,
        "createdAt": lambda k, a, c: iso(k.created_at),
        "updatedAt": lambda k, a, c: iso(k.updated_at),
        "numberOfOrders": lambda k, a, c: str(len(c.store.orders_of.get(k.id, ()))),
        "amountSpent": lambda k, a, c: c.money_v2(c.store.amount_spent(k)),
        "orders": _orders,
        "lastOrder": _last_order,
        "canDelete": lambda k, a, c: not c.store.orders_of.get(k.id),
    },
    Customer,
)
plain("CustomerEmailMarketingConsentState", ("marketingState", "marketingOptInLevel", "consentUpdatedAt"))
plain(
    "CustomerEmailAddress",
    ("emailAddress", "marketingState", "marketingOptInLevel", "marketingUpdatedAt", "openTrackingLevel", "validFormat"),
)
plain("CustomerPhoneNumber", ("phoneNumber",))


def _name(mail: Mail) -> str:
    return f"{mail.first_name} {mail.last_name}".strip()


fields(
    "MailingAddress",
    {
        "id": lambda m, a, c: f"{gid('MailingAddress', m.id)}?model_name=CustomerAddress",
        "firstName": lambda m, a, c: m.first_name or None,
        "lastName": lambda m, a, c: m.last_name or None,
        "name": lambda m, a, c: _name(m) or None,
        "company": lambda m, a, c: None,
        "address1": lambda m, a, c: m.address.address1,
        "address2": lambda m, a, c: None,
        "city": lambda m, a, c: m.address.city,
        "zip": lambda m, a, c: m.address.zip,
        "province": lambda m, a, c: m.address.province or None,
        "provinceCode": lambda m, a, c: None,
        "country": lambda m, a, c: countries.name(m.address.country_code),
        "countryCode": lambda m, a, c: m.address.country_code,
        "countryCodeV2": lambda m, a, c: m.address.country_code,
        "phone": lambda m, a, c: m.phone,
    },
    Mail,
)
