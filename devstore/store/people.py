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

    def subscribe_address(self, email: str) -> Customer:
        """Whoever gives an address to the newsletter form is a customer who accepts marketing, perhaps a new one."""
        with self.lock:
            known = self._emails.get(email.lower())
            if known is None:
                return self.create_customer(email, email_marketing="SUBSCRIBED", tags=("newsletter",))
            return self.update_customer(known, email_marketing="SUBSCRIBED")

    def delete_customer(self, customer_id: int) -> None:
        """Remove a customer; Shopify allows it only while they have no orders."""
        with self.lock:
            customer = get(self.customers, customer_id, "customer")
            if self.orders_of.get(customer_id):
                raise ValueError(f"customer {customer_id} has orders and cannot be deleted")
            del self.customers[customer_id]
            self._emails.pop((customer.email or "").lower(), None)
            self.emit("customers/delete", customer)

    def merge_customers(self, kept_id: int, gone_id: int, *, status: str = "completed") -> None:
        """Make one customer of two: orders and tags move, and the record of the one who is gone is deleted.

        Args:
            status: what the webhook says; only ``completed`` changes anything.
        """
        with self.lock:
            kept, gone = (get(self.customers, number, "customer") for number in (kept_id, gone_id))
            if kept_id == gone_id:
                raise ValueError("a customer cannot be merged with itself")
            if status == "completed":
                self._move_orders(kept, gone)
            self.emit("customers/merge", (kept_id, gone_id, status))

    def _move_orders(self, kept: Customer, gone: Customer) -> None:
        for number in self.orders_of.pop(gone.id, []):
            self.orders[number].customer_id = kept.id
            self.orders_of.setdefault(kept.id, []).append(number)
        kept.tags = tuple(dict.fromkeys((*kept.tags, *gone.tags)))
        kept.updated_at = self.clock.now()
        del self.customers[gone.id]
        self._emails = {c.email.lower(): c.id for c in self.customers.values() if c.email}
