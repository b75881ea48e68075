"""Claims: one holder per shop and name, taken by compare-and-set on a row, so that a killed holder's claim runs out.

Wall time decides when a claim runs out, not store time: a claim is about processes, not about the shop.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.db.engine import Database
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
            over = threading.Event()
            renewing = threading.Thread(target=self._renew, args=(shop, name, owner, seconds, over), daemon=True)
            renewing.start()
            try:
                yield True
            finally:
                over.set()
                renewing.join()

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

    def _renew(self, shop: ShopId, name: str, owner: str, seconds: float, over: threading.Event) -> None:
        values = {"shop": shop, "name": name, "owner": owner, "seconds": seconds}
        while not over.wait(seconds / 3):
            try:
                with self._database.shop(shop) as session:
                    session.execute(RENEW, values)
            except SQLAlchemyError:
                # The next turn tries again; a database that stays away fails the work itself.
                continue
