"""The lake as an erasable place: a person's events go from the files that hold them, decisions lose their visitor.

Tombstones stand before this is called. Once every turn has ended that may not have seen them, nothing of the person is
added any more, and the files can be gone through one by one; the turn at rewriting keeps merging away meanwhile. The
days that lost events are counted anew, so that a person leaves the figures too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from app.adapters.db.lake import LakeIndex
from app.adapters.lake import reading
from app.adapters.lake.files import LakeFiles, Part
from app.adapters.lake.schema import DECISION_KIND, EVENT_KIND
from app.adapters.lake.upkeep import Keep, ParquetUpkeep
from app.core.ids import ShopId
from app.core.shop_days import utc_day
from app.ports import Json, Subject

SHOWN = ("type", "at", "placement", "rail", "product_id", "collection_id", "order_id", "query", "path")
NAMING = ("visitor", "unit")
"""The columns of a decision that say whose it was."""
LOOKED_AT = {EVENT_KIND: ("visitor", "client", "order_id"), DECISION_KIND: NAMING}


class LakePlace:
    """The merchant's withdrawn consent to training does not come here.

    It ends what is learnt: models, features and lists go. The events stay, under the consent that the visitors gave,
    for the shop's own figures, until their term or their visitors' erasure.
    """

    name = "lake"

    def __init__(self, files: LakeFiles, index: LakeIndex) -> None:
        self._files, self._index = files, index
        self._upkeep = ParquetUpkeep(files, index)

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        """Take out the events of the person's visitors, clients and orders; returns how many records changed.

        Damaged files go whole: nobody can tell whom they are about.
        """
        self._index.wait_for_turns(shop)
        with self._index.rewriting(shop):
            days = self._days(shop, subject)
            # Twice: a kill in between must not leave figures as they were, nor may one that is just being counted.
            self._index.note_changed(shop, days)
            changed = sum(self._erase(shop, kind, subject) for kind in (EVENT_KIND, DECISION_KIND))
            damaged = self._files.damaged(shop)
            for part in damaged:
                self._files.delete(part.path)
        self._index.note_changed(shop, days)
        return changed + len(damaged)

    def erase_shop(self, shop: ShopId) -> int:
        """Delete all files; a shop that has left gets no new ones."""
        self._index.wait_for_turns(shop)
        with self._index.rewriting(shop):
            return self._files.delete_shop(shop)

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        """Each event once, the oldest first."""

        def find(dataset: Any) -> list[dict[str, Any]]:
            found = dataset.to_table(columns=["event_id", *SHOWN], filter=_whose(subject)).to_pylist()
            once = {row.pop("event_id"): row for row in found}
            return sorted(once.values(), key=lambda row: row["at"])

        parts = reading.read(self._files, lambda: self._files.parts(shop, EVENT_KIND), EVENT_KIND, find)
        return [{name: value for name, value in row.items() if value is not None} for row in parts]

    def _days(self, shop: ShopId, subject: Subject) -> set[date]:
        """The UTC days on which the person did anything."""

        def find(dataset: Any) -> set[date]:
            moments = dataset.to_table(columns=["at"], filter=_whose(subject))["at"]
            return {utc_day(moment) for moment in pc.unique(pc.floor_temporal(moments, unit="day")).to_pylist()}

        return reading.read(self._files, lambda: self._files.parts(shop, EVENT_KIND), EVENT_KIND, find)

    def _erase(self, shop: ShopId, kind: str, subject: Subject) -> int:
        keep = _without_name(subject) if kind == DECISION_KIND else _without_events(subject)
        return sum(self._erase_in(part, LOOKED_AT[kind], keep) for part in self._files.parts(shop, kind))

    def _erase_in(self, part: Part, columns: Sequence[str], keep: Keep) -> int:
        try:
            return self._upkeep.rewrite(part, columns, keep)
        except (pa.ArrowException, OSError, ValueError):
            if reading.is_readable(self._files, part):
                raise
            self._files.set_aside(part.path)
            return 0


def _whose(subject: Subject) -> pc.Expression:
    return (
        pc.field("visitor").isin(pa.array(subject.visitors, pa.string()))
        | pc.field("client").isin(pa.array(subject.clients, pa.string()))
        | pc.field("order_id").isin(pa.array(subject.orders, pa.int64()))
    )


def _without_events(subject: Subject) -> Keep:
    def keep(table: pa.Table) -> tuple[pa.Table, int]:
        visitors = pc.is_in(table["visitor"], pa.array(subject.visitors, pa.string()))
        clients = pc.is_in(table["client"], pa.array(subject.clients, pa.string()))
        orders = pc.is_in(table["order_id"], pa.array(subject.orders, pa.int64()))
        left = table.filter(pc.invert(pc.or_(visitors, pc.or_(clients, orders))))
        return left, table.num_rows - left.num_rows

    return keep


def _without_name(subject: Subject) -> Keep:
    def keep(table: pa.Table) -> tuple[pa.Table, int]:
        names = pa.array(subject.visitors, pa.string())
        theirs = pc.or_(*(pc.is_in(table[column], names) for column in NAMING))
        for column in NAMING:
            place = table.schema.get_field_index(column)
            nobody = pc.if_else(theirs, pa.scalar(None, pa.string()), table[column])
            table = table.set_column(place, table.schema.field(place), nobody)
        return table, pc.sum(theirs).as_py() or 0

    return keep
