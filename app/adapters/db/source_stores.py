"""Where rows end that stand in tables: of ad spend the latest delivery is right, of stock the newest count.

A batch is one statement and one parameter, its rows as a JSON array; a row that stands there already with the same
figures is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import TextClause, text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import CatalogSignals
from app.ports.sources import Kept, Numbered

SPEND_ROWS = """
    SELECT * FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        place int, row bigint, day date, channel text, campaign text, part text, cost bigint, currency text,
        clicks bigint, impressions bigint)
"""
SPENT = text(f"""
    SELECT s.place, old.delivery, old.row,
           (old.cost, old.currency, old.clicks, old.impressions)
           IS NOT DISTINCT FROM (s.cost, s.currency, s.clicks, s.impressions) AS same
    FROM ({SPEND_ROWS}) s
    JOIN ad_spend old ON (old.day, old.channel, old.campaign, old.part) = (s.day, s.channel, s.campaign, s.part)
""")
SPEND = text(f"""
    INSERT INTO ad_spend (shop_id, day, channel, campaign, part, cost, currency, clicks, impressions, delivery, row)
    SELECT :shop, day, channel, campaign, part, cost, currency, clicks, impressions, :delivery, row
    FROM ({SPEND_ROWS}) s ORDER BY day, channel, campaign, part
    ON CONFLICT (shop_id, day, channel, campaign, part) DO UPDATE SET
        cost = excluded.cost, currency = excluded.currency, clicks = excluded.clicks,
        impressions = excluded.impressions, delivery = excluded.delivery, row = excluded.row
""")
STOCK_ROWS = """
    SELECT * FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        place int, row bigint, item text, location text, available int, at timestamptz)
"""
STOCKED = text(f"""
    SELECT s.place, old.delivery, old.row, old.at > s.at AS newer, old.available = s.available AS same
    FROM ({STOCK_ROWS}) s JOIN outside_stock old ON (old.item, old.location) = (s.item, s.location)
""")
STOCK = text(f"""
    INSERT INTO outside_stock AS old (shop_id, item, location, available, at, delivery, row)
    SELECT :shop, item, location, available, at, :delivery, row
    FROM ({STOCK_ROWS}) s ORDER BY item, location
    ON CONFLICT (shop_id, item, location) DO UPDATE SET
        available = excluded.available, at = excluded.at, delivery = excluded.delivery, row = excluded.row
    WHERE old.at <= excluded.at
""")
TOUCH = text("""
    UPDATE products SET changed_at = clock_timestamp() WHERE id IN (
        SELECT product_id FROM variants WHERE sku = ANY(:items) OR id = ANY(:variants))
""")
TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, :shop))")


class DbAdSpend:
    """Implements `app.ports.SourceStore` for ad spend."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, shop: ShopId, delivery: str, rows: Sequence[Numbered]) -> Kept:
        """Store the batch. Two rows of a delivery with one key must say the same; the second one is refused."""
        first, again, odd = _within(rows)
        with self._database.shop(shop) as session:
            session.execute(TURN, {"name": "ad spend", "shop": shop})
            standing = _by_place(session.execute(SPENT, {"rows": _json(rows, first)}).all())
            own: set[int] = set()
            same: set[int] = set()
            changed: set[int] = set()
            for place, old in standing.items():
                if old.delivery == delivery and old.row != rows[place].row:
                    (again if old.same else odd).add(place)
                elif old.delivery == delivery and old.same:
                    own.add(place)
                else:
                    (same if old.same else changed).add(place)
            fresh = first - set(standing)
            written = _json(rows, fresh | changed)
            session.execute(SPEND, {"shop": shop, "delivery": delivery, "rows": written})
        return Kept(
            fresh=frozenset(fresh),
            own=frozenset(own),
            again=frozenset(again | same),
            changed=frozenset(changed),
            contradictions=frozenset(odd),
        )


class DbOutsideStock:
    """Implements `app.ports.SourceStore` for stock; what may be shown follows within a second."""

    def __init__(self, database: Database, signals: CatalogSignals) -> None:
        self._database, self._signals = database, signals

    def keep(self, shop: ShopId, delivery: str, rows: Sequence[Numbered]) -> Kept:
        """Store what is newer than what stands there; of several counts in the batch the newest one."""
        newest: dict[str, int] = {}
        for place, numbered in enumerate(rows):
            before = newest.get(numbered.found.key)
            if before is None or rows[before].found.at <= numbered.found.at:
                newest[numbered.found.key] = place
        chosen = set(newest.values())
        with self._database.shop(shop) as session:
            session.execute(TURN, {"name": "outside stock", "shop": shop})
            standing = _by_place(session.execute(STOCKED, {"rows": _json(rows, chosen)}).all())
            older = {place for place, old in standing.items() if old.newer}
            own = {
                place
                for place, old in standing.items()
                if place not in older and old.delivery == delivery and old.row == rows[place].row
            }
            same = {place for place, old in standing.items() if old.same} - older - own
            written = chosen - older - own
            session.execute(STOCK, {"shop": shop, "delivery": delivery, "rows": _json(rows, written)})
            items = sorted({str(rows[place].found.values["item"]) for place in written - same})
            session.execute(TOUCH, {"items": items, "variants": _variants(items)})
        if items:
            self._signals.changed(shop)
        changed = {place for place in standing if place in written} - same
        return Kept(
            fresh=frozenset(written - same - changed),
            own=frozenset(own),
            again=frozenset(same),
            changed=frozenset(changed),
            older=frozenset(older | (set(range(len(rows))) - chosen)),
        )


def _within(rows: Sequence[Numbered]) -> tuple[set[int], set[int], set[int]]:
    """The first of each key in the batch; those that repeat it; those that contradict it."""
    seen: dict[str, int] = {}
    again: set[int] = set()
    odd: set[int] = set()
    for place, numbered in enumerate(rows):
        before = seen.setdefault(numbered.found.key, place)
        if before != place:
            (again if rows[before].found.values == numbered.found.values else odd).add(place)
    return set(seen.values()), again, odd


def _json(rows: Sequence[Numbered], places: set[int]) -> str:
    chosen = [{"place": place, "row": rows[place].row, **_plain(rows[place].found.values)} for place in sorted(places)]
    return orjson.dumps(chosen).decode()


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in values.items()}


def _by_place(found: Sequence[Any]) -> dict[int, Any]:
    return {row.place: row for row in found}


def _variants(items: Sequence[str]) -> list[int]:
    numbers = (item.removeprefix("variant:") for item in items if item.startswith("variant:"))
    return [int(number) for number in numbers if number.isascii() and number.isdecimal() and len(number) < 19]


def touch_all(items: Sequence[str]) -> tuple[TextClause, dict[str, Any]]:
    """The statement that has the products of these items read anew, and its values."""
    return TOUCH, {"items": list(items), "variants": _variants(items)}
