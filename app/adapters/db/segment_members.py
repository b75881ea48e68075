"""Memberships in bulk: what was counted is copied into a staging table, and a few statements tell who came and went.

One transaction for all segments, so that nobody sees a night half done. A membership that goes on keeps the moment at
which it began; the values that decided follow what was counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg.types.json import Jsonb

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports.segments import Done, Scaled, SegmentId

# Whole tables are compared. After a first night the planner still believes that there are no members, and would look
# each of a million up by index.
WHOLE_TABLES: Final = "SET LOCAL enable_nestloop = off"
STAGING: Final = """
    CREATE TEMPORARY TABLE counted (segment_id bigint, profile text, why jsonb) ON COMMIT DROP;
    CREATE TEMPORARY TABLE segments_counted (segment_id bigint PRIMARY KEY) ON COMMIT DROP
"""
COPY: Final = "COPY counted FROM STDIN (FORMAT csv)"
# Locked, so that a segment that is deleted meanwhile gets no members that would outlive it.
STILL_THERE: Final = """
    INSERT INTO segments_counted SELECT id FROM segments WHERE id = ANY(%(segments)s) ORDER BY id FOR UPDATE
"""
# Whoever was erased, or became part of another profile, while it was counted.
STILL_SOMEBODY: Final = """
    DELETE FROM counted c WHERE NOT EXISTS (SELECT 1 FROM profile_members p WHERE p.profile = c.profile)
"""
LEFT: Final = """
    WITH gone AS (
        DELETE FROM segment_members m USING segments_counted s
        WHERE m.segment_id = s.segment_id AND NOT EXISTS (
            SELECT 1 FROM counted c WHERE c.segment_id = m.segment_id AND c.profile = m.profile)
        RETURNING m.segment_id, m.profile
    )
    INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered)
    SELECT %(shop)s, segment_id, %(at)s, profile, false FROM gone ON CONFLICT DO NOTHING
"""
ENTERED: Final = """
    WITH came AS (
        INSERT INTO segment_members (shop_id, segment_id, profile, since, why)
        SELECT %(shop)s, c.segment_id, c.profile, %(at)s, c.why
        FROM counted c JOIN segments_counted s ON s.segment_id = c.segment_id
        WHERE NOT EXISTS (
            SELECT 1 FROM segment_members m
            WHERE m.shop_id = %(shop)s AND m.segment_id = c.segment_id AND m.profile = c.profile)
        ORDER BY c.segment_id, c.profile
        ON CONFLICT DO NOTHING RETURNING segment_id, profile
    )
    INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered)
    SELECT %(shop)s, segment_id, %(at)s, profile, true FROM came ON CONFLICT DO NOTHING
"""
SAME: Final = """
    UPDATE segment_members m SET why = c.why FROM counted c
    WHERE m.segment_id = c.segment_id AND m.profile = c.profile AND m.why <> c.why
"""
DAYS: Final = """
    INSERT INTO segment_days (shop_id, segment_id, day, size, entered, "left")
    SELECT %(shop)s, s.segment_id, %(day)s, coalesce(c.size, 0), coalesce(h.entered, 0), coalesce(h.gone, 0)
    FROM segments_counted s
    LEFT JOIN (SELECT segment_id, count(*) AS size FROM counted GROUP BY 1) c ON c.segment_id = s.segment_id
    LEFT JOIN (SELECT segment_id, count(*) FILTER (WHERE entered) AS entered,
                      count(*) FILTER (WHERE NOT entered) AS gone
               FROM segment_changes WHERE at = %(at)s GROUP BY 1) h ON h.segment_id = s.segment_id
    ON CONFLICT (shop_id, segment_id, day) DO UPDATE SET size = excluded.size,
        entered = segment_days.entered + excluded.entered, "left" = segment_days."left" + excluded."left"
"""
SIZES: Final = """
    UPDATE segments SET size = d.size, counted_at = %(at)s, first_counted_at = coalesce(first_counted_at, %(at)s)
    FROM segments_counted s, segment_days d
    WHERE segments.id = s.segment_id AND d.segment_id = s.segment_id AND d.day = %(day)s
"""
SCALE: Final = """
    INSERT INTO segment_scales (shop_id, at, people, usual_s, cuts)
    VALUES (%(shop)s, %(at)s, %(people)s, %(usual_s)s, %(cuts)s)
    ON CONFLICT (shop_id) DO UPDATE SET at = excluded.at, people = excluded.people, usual_s = excluded.usual_s,
        cuts = excluded.cuts
"""


class DbMemberships:
    """Implements `app.ports.segments.MembershipWriter`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(
        self,
        shop: ShopId,
        counted: Iterable[tuple[SegmentId, Iterable[Any]]],
        *,
        at: datetime,
        day: date,
        scale: Scaled,
    ) -> Done:
        """Bring the members of these segments to what was counted, in one transaction."""
        with self._database.copy(shop) as connection:
            connection.execute(WHOLE_TABLES)
            connection.execute(STAGING)
            segments, members = _copy(connection, counted)
            values = {"shop": shop, "at": at, "day": day, "segments": segments}
            # Without the figures of the table that was just filled the joins would be planned for a few rows.
            connection.execute("ANALYZE counted")
            connection.execute(STILL_THERE, values)
            connection.execute(STILL_SOMEBODY)
            left = connection.execute(LEFT, values).rowcount
            connection.execute(SAME, values)
            entered = connection.execute(ENTERED, values).rowcount
            connection.execute(DAYS, values)
            connection.execute(SIZES, values)
            connection.execute(SCALE, {**values, **_scale(scale)})
            connection.commit()
        return Done(members, entered, left)


def _copy(connection: psycopg.Connection, counted: Iterable[tuple[SegmentId, Iterable[Any]]]) -> tuple[list[int], int]:
    """Fill the staging table; returns the segments and how many members they have."""
    segments, members = [], 0
    options = pacsv.WriteOptions(include_header=False)
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for segment, batches in counted:
            segments.append(int(segment))
            for batch in batches:
                numbers = pa.repeat(int(segment), batch.num_rows)
                rows = pa.table({"segment": numbers, "profile": batch["profile"], "why": batch["why"]})
                sink = pa.BufferOutputStream()
                pacsv.write_csv(rows, sink, options)
                copy.write(sink.getvalue())
                members += batch.num_rows
    return segments, members


def _scale(scale: Scaled) -> dict[str, Any]:
    cuts = {name: list(getattr(scale.cuts, name)) for name in ("recency", "frequency", "monetary")}
    return {"people": scale.people, "usual_s": scale.usual_s, "cuts": Jsonb(cuts)}
