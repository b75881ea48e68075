"""Claims: one holder per shop and name, taken by compare-and-set on a row, so that a killed holder's claim runs out.

Wall time decides when a claim runs out, not store time: a claim is about processes, not about the shop.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.adapters.db.renewing import renewing
from app.core.ids import ShopId

TAKE = text("""
    INSERT INTO claims (shop_id, name, owner, until)
    VALUES (:shop, :name, :owner, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (shop_id, name) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE claims.until < clock_timestamp()
    RETURNING owner
""")
RENEW = text("""
    UPDATE claims SET until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE shop_id = :shop AND name = :name AND owner = :owner
""")
GIVE_BACK = text("DELETE FROM claims WHERE shop_id = :shop AND name = :name AND owner = :owner")


class DbClaims:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def hold(self, shop: ShopId, name: str, *, seconds: float) -> Iterator[bool]:
        """Try to take the claim for at most `seconds`; yields whether it was taken, and gives it back at the end."""
        with self._taken(shop, name, seconds) as owner:
            yield owner is not None

    @contextmanager
    def keep(self, shop: ShopId, name: str, *, seconds: float) -> Iterator[bool]:
        """As `hold`, but renewed until the block ends: for work of any length whose killed holder is soon replaced."""
        with self._taken(shop, name, seconds) as owner:
            if owner is None:
                yield False
                return
            with renewing(lambda: self._renew(shop, name, owner, seconds), seconds=seconds):
                yield True

    @contextmanager
    def _taken(self, shop: ShopId, name: str, seconds: float) -> Iterator[str | None]:
        """The owner's mark for the block if the claim could be taken."""
        owner = secrets.token_hex(8)
        key = {"shop": shop, "name": name, "owner": owner}
        with self._database.shop(shop) as session:
            taken = session.execute(TAKE, {**key, "seconds": seconds}).first() is not None
        try:
            yield owner if taken else None
        finally:
            if taken:
                with self._database.shop(shop) as session:
                    session.execute(GIVE_BACK, key)

    def _renew(self, shop: ShopId, name: str, owner: str, seconds: float) -> None:
        with self._database.shop(shop) as session:
            session.execute(RENEW, {"shop": shop, "name": name, "owner": owner, "seconds": seconds})
