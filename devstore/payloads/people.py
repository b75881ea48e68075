"""Bodies of customers.

Since API version 2025-01 they no longer say tags, marketing consent, orders_count, total_spent or the last order, and
they never said data_sale_opt_out: an app that needs those asks the Admin API.
https://shopify.dev/changelog/new-customer-s-webhook-and-changes-to-existing-customer-s-webhooks-payload
"""

from __future__ import annotations

from devstore.admin_api import countries
from devstore.model import Address, Customer
from devstore.payloads.catalogue import CataloguePayloads
from devstore.payloads.wire import Payload


class CustomerPayloads(CataloguePayloads):
    def customer(self, customer: Customer) -> Payload:
        private = self._options.level2
        address = self._address(customer, customer.address) if private and customer.address else None
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
            "multipass_identifier": None,
            "currency": self._store.world.shop.currency,
            "tax_exempt": False,
            "tax_exemptions": [],
            "default_address": address,
            "addresses": [address] if address else [],
        }

    def customer_deleted(self, customer: Customer) -> Payload:
        return {
            "id": customer.id,
            "admin_graphql_api_id": f"gid://shopify/Customer/{customer.id}",
            "phone": None,
            "addresses": [],
            "tax_exemptions": [],
        }

    def customers_merged(self, kept: int, gone: int, status: str) -> Payload:
        """The numbers of the two and what became of the merge; Shopify tells of failed ones too."""
        failed = {"customer_ids": [kept, gone], "field": "merge_in_progress", "message": "The merge did not succeed."}
        return {
            "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{kept}",
            "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{gone}",
            "admin_graphql_api_job_id": None,
            "status": status,
            "errors": [failed] if status == "failed" else [],
        }

    def _email_consent(self, customer: Customer) -> Payload | None:
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
            "email_marketing_consent": self._email_consent(customer),
        }

    def _address(self, customer: Customer, address: Address) -> Payload:
        return {
            "id": customer.id,
            "customer_id": customer.id,
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "name": f"{customer.first_name} {customer.last_name}".strip(),
            "company": None,
            "address1": address.address1,
            "address2": None,
            "city": address.city,
            "province": address.province or None,
            "province_code": None,
            "zip": address.zip,
            "country": countries.name(address.country_code),
            "country_code": address.country_code,
            "country_name": countries.name(address.country_code),
            "phone": customer.phone,
            "default": True,
        }
