"""What became of mails, read from the lake's engagement: when each person got one of ours, and what they clicked.

Klaviyo tells of every mail, the merchant's newsletters too. Those that show products of ours are known by their flow,
or by a link of ours that anybody has clicked in them; in the others nobody can leave ours alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from app.core.email.ignored import Received
from app.core.ids import RequestId, ShopId
from app.core.shop_days import utc_days
from app.core.sources.klaviyo import Engagement
from app.ports import LakeReader
from app.ports.engagement import FlowCount, MailDeeds

COLUMNS: Final = ["event_id", "type", "at", "email_hash", "klaviyo", "flow", "message", "request_id", "position"]


class LakeMailDeeds:
    """Implements `app.ports.engagement.MailDeedsReader`."""

    def __init__(self, lake: LakeReader) -> None:
        self._lake = lake

    def read(
        self, shop: ShopId, *, since: datetime, counted_since: datetime, until: datetime, flows: Collection[str]
    ) -> MailDeeds:
        """Everything in [since, until), each event once; the figures of flows are of [counted_since, until).

        Args:
            flows: Klaviyo's ids of those that we made.
        """

        def work(records: Any) -> MailDeeds:
            deeds = _Reading(counted_since)
            for batch in records.to_batches(columns=COLUMNS):
                for row in batch.to_pylist():
                    if since <= row["at"] < until:
                        deeds.add(row)
            return deeds.told(set(flows))

        return self._lake.read(shop, *utc_days(since, until), work, kind="engagement")


class _Reading:
    def __init__(self, counted_since: datetime) -> None:
        self._counted_since = counted_since
        self._seen: set[str] = set()
        self._received: defaultdict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
        self._clicked: defaultdict[str, list[tuple[RequestId, int | None]]] = defaultdict(list)
        self._shows_ours: set[str] = set()
        self._mails: defaultdict[str, int] = defaultdict(int)
        self._people: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, row: dict[str, Any]) -> None:
        if row["event_id"] in self._seen:
            return
        self._seen.add(row["event_id"])
        type, person, flow = row["type"], row["email_hash"], row["flow"] or ""
        mail = row["message"] or flow
        if person and type == Engagement.RECEIVED:
            self._received[person].append((row["at"], flow, mail))
        if type == Engagement.CLICKED and row["request_id"]:
            self._shows_ours |= {mail} - {""}
            if person:
                self._clicked[person].append((RequestId(row["request_id"]), row["position"]))
        if flow and row["at"] >= self._counted_since:
            self._count(type, flow, row["klaviyo"] or person or "")

    def _count(self, type: str, flow: str, person: str) -> None:
        if type == Engagement.RECEIVED:
            self._mails[flow] += 1
        else:
            self._people[flow, type].add(person)

    def told(self, ours: Collection[str]) -> MailDeeds:
        received = {
            person: [Received(at, flow in ours) for at, flow, mail in mails if flow in ours or mail in self._shows_ours]
            for person, mails in self._received.items()
        }
        flows = {*self._mails, *(flow for flow, _ in self._people)}
        counts = {
            flow: FlowCount(
                received=self._mails.get(flow, 0),
                opened=len(self._people.get((flow, Engagement.OPENED), ())),
                clicked=len(self._people.get((flow, Engagement.CLICKED), ())),
            )
            for flow in flows
        }
        return MailDeeds(received, dict(self._clicked), counts)
