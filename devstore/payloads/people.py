"""Bodies of customers."""

from __future__ import annotations

from devstore import totals
from devstore.admin_api import countries
from devstore.model import Address, Customer
from devstore.payloads.catalogue import CataloguePayloads
from devstore.payloads.wire import Payload


class CustomerPayloads(CataloguePayloads):
    def customer(self, customer: Customer) -> Payload:
        private = self._options.level2
        address = self._address(customer, customer.address) if private and customer.address else None
        spent = sum(
            totals.current_total(order)
            for order_id in self._store.orders_of.get(customer.id, ())
            if (order := self._store.orders[order_id]).cancelled_at is None
        )
        return {
            "id": customer.id,
            "admin_graphql_api_id": f"gid://shopify/Customer/{customer.id}",
            "email": customer.email if private else None,
            "first_name": customer.first_name if private else None,
            "last_name": customer.last_name if private else None,
            "phone": customer.phone if private else None,
            "created_at": self.time(customer.created_at),
            "updated_at": self.time(customer.updated_at),
            "state": "disabled",
            "note": None,
            "verified_email": True,
            "tags": ", ".join(sorted(customer.tags)),
            "currency": self._store.world.shop.currency,
            "orders_count": len(self._store.orders_of.get(customer.id, ())),
            "total_spent": self.money(spent),
            "tax_exempt": False,
            "data_sale_opt_out": customer.data_sale_opt_out,
            "email_marketing_consent": self.email_consent(customer),
            "default_address": address,
            "addresses": [address] if address else [],
        }

    def email_consent(self, customer: Customer) -> Payload | None:
        if customer.email is None:
            return None
        return {
            "state": customer.email_marketing.lower(),
            "opt_in_level": "single_opt_in",
            "consent_updated_at": self.time(customer.updated_at),
        }

    def consent_update(self, customer: Customer) -> Payload:
        return {
            "customer_id": customer.id,
            "email_address": customer.email if self._options.level2 else None,
            "email_marketing_consent": self.email_consent(customer),
        }

    def _address(self, customer: Customer, address: Address) -> Payload:
        return {
            "id": customer.id,
            "customer_id": customer.id,
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "name": f"{customer.first_name} {customer.last_name}".strip(),
            "address1": address.address1,
            "address2": None,
            "city": address.city,
            "province": address.province or None,
            "zip": address.zip,
            "country": countries.name(address.country_code),
            "country_code": address.country_code,
            "phone": customer.phone,
            "default": True,
        }
