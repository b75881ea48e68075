"""What is measured of the sources that stand in the lake: rows by day, empty fields, repeated rows, unknown keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

import ibis
import ibis.expr.types as ir

from app.core.ids import ShopId
from app.core.shop_days import utc_day
from app.core.sources.contract import Contract, Source
from app.core.sources.contracts import CONTRACTS
from app.core.sources.quality import WINDOW, Measured
from app.ports import LakeReader, RecordKind
from app.ports.sources import StoreKeys

TIME: Final = "timestamp('UTC', 6)"
SOURCES: Final[Mapping[Source, RecordKind]] = {
    Source.STOREFRONT: "events",
    Source.KLAVIYO: "engagement",
    Source.GA4: "ga4",
    Source.TICKETS: "tickets",
}
TYPES: Final = {"event_id": "!string", "at": TIME, "product_id": "int64", "consent_analytics": "boolean"}
BATCH: Final = 5000
EPOCH: Final = date(1970, 1, 1).toordinal()


def rows_by_day(records: ir.Table) -> ir.Table:
    """``day, rows``: each record once, by the UTC day (days since 1970) on which it happened."""
    days = records.mutate(day=(records.at.epoch_seconds() / 86_400).floor().cast("int32"))
    return days.group_by("day").aggregate(rows=days.event_id.nunique())


def holes(records: ir.Table, columns: Sequence[str], since: datetime) -> ir.Table:
    """One row: ``newest`` of all; since then ``standing`` (repetitions too), ``rows``, and how many lack a column."""
    late = records.at >= ibis.literal(since, TIME)
    empty = {f"empty_{name}": records.event_id.nunique(where=late & records[name].isnull()) for name in columns}
    return records.aggregate(
        newest=records.at.max(), standing=late.sum(), rows=records.event_id.nunique(where=late), **empty
    )


def named(records: ir.Table, column: str, since: datetime) -> ir.Table:
    """``name, rows``: how many records since then name each thing."""
    late = records.filter(records.at >= ibis.literal(since, TIME), records[column].notnull())
    return late.group_by(name=late[column]).aggregate(rows=late.event_id.nunique())


Delivered = Callable[[ShopId, Source, datetime], tuple[int, int]]


class Engine(Protocol):
    """The part of the warehouse that is used here."""

    def rows(self, expression: ir.Table, tables: Mapping[str, Any]) -> list[dict[str, Any]]: ...


class LakeSourceMeasures:
    """Implements `app.ports.SourceMeasures`.

    Args:
        delivered: how many rows of a source's deliveries since a moment were known already, and how many refused.
    """

    def __init__(self, lake: LakeReader, warehouse: Engine, keys: StoreKeys, delivered: Delivered) -> None:
        self._lake, self._warehouse, self._keys, self._delivered = lake, warehouse, keys, delivered

    def measure(self, shop: ShopId, *, now: datetime, since: date) -> Sequence[Measured]:
        """What is stored of each source from that UTC day on."""
        return [self._one(shop, CONTRACTS[source], kind, now, since) for source, kind in SOURCES.items()]

    def first_event(self, shop: ShopId) -> datetime | None:
        """When the oldest event that is kept happened."""

        def work(events: Any) -> datetime | None:
            table = ibis.table({"event_id": "!string", "at": TIME}, name="events")
            (row,) = self._warehouse.rows(table.aggregate(first=table.at.min()), {"events": events})
            return row["first"].astimezone(UTC) if row["first"] else None

        return self._lake.read(shop, date.min, date.max, work, kind="events")

    def _one(self, shop: ShopId, contract: Contract, kind: RecordKind, now: datetime, since: date) -> Measured:
        window = now - WINDOW
        watched = sorted({field.column for field in contract.watched} - {"event_id", "type", "at"})
        matched = _matched(contract)
        columns = {"event_id", "at", *watched, *matched}
        records = ibis.table({name: TYPES.get(name, "string") for name in sorted(columns)}, name="records")

        def work(found: Any) -> Measured:
            tables = {"records": found}
            days = self._warehouse.rows(rows_by_day(records), tables)
            (late,) = self._warehouse.rows(holes(records, watched, window), tables)
            naming, unmatched = {}, {}
            for column, what in matched.items():
                names = {
                    row["name"]: row["rows"] for row in self._warehouse.rows(named(records, column, window), tables)
                }
                known = self._known(shop, what, list(names))
                naming[what] = sum(names.values())
                unmatched[what] = sum(rows for name, rows in names.items() if name not in known)
            again, refused = self._delivered(shop, contract.source, window)
            return Measured(
                contract.source,
                newest=late["newest"].astimezone(UTC) if late["newest"] else None,
                days={date.fromordinal(EPOCH + row["day"]): row["rows"] for row in days},
                rows=late["rows"],
                empty={name: late[f"empty_{name}"] for name in watched},
                repeated=max(int(late["standing"] or 0) - late["rows"], 0) + again,
                naming=naming,
                unmatched=unmatched,
                refused=refused,
            )

        # What is brought by hand may all be old; behaviour is too much to be looked through whole every night.
        first = since if kind == "events" else date.min
        return self._lake.read(shop, first, utc_day(now), work, kind=kind)

    def _known(self, shop: ShopId, what: str, names: list[Any]) -> set[Any]:
        """Those of the names that the store has."""
        found: set[Any] = set()
        for some in _in_batches(names):
            if what == "customers":
                found |= set(self._keys.customers(shop, some))
            elif what == "products":
                known = self._keys.products(shop, [f"{number}:0" for number in some])
                found |= {product for product, _ in known.values()}
        return found


def _matched(contract: Contract) -> dict[str, str]:
    """The columns whose names the store must have, and what they name."""
    found = {field.column: field.matches for field in contract.fields if field.matches in ("customers", "products")}
    # A list of products stands beside the one product of a view.
    return {("product_id" if column == "products" else column): what for column, what in found.items()}


def _in_batches(names: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]
