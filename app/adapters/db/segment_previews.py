"""Previews of rules: asked by a page, answered by a job, kept for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.core.segments.parse import as_json, rule_of
from app.core.segments.rules import Rule
from app.ports.segments import Preview

OLD: Final = text("DELETE FROM segment_previews WHERE asked_at < :at - interval '1 day'")
ASK: Final = text("""
    INSERT INTO segment_previews (shop_id, id, rule, state, asked_at, complaint)
    VALUES (:shop, :id, cast(:rule AS jsonb), 'waiting', :at, '')
""")
ONE: Final = text(
    "SELECT id, rule, state, count AS number, everybody, sample, complaint FROM segment_previews WHERE id = :id"
)
ANSWER: Final = text("""
    UPDATE segment_previews SET state = :state, count = :count, everybody = :everybody,
        sample = cast(:sample AS jsonb), complaint = :complaint
    WHERE id = :id
""")
CUSTOMERS: Final = text("""
    SELECT profile, min(id::bigint) AS customer FROM profile_members
    WHERE kind = 'customer' AND profile = ANY(:profiles) GROUP BY 1
""")


class DbSegmentPreviews:
    """Implements `app.ports.segments.SegmentPreviews`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, shop: ShopId, id: str, rule: Rule, *, at: datetime) -> None:
        values = {"shop": shop, "id": id, "rule": orjson.dumps(as_json(rule)).decode(), "at": at}
        with self._database.shop(shop) as session:
            session.execute(OLD, {"at": at})
            session.execute(ASK, values)

    def one(self, shop: ShopId, id: str) -> Preview | None:
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"id": id}).one_or_none()
        if row is None:
            return None
        sample = [(profile, customer, why) for profile, customer, why in row.sample]
        return Preview(row.id, rule_of(row.rule), row.state, row.number, row.everybody, sample, row.complaint)

    def answer(self, shop: ShopId, preview: Preview) -> None:
        """Keep what was found; the sample's customers are looked up here."""
        profiles = [profile for profile, _, _ in preview.sample]
        with self._database.shop(shop) as session:
            found = {row.profile: row.customer for row in session.execute(CUSTOMERS, {"profiles": profiles})}
            sample = [(profile, found.get(profile), list(why)) for profile, _, why in preview.sample]
            values = {
                "id": preview.id,
                "state": preview.state,
                "count": preview.count,
                "everybody": preview.everybody,
                "sample": orjson.dumps(replace(preview, sample=sample).sample).decode(),
                "complaint": preview.complaint,
            }
            session.execute(ANSWER, values)
