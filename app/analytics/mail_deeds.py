"""What became of mails, read from the lake's engagement: when each person got one, and what they clicked."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from app.core.ids import RequestId, ShopId
from app.core.shop_days import utc_days
from app.core.sources.klaviyo import Engagement
from app.ports import LakeReader
from app.ports.engagement import FlowCount, MailDeeds

COLUMNS: Final = ["event_id", "type", "at", "email_hash", "klaviyo", "flow", "request_id", "position"]


class LakeMailDeeds:
    """Implements `app.ports.engagement.MailDeedsReader`."""

    def __init__(self, lake: LakeReader) -> None:
        self._lake = lake

    def read(self, shop: ShopId, *, since: datetime, until: datetime) -> MailDeeds:
        """Everything in [since, until), each event once."""

        def work(records: Any) -> MailDeeds:
            deeds = _Reading()
            for batch in records.to_batches(columns=COLUMNS):
                for row in batch.to_pylist():
                    if since <= row["at"] < until:
                        deeds.add(row)
            return deeds.told()

        return self._lake.read(shop, *utc_days(since, until), work, kind="engagement")


class _Reading:
    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._received: defaultdict[str, list[datetime]] = defaultdict(list)
        self._clicked: defaultdict[str, list[tuple[RequestId, int | None]]] = defaultdict(list)
        self._mails: defaultdict[str, int] = defaultdict(int)
        self._people: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, row: dict[str, Any]) -> None:
        if row["event_id"] in self._seen:
            return
        self._seen.add(row["event_id"])
        type, person, flow = row["type"], row["email_hash"], row["flow"]
        if person and type == Engagement.RECEIVED:
            self._received[person].append(row["at"])
        if person and type == Engagement.CLICKED and row["request_id"]:
            self._clicked[person].append((RequestId(row["request_id"]), row["position"]))
        if flow and type == Engagement.RECEIVED:
            self._mails[flow] += 1
        elif flow:
            self._people[flow, type].add(row["klaviyo"] or person or "")

    def told(self) -> MailDeeds:
        flows = {*self._mails, *(flow for flow, _ in self._people)}
        counts = {
            flow: FlowCount(
                received=self._mails.get(flow, 0),
                opened=len(self._people.get((flow, Engagement.OPENED), ())),
                clicked=len(self._people.get((flow, Engagement.CLICKED), ())),
            )
            for flow in flows
        }
        return MailDeeds(dict(self._received), dict(self._clicked), counts)
