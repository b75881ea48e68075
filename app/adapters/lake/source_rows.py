"""Rows of other sources in the lake: appended in a turn, as events are, and only those that are not there yet.

What the batch's days hold already is asked first, so that a file that is delivered twice, under whatever name, neither
counts twice nor takes room twice. Each record says with which delivery and row it came: an import that was killed knows
what it had stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.lake import LakeIndex, digest
from app.adapters.lake import reading
from app.adapters.lake.files import LakeFiles
from app.adapters.lake.lake import translated, write_day
from app.adapters.lake.schema import table_of_rows
from app.core.ids import ShopId
from app.core.shop_days import utc_day
from app.core.sources.rows import Found
from app.ports.sources import Kept, Numbered

BURIED = text("""
    SELECT digest, at FROM buried_emails WHERE digest = ANY(:digests)
    UNION ALL SELECT digest, at FROM visitor_tombstones WHERE digest = ANY(:digests)
""")
BROWSERS = ("klaviyo", "ga4")
"""Columns of ids of which a tombstone keeps a digest; a hashed e-mail is its own."""


class LakeSourceStore:
    """Implements `app.ports.SourceStore` for one kind of the lake's records."""

    def __init__(self, files: LakeFiles, index: LakeIndex, kind: str) -> None:
        self._files, self._index, self._kind = files, index, kind

    def keep(self, shop: ShopId, delivery: str, rows: Sequence[Numbered]) -> Kept:
        """Store the batch; who was erased since it happened is let go, and a shop that has left gets nothing."""
        records = [(place, found) for place, one in enumerate(rows) for found in (one.found, *one.found.also)]
        with translated(shop), self._index.turn(shop) as session:
            erased = self._erased(session, shop, rows)
            wanted = [(place, found) for place, found in records if place not in erased]
            there = self._there(shop, [found for _, found in wanted])
            states: dict[int, set[str]] = {}
            fresh: dict[str, tuple[int, Found]] = {}
            for place, found in wanted:
                state = _state(found, rows[place].row, delivery, there, fresh)
                states.setdefault(place, set()).add(state)
                if state == "fresh":
                    fresh[found.key] = (rows[place].row, found)
            self._write(shop, delivery, fresh.values())
        return Kept(
            fresh=frozenset(place for place, found in states.items() if "fresh" in found),
            own=frozenset(place for place, found in states.items() if "fresh" not in found and "own" in found),
            again=frozenset(place for place, found in states.items() if found == {"again"}),
            erased=frozenset(erased),
        )

    def _erased(self, session: Session, shop: ShopId, rows: Sequence[Numbered]) -> set[int]:
        if self._index.has_left(session, shop):
            return set(range(len(rows)))
        named = [_digests(one.found.values) for one in rows]
        digests = sorted({name for names in named for name in names})
        buried: dict[str, datetime] = {
            row.digest: row.at for row in session.execute(BURIED, {"digests": digests}) if digests
        }
        return {
            place
            for place, names in enumerate(named)
            if any(name in buried and rows[place].found.at <= buried[name] for name in names)
        }

    def _there(self, shop: ShopId, records: Sequence[Found]) -> Mapping[str, tuple[str | None, int | None]]:
        """Delivery and row of what stands in the lake already, by key."""
        if not records:
            return {}
        days = [utc_day(found.at) for found in records]
        keys = pa.array([found.key for found in records], pa.string())

        def find(dataset: Any) -> dict[str, tuple[str | None, int | None]]:
            known = dataset.to_table(columns=["event_id", "delivery", "row"], filter=pc.field("event_id").isin(keys))
            return {one["event_id"]: (one["delivery"], one["row"]) for one in known.to_pylist()}

        parts = lambda: self._files.parts(shop, self._kind, min(days), max(days))  # noqa: E731
        return reading.read(self._files, parts, self._kind, find)

    def _write(self, shop: ShopId, delivery: str, fresh: Iterable[tuple[int, Found]]) -> None:
        days: dict[date, list[dict[str, Any]]] = {}
        for row, found in fresh:
            record = {**found.values, "event_id": found.key, "at": found.at, "delivery": delivery, "row": row}
            days.setdefault(utc_day(found.at), []).append(record)
        for day, records in days.items():
            write_day(self._files, shop, self._kind, day, table_of_rows(self._kind, records))


def _state(
    found: Found,
    row: int,
    delivery: str,
    there: Mapping[str, tuple[str | None, int | None]],
    fresh: Mapping[str, tuple[int, Found]],
) -> str:
    if found.key in fresh:
        return "again"
    if found.key not in there:
        return "fresh"
    return "own" if there[found.key] == (delivery, row) else "again"


def _digests(values: Mapping[str, Any]) -> list[str]:
    """By which the person of a row may have been buried."""
    hashed = [values["email_hash"]] if values.get("email_hash") else []
    return hashed + [digest(kind, values[kind]) for kind in BROWSERS if values.get(kind)]
