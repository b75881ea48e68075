"""The switches of what segments do elsewhere, and the counts of audiences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.errors import DomainError
from app.core.ids import CustomerId, ShopId
from app.core.segments.outlets import RISING, Outlet
from app.ports.outlets import AudienceSize, Switch
from app.ports.segments import SegmentId

ALL = text("""
    SELECT outlet, segment_id, key, wanted, at, by, shopify_id, complaint FROM segment_outlets
    ORDER BY outlet, segment_id, key
""")
ON = text("""
    INSERT INTO segment_outlets (shop_id, outlet, segment_id, key, wanted, at, by)
    VALUES (:shop, :outlet, :segment, :key, true, :at, :by)
    ON CONFLICT (shop_id, outlet, segment_id, key) DO UPDATE
    SET wanted = true, at = excluded.at, by = excluded.by, complaint = '' WHERE NOT segment_outlets.wanted
""")
OFF = text(
    "UPDATE segment_outlets SET wanted = false, at = :at, by = :by "
    "WHERE outlet = :outlet AND segment_id = :segment AND key = :key"
)
OF = "WHERE outlet = :outlet AND segment_id = :segment AND key = :key"
MADE = text(f"UPDATE segment_outlets SET shopify_id = :id, complaint = '' {OF}")
REFUSED = text(f"UPDATE segment_outlets SET complaint = :complaint {OF}")
GONE = text(f"DELETE FROM segment_outlets {OF} AND wanted = :wanted")
COUNTED = text("SELECT counted_at IS NOT NULL FROM segments WHERE id = :segment")
STAGES = text("SELECT bool_and(counted_at IS NOT NULL) FROM segments WHERE key = ANY(:keys)")
SIZES = text("SELECT key, members, allowed, with_email FROM audience_counts")
RECORD = text("""
    INSERT INTO audience_counts (shop_id, key, at, members, allowed, with_email)
    VALUES (:shop, :key, :at, :members, :allowed, :with_email)
    ON CONFLICT (shop_id, key) DO UPDATE SET at = excluded.at, members = excluded.members,
        allowed = excluded.allowed, with_email = excluded.with_email
""")
CONTACTS = text("""
    SELECT contact FROM customers WHERE id = ANY(:ids) AND contact IS NOT NULL AND email_hash IS NOT NULL ORDER BY id
""")
LONGEST: Final = 500
PART: Final = 1000


class DbOutlets:
    """Implements `app.ports.outlets.Outlets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, shop: ShopId) -> Sequence[Switch]:
        with self._database.shop(shop) as session:
            return [Switch(Outlet(row.outlet), SegmentId(row.segment_id), *row[2:]) for row in session.execute(ALL)]

    def switch(
        self, shop: ShopId, outlet: Outlet, segment: SegmentId, key: str, *, on: bool, by: str, at: datetime
    ) -> None:
        """Note what the merchant wants; entries into a segment are told only once its first count is behind it."""
        own = {"outlet": outlet.value, "segment": segment, "key": key, "at": at, "by": by}
        with self._database.shop(shop) as session:
            if not on:
                session.execute(OFF, own)
                return
            if segment:
                counted = session.execute(COUNTED, {"segment": segment}).scalar()
                if counted is None:
                    raise DomainError("there is no such segment; it may have been deleted meanwhile")
                if outlet is Outlet.FLOW and not counted:
                    raise DomainError("this segment has not been counted yet; try again in a few minutes")
            if outlet is Outlet.CHURN and not session.execute(STAGES, {"keys": list(RISING)}).scalar():
                raise DomainError("the stages of life have not been counted yet; they are tonight")
            session.execute(ON, {"shop": shop, **own})

    def made(self, shop: ShopId, switch: Switch, shopify_id: str) -> None:
        self._note(MADE, shop, switch, {"id": shopify_id})

    def refused(self, shop: ShopId, switch: Switch, complaint: str) -> None:
        self._note(REFUSED, shop, switch, {"complaint": complaint[:LONGEST]})

    def gone(self, shop: ShopId, switch: Switch) -> None:
        """Forget it, unless the merchant has turned it meanwhile."""
        self._note(GONE, shop, switch, {"wanted": switch.wanted})

    def _note(self, statement: Any, shop: ShopId, switch: Switch, values: Mapping[str, object]) -> None:
        own = {"outlet": switch.outlet.value, "segment": switch.segment, "key": switch.key}
        with self._database.shop(shop) as session:
            session.execute(statement, {**own, **values})


class DbAudiences:
    """Implements `app.ports.outlets.Audiences`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def sizes(self, shop: ShopId) -> Mapping[str, AudienceSize]:
        with self._database.shop(shop) as session:
            return {row.key: AudienceSize(*row[1:]) for row in session.execute(SIZES)}

    def record(self, shop: ShopId, sizes: Mapping[str, AudienceSize], *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            for key, size in sizes.items():
                counted = {"members": size.members, "allowed": size.allowed, "with_email": size.with_email}
                session.execute(RECORD, {"shop": shop, "key": key, "at": at, **counted})

    def addresses(self, shop: ShopId, customers: Sequence[CustomerId]) -> Iterator[str]:
        """The addresses, opened a thousand boxes at a time; no connection is held while they are used."""
        for start in range(0, len(customers), PART):
            with self._database.shop(shop) as session:
                boxes = session.execute(CONTACTS, {"ids": list(customers[start : start + PART])}).scalars().all()
            for box in boxes:
                email = orjson.loads(self._sealer.open(shop, "customers.contact", box)).get("email")
                if email:
                    yield email
