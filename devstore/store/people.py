"""Changes to customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from devstore.model import Customer
from devstore.store.catalogue import CatalogueChanges
from devstore.store.records import field_value, get

_CUSTOMER_FIELDS = frozenset(
    ("first_name", "last_name", "email", "phone", "address", "tags", "email_marketing", "data_sale_opt_out", "locale")
)


class CustomerChanges(CatalogueChanges):
    """What happens to the people a shop knows."""

    def create_customer(self, email: str | None, *, webhooks: bool = True, **fields: Any) -> Customer:
        with self.lock:
            now = self.clock.now()
            customer = Customer(self.next_id(), "", "", email, None, None, now, now)
            changed: dict[str, Any] = {k: field_value(k, v) for k, v in fields.items()}
            customer = replace(customer, **changed)
            self.customers[customer.id] = customer
            if email:
                self._emails[email.lower()] = customer.id
            if webhooks:
                self.emit("customers/create", customer)
            return customer

    def update_customer(self, customer_id: int, **changes: Any) -> Customer:
        with self.lock:
            customer = get(self.customers, customer_id, "customer")
            before = customer.email_marketing
            for name, value in changes.items():
                if name not in _CUSTOMER_FIELDS:
                    raise ValueError(f"a customer has no {name} that could be changed")
                setattr(customer, name, field_value(name, value))
            if "email" in changes:
                self._emails = {c.email.lower(): c.id for c in self.customers.values() if c.email}
            customer.updated_at = self.clock.now()
            self.emit("customers/update", customer)
            if customer.email_marketing != before:
                self.emit("customers_email_marketing_consent/update", customer)
            return customer

    def delete_customer(self, customer_id: int) -> None:
        """Remove a customer; Shopify allows it only while they have no orders."""
        with self.lock:
            customer = get(self.customers, customer_id, "customer")
            if self.orders_of.get(customer_id):
                raise ValueError(f"customer {customer_id} has orders and cannot be deleted")
            del self.customers[customer_id]
            self._emails.pop((customer.email or "").lower(), None)
            self.emit("customers/delete", customer)
