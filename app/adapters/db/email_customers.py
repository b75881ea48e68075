"""Which customers an e-mail experiment may take in, and which it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.experiments.types import ArmKey, ExperimentId
from app.core.ids import CustomerId, ShopId

ACCEPTING = text("""
    SELECT id FROM customers c
    WHERE id > :after AND email_marketing = 'SUBSCRIBED' AND NOT opted_out
      AND NOT EXISTS (SELECT FROM tombstones t WHERE t.shop_id = c.shop_id AND t.customer_id = c.id)
      AND NOT EXISTS (SELECT FROM shopper_preferences p WHERE p.shop_id = c.shop_id AND p.kind = 'customer'
                      AND p.who = c.id::text AND p.email IS false)
    ORDER BY id LIMIT :limit
""")
# Somebody who was erased between the two statements is not brought back.
EXPOSE = text("""
    INSERT INTO experiment_customers (shop_id, experiment_id, customer_id, arm, at)
    SELECT c.shop_id, :experiment, c.id, given.arm, :at
    FROM unnest(cast(:customers AS bigint[]), cast(:arms AS text[])) AS given (id, arm) JOIN customers c USING (id)
    ORDER BY c.id ON CONFLICT DO NOTHING
""")
EXPOSED = text(
    "SELECT arm, count(*) AS number FROM experiment_customers WHERE experiment_id = :experiment GROUP BY arm"
)


class DbEmailCustomers:
    """`app.ports.EmailCustomers` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accepting(self, shop: ShopId, *, after: CustomerId, limit: int) -> Sequence[CustomerId]:
        """Customers who accept e-mail marketing and have not opted out, by number, behind `after`."""
        with self._database.shop(shop) as session:
            found = session.execute(ACCEPTING, {"after": after, "limit": limit}).scalars()
            return [CustomerId(number) for number in found]

    def expose(
        self, shop: ShopId, experiment: ExperimentId, arms: Mapping[CustomerId, ArmKey], *, at: datetime
    ) -> None:
        """Note who was put on a list; whoever was on one before stays in that arm, since then."""
        rows = {"customers": list(arms), "arms": list(arms.values())}
        with self._database.shop(shop) as session:
            session.execute(EXPOSE, {"experiment": experiment, "at": at, **rows})

    def exposed(self, shop: ShopId, experiment: ExperimentId) -> Mapping[ArmKey, int]:
        """How many customers of each arm were on a list."""
        with self._database.shop(shop) as session:
            found = session.execute(EXPOSED, {"experiment": experiment})
            return {ArmKey(row.arm): row.number for row in found}
