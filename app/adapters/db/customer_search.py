"""Find a customer by what the merchant has at hand: number, e-mail address or order number.

Addresses are compared by their keyed hash; nothing is opened. Customers of whom nothing may be shown (they opted out
or are erased) are not found.
"""

from __future__ import annotations

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import CustomerId, ShopId

LARGEST = 2**63 - 1
BY_NUMBER = "SELECT id FROM customers WHERE id = :number"
BY_EMAIL = "SELECT id FROM customers WHERE email_hash = ANY(:hashes) ORDER BY id LIMIT 1"
BY_ORDER = "SELECT customer_id FROM orders WHERE name = :name AND customer_id IS NOT NULL ORDER BY id DESC LIMIT 1"
MAY_BE_SHOWN = text("""
    SELECT NOT coalesce((SELECT opted_out FROM customers WHERE id = :customer), false)
           AND NOT EXISTS (SELECT 1 FROM tombstones WHERE customer_id = :customer)
""")


class DbCustomerSearch:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def find(self, shop: ShopId, words: str) -> CustomerId | None:
        """The customer meant by `words`: ``#1001`` is an order, digits a customer, what holds an @ an address."""
        found = self._ask(shop, words.strip())
        return CustomerId(found) if found is not None and self.may_be_shown(shop, CustomerId(found)) else None

    def may_be_shown(self, shop: ShopId, customer: CustomerId) -> bool:
        """Whether the customer neither opted out nor was erased; one whom we don't know has done neither."""
        with self._database.shop(shop) as session:
            return bool(session.execute(MAY_BE_SHOWN, {"customer": customer}).scalar())

    def _ask(self, shop: ShopId, words: str) -> int | None:
        if "@" in words:
            return self._one(shop, BY_EMAIL, hashes=self._sealer.email_hashes(shop, words))
        number = words.removeprefix("#")
        if not (number.isascii() and number.isdecimal()) or int(number) > LARGEST:
            return None
        customer = None if words.startswith("#") else self._one(shop, BY_NUMBER, number=int(number))
        return customer if customer is not None else self._one(shop, BY_ORDER, name=f"#{number}")

    def _one(self, shop: ShopId, statement: str, **values: object) -> int | None:
        with self._database.shop(shop) as session:
            found: int | None = session.execute(text(statement), values).scalar()
            return found
