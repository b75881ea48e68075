"""The lake as an erasable place: a person's events go from the files that hold them, decisions lose their visitor.

Tombstones stand before this is called. Once every turn has ended that may not have seen them, nothing of the person is
added any more; one look at the columns that name people tells which files hold them, and only these are written anew.
The turn at rewriting keeps merging away meanwhile. The days that lost events are counted anew, so that a person leaves
the figures too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from app.adapters.db.lake import LakeIndex
from app.adapters.lake import reading
from app.adapters.lake.files import LakeFiles, Part
from app.adapters.lake.schema import DECISION_KIND, EVENT_KIND, SCHEMAS
from app.adapters.lake.upkeep import Keep, ParquetUpkeep
from app.core.ids import ShopId
from app.core.shop_days import utc_day
from app.ports import Json, Subject

HIDDEN: Final = frozenset({"event_id", "request_id", "visitor", "client", "unit", "delivery", "row", "email_hash"})
"""What an export leaves out: ids that are keys to somebody's data, and what says nothing to anybody."""
NAMING: Final = ("visitor", "unit")
"""The columns of a decision that say whose it was."""


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
        """Take out what is about the person, in every kind of record; returns how many records changed.

        Damaged files go whole: nobody can tell whom they are about.
        """
        self._index.wait_for_turns(shop)
        with self._index.rewriting(shop):
            found = {kind: self._where(shop, kind, subject) for kind in SCHEMAS}
            days = {day for whens in found[EVENT_KIND].values() for day in whens}
            # Twice: a kill in between must not leave figures as they were, nor may one that is just being counted.
            self._index.note_changed(shop, days)
            changed = sum(self._erase(shop, kind, set(paths), subject) for kind, paths in found.items())
            damaged = self._files.damaged(shop)
            for part in damaged:
                self._files.delete(part.path)
        self._index.note_changed(shop, days)
        return changed + len(damaged)

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        """Look at every file again, as it lies there now: how many records still name the person."""

        def count(dataset: Any, kind: str) -> int:
            whose = _whose(kind, subject)
            return 0 if whose is None else int(dataset.count_rows(filter=whose))

        return sum(self._read(shop, kind, lambda dataset, kind=kind: count(dataset, kind)) for kind in SCHEMAS)

    def erase_shop(self, shop: ShopId) -> int:
        """Delete all files; a shop that has left gets no new ones."""
        self._index.wait_for_turns(shop)
        with self._index.rewriting(shop):
            return self._files.delete_shop(shop)

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        """Each event once, the oldest first; decisions stand in the database too, where they are exported."""
        kinds = [kind for kind in SCHEMAS if kind != DECISION_KIND]
        return [row for kind in kinds for row in self._export(shop, kind, subject)]

    def _export(self, shop: ShopId, kind: str, subject: Subject) -> list[Json]:
        whose = _whose(kind, subject)
        if whose is None:
            return []
        shown = [name for name in SCHEMAS[kind].names if name not in HIDDEN and not name.startswith("consent_")]

        def find(dataset: Any) -> list[dict[str, Any]]:
            found = dataset.to_table(columns=["event_id", *shown], filter=whose).to_pylist()
            once = {row.pop("event_id"): row for row in found}
            return sorted(once.values(), key=lambda row: row["at"])

        rows = self._read(shop, kind, find)
        return [{name: value for name, value in row.items() if value is not None} for row in rows]

    def _where(self, shop: ShopId, kind: str, subject: Subject) -> Mapping[str, set[date]]:
        """The files that hold anything of the person, each with the UTC days on which it happened."""
        whose = _whose(kind, subject)
        if whose is None:
            return {}

        def find(dataset: Any) -> dict[str, set[date]]:
            found: dict[str, set[date]] = {}
            if not isinstance(dataset, pads.FileSystemDataset):
                return found  # A lake without files.
            for batch in dataset.scanner(columns=["__filename", "at"], filter=whose).to_batches():
                for path, at in zip(batch["__filename"].to_pylist(), batch["at"].to_pylist(), strict=True):
                    found.setdefault(path, set()).add(utc_day(at))
            return found

        holding: Mapping[str, set[date]] = self._read(shop, kind, find)
        return holding

    def _erase(self, shop: ShopId, kind: str, paths: set[str], subject: Subject) -> int:
        keep = _without_name(subject) if kind == DECISION_KIND else _without_rows(kind, subject)
        looked_at = list(_names(kind, subject))
        parts = (part for part in self._files.parts(shop, kind) if part.path in paths)
        return sum(self._erase_in(part, looked_at, keep) for part in parts)

    def _erase_in(self, part: Part, columns: Sequence[str], keep: Keep) -> int:
        try:
            return self._upkeep.rewrite(part, columns, keep)
        except (pa.ArrowException, OSError, ValueError):
            if reading.is_readable(self._files, part):
                raise
            self._files.set_aside(part.path)
            return 0

    def _read(self, shop: ShopId, kind: str, work: Any) -> Any:
        return reading.read(self._files, lambda: self._files.parts(shop, kind), kind, work)


def _names(kind: str, subject: Subject) -> dict[str, pa.Array]:
    """By column of the kind the person's names in it; a column that says nothing of this person is left out."""
    customer = [str(subject.customer)] if subject.customer else []
    of = {
        "visitor": pa.array(subject.visitors, pa.string()),
        "unit": pa.array(subject.visitors, pa.string()),
        "client": pa.array(subject.clients, pa.string()),
        "order_id": pa.array(subject.orders, pa.int64()),
        "email_hash": pa.array(subject.emails, pa.string()),
        "klaviyo": pa.array(subject.klaviyo, pa.string()),
        "external": pa.array(customer, pa.string()),
        "ga4": pa.array(subject.ga4, pa.string()),
    }
    return {name: of[name] for name in SCHEMAS[kind].names if name in of and len(of[name])}


def _whose(kind: str, subject: Subject) -> pc.Expression | None:
    """Which records of the kind are about the person; None where none can be."""
    conditions = [pc.field(column).isin(names) for column, names in _names(kind, subject).items()]
    return reduce(or_, conditions) if conditions else None


def _theirs(table: pa.Table, kind: str, subject: Subject) -> Any:
    """The same as a mask of the table's rows."""
    masks = [pc.is_in(table[column], names) for column, names in _names(kind, subject).items()]
    return reduce(pc.or_, masks)


def _without_rows(kind: str, subject: Subject) -> Keep:
    def keep(table: pa.Table) -> tuple[pa.Table, int]:
        left = table.filter(pc.invert(_theirs(table, kind, subject)))
        return left, table.num_rows - left.num_rows

    return keep


def _without_name(subject: Subject) -> Keep:
    def keep(table: pa.Table) -> tuple[pa.Table, int]:
        theirs = _theirs(table, DECISION_KIND, subject)
        for column in NAMING:
            place = table.schema.get_field_index(column)
            nobody = pc.if_else(theirs, pa.scalar(None, pa.string()), table[column])
            table = table.set_column(place, table.schema.field(place), nobody)
        return table, pc.sum(theirs).as_py() or 0

    return keep
