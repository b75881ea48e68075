"""Customers of the devstore with profiles and counted segments, written where a count leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from app.core.ids import gid
from app.core.segments.builtin import BUILTIN
from app.core.segments.outlets import Outlet
from app.core.segments.parse import rule_of
from app.ports.segments import SegmentId
from app.wiring.worker import Worker
from tests.models.store import Installed
from tests.patience import PATIENCE_S

SCALE = {"recency": [1, 2, 3, 4], "frequency": [1, 2, 3, 4], "monetary": [1, 2, 3, 4]}


@dataclass
class Told:
    """One installation whose customers have profiles; profile ``p<n>`` is the store's n-th customer's."""

    installed: Installed
    customers: list[int]

    @property
    def wiring(self) -> Worker:
        return self.installed.wiring

    def put_people(self) -> None:
        shop, now = self.installed.shop.id, self.now()
        seal, hashed = self.wiring.sealer.seal, self.wiring.sealer.email_hash
        rows = []
        for number in self.customers:
            email = f"Shopper{number}@Example.com "
            box = seal(shop, "customers.contact", orjson.dumps({"email": email}))
            rows.append((shop, number, box, hashed(shop, email), now))
        execute = self.installed.execute
        execute(
            "INSERT INTO customers (shop_id, id, contact, email_hash, orders_count, amount_spent, email_marketing, "
            "opted_out, created_at, updated_at) VALUES (%s, %s, %s, %s, 0, 0, 'SUBSCRIBED', false, %s, now())",
            rows,
        )
        execute(
            "INSERT INTO profiles (shop_id, id, since, changed_at) VALUES (%s, %s, now(), now())",
            [(shop, f"p{n}") for n in range(len(self.customers))],
        )
        execute(
            "INSERT INTO profile_members (shop_id, kind, id, profile, standing) VALUES (%s, 'customer', %s, %s, 'own')",
            [(shop, str(number), f"p{n}") for n, number in enumerate(self.customers)],
        )
        self.wiring.segments.put_builtin(shop, BUILTIN, {one.key: one.name for one in BUILTIN})
        execute("UPDATE segments SET counted_at = now() - interval '1 day', size = 0")
        execute(
            "INSERT INTO segment_scales (shop_id, at, people, usual_s, cuts) VALUES (%s, now(), 1, 1, %s)",
            [(shop, orjson.dumps(SCALE).decode())],
        )

    def now(self) -> datetime:
        return self.wiring.clock.now()

    def segment(self, key: str) -> SegmentId:
        found = [one.id for one in self.wiring.segments.all(self.installed.shop.id) if one.key == key]
        return found[0]

    def own_segment(self, name: str) -> SegmentId:
        """A merchant's own one, counted."""
        rule = rule_of({"figure": "orders", "least": 1})
        id = self.wiring.segments.save(self.installed.shop.id, name, rule, "", at=self.now(), by="")
        self.installed.execute(f"UPDATE segments SET counted_at = now() WHERE id = {id}")
        return id

    def count(self, members: Mapping[SegmentId, Iterable[int]], *, at: datetime | None = None) -> None:
        """What a count leaves: the members by place in `customers`, and who came and went."""
        shop, at = self.installed.shop.id, at or self.now()
        for segment, people in members.items():
            wanted = {f"p{one}" for one in people}
            rows = self.installed.execute(f"SELECT profile FROM segment_members WHERE segment_id = {segment}")
            standing = {row[0] for row in rows}
            changes = [(shop, segment, at, one, True) for one in wanted - standing]
            changes += [(shop, segment, at, one, False) for one in standing - wanted]
            self.installed.execute(f"DELETE FROM segment_members WHERE segment_id = {segment}")
            if wanted:
                self.installed.execute(
                    "INSERT INTO segment_members (shop_id, segment_id, profile, since) VALUES (%s, %s, %s, %s)",
                    [(shop, segment, one, at) for one in wanted],
                )
            if changes:
                self.installed.execute(
                    "INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    changes,
                )

    def first_counted(self, segment: SegmentId, at: datetime) -> None:
        """As if the first count of the segment had been then."""
        self.installed.execute(f"UPDATE segments SET first_counted_at = '{at.isoformat()}' WHERE id = {segment}")

    def switch(self, outlet: Outlet, segment: int = 0, key: str = "", *, on: bool = True) -> None:
        at = self.now() - timedelta(hours=1)
        shop = self.installed.shop.id
        self.wiring.outlets.switch(shop, outlet, SegmentId(segment), key, on=on, by="the owner", at=at)

    def in_store(self, place: int) -> dict[str, Any]:
        """What of ours stands at the store's n-th customer, lists as lists."""
        store = self.installed.store
        held = store.metafields(gid("Customer", self.customers[place]))
        own = {one.key: one for one in held.values() if one.namespace == store.app_namespace}
        return {key: orjson.loads(one.value) if one.type.startswith("list") else one.value for key, one in own.items()}

    def natives(self) -> dict[str, set[int]]:
        """The store's segments by name, with the places of the customers that it finds."""
        store = self.installed.store
        return {
            one.name: {self.customers.index(found.id) for found in store.segment_members(one.query)}
            for one in store.segments.values()
        }

    def control(self, method: str, path: str, **body: Any) -> Any:
        origin = self.wiring.settings.shopify_test_origin
        answer = httpx.request(method, f"{origin}/_dev/{path}", json=body or None, timeout=PATIENCE_S)
        assert answer.is_success, answer.text
        return answer.json()

    def flow(self) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = self.control("GET", "flow")["received"]
        return received
