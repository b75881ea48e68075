"""Everybody's measures in one run, and who fulfils which rule: the store's sales and the lake, asked of the warehouse.

Behaviour is read some days at a time into counts by person, then all is joined into one row of numbers a person, which
stands in a temporary folder while rules are asked of it. Memory is what the warehouse may take, and a slice's counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from app.analytics import affinities, customers, engagement, segments
from app.analytics.customers import Asked
from app.analytics.warehouse import Warehouse
from app.core.ids import ShopId
from app.core.segments import lifecycle
from app.core.segments.rfm import Cuts
from app.core.segments.rules import Figure, Measure, Rule
from app.core.shop_days import DAY, utc_days
from app.ports import LakeReader, RecordKind
from app.ports.segments import Moments, Sales, SalesTables, Scaled

ROWS_A_SLICE: Final = 2_000_000
"""Records that are put in order by id at a time: with names of 32 characters about 200 MB."""


class LakeSegments:
    """Implements `app.ports.Segmenter`."""

    def __init__(self, lake: LakeReader, warehouse: Warehouse, sales: SalesTables) -> None:
        self._lake, self._warehouse, self._sales = lake, warehouse, sales

    @contextmanager
    def counted(self, shop: ShopId, measures: Sequence[Measure], moments: Moments) -> Iterator[CountedPeople]:
        """Count all measures of everybody of whom something may be learnt."""
        asked = Asked(tuple(measures), int(moments.now.timestamp()), int(moments.today.timestamp()))
        tags = [each.about.key for _, each in asked.of(Figure.TAG) if each.about is not None]
        with (
            self._sales.opened(shop, asked.selections, tags) as sales,
            TemporaryDirectory(prefix="attune-segments-") as name,
        ):
            folder = Path(name)
            asked = replace(asked, usual_s=self._usual_gap(sales))
            tables = {**sales.tables, **self._behaviour(shop, asked, moments, sales, folder)}
            self._write(folder / "counted.parquet", segments.values(asked), tables)
            yield CountedPeople(asked, self._warehouse, pads.dataset(folder / "counted.parquet"), sales.profiles)

    def _usual_gap(self, sales: Sales) -> int:
        (found,) = self._warehouse.rows(customers.gaps(), sales.tables)
        return int(found["usual_s"]) if found["gaps"] >= lifecycle.LEAST_GAPS else lifecycle.USUAL_S

    def _behaviour(
        self, shop: ShopId, asked: Asked, moments: Moments, sales: Sales, folder: Path
    ) -> dict[str, pads.Dataset]:
        """``seen`` and ``mails``, as far as they are asked for: a file for each slice of days."""
        found: dict[str, pads.Dataset] = {}
        if affinities.needs_behaviour(asked):
            since = _oldest(affinities.since_of(asked), moments)
            question = partial(affinities.behaviour, asked)
            self._sliced(shop, "events", question, since, moments.now, sales, folder / "seen")
            found["seen"] = _dataset(folder / "seen", affinities.seen_parts(asked))
        if engagement.needs_mails(asked):
            since = _oldest(asked.since_of(*engagement.TYPES), moments)
            question = partial(engagement.mails, asked)
            self._sliced(shop, "engagement", question, since, moments.now, sales, folder / "mails")
            found["mails"] = _dataset(folder / "mails", engagement.mail_parts(asked))
        return found

    def _sliced(
        self,
        shop: ShopId,
        kind: RecordKind,
        question: Callable[[datetime, datetime], ir.Table],
        since: datetime,
        now: datetime,
        sales: Sales,
        folder: Path,
    ) -> None:
        """Ask of as many days at a time as hold `ROWS_A_SLICE` records, and write a file for each time."""
        folder.mkdir()
        # A browser's clock may be ahead of ours.
        until = now + DAY
        number = self._lake.read(shop, *utc_days(since, until), lambda records: int(records.count_rows()), kind=kind)
        for place, period in enumerate(_slices(since, until, 1 + number // ROWS_A_SLICE)):
            file, part = folder / f"{place:04d}.parquet", question(*period)
            self._lake.read(shop, *utc_days(*period), partial(self._answer, file, part, sales, kind), kind=kind)

    def _answer(self, file: Path, part: ir.Table, sales: Sales, kind: str, records: Any) -> None:
        self._write(file, part, {**sales.tables, kind: records})

    def _write(self, file: Path, expression: ir.Table, tables: Mapping[str, Any]) -> None:
        """The expression's rows as a file."""
        schema = _schema(expression)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in self._warehouse.batches(expression, tables):
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))


class CountedPeople:
    """Implements `app.ports.Counted`."""

    def __init__(self, asked: Asked, warehouse: Warehouse, counted: pads.Dataset, profiles: pa.Array) -> None:
        self._asked, self._warehouse = asked, warehouse
        self._tables, self._profiles = {"counted": counted}, profiles

    @property
    def scale(self) -> Scaled:
        found: dict[str, list[tuple[int, int]]] = {}
        for row in self._warehouse.rows(segments.cuts(self._asked), self._tables):
            found.setdefault(row["figure"], []).append((int(row["score"]), int(row["least"])))
        by_figure = (_filled(found.get(one.value, [])) for one in (Figure.RECENCY, Figure.FREQUENCY, Figure.MONETARY))
        return Scaled(self._tables["counted"].count_rows(), self._asked.usual_s, Cuts(*by_figure))

    def members(self, rule: Rule) -> Iterator[pa.RecordBatch]:
        """``profile, why`` of those who fulfil the rule, batch by batch."""
        for batch in self._warehouse.batches(segments.members(self._asked, rule), self._tables):
            yield self._named(batch)

    def sample(self, rule: Rule, *, limit: int) -> tuple[int, Sequence[tuple[str, str]]]:
        """How many fulfil it, and the first few by the order of profiles."""
        inside = segments.members(self._asked, rule)
        (number,) = self._warehouse.rows(inside.aggregate(number=inside.count()), self._tables)
        first = self._warehouse.batches(inside.order_by("person").limit(limit), self._tables)
        named = [row for batch in first for row in self._named(batch).to_pylist()]
        return int(number["number"]), [(row["profile"], row["why"]) for row in named]

    def _named(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        profiles = self._profiles.take(batch["person"])
        return pa.RecordBatch.from_arrays([profiles, batch["why"]], names=["profile", "why"])


def _filled(starts: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """The cuts for scores 2 to 5, of the least value of each score that somebody has; see `rfm.cuts_of`."""
    cuts: list[int] = []
    for score, least in sorted(starts):
        cuts += [least] * (score - 1 - len(cuts))
    return tuple(cuts)


def _oldest(since_s: int | None, moments: Moments) -> datetime:
    return moments.oldest if since_s is None else max(moments.oldest, datetime.fromtimestamp(since_s, UTC))


def _slices(since: datetime, until: datetime, number: int) -> Iterator[tuple[datetime, datetime]]:
    """The period in about so many parts, which end at midnights of UTC: an event is delivered twice within its day."""
    days = max(math.ceil((until - since) / DAY / number), 1)
    begins = since.astimezone(UTC)
    while begins < until:
        ends = begins.replace(hour=0, minute=0, second=0, microsecond=0) + days * DAY
        yield begins, min(ends, until)
        begins = ends


def _schema(expression: ir.Table) -> pa.Schema:
    schema: pa.Schema = expression.schema().to_pyarrow()
    return schema


def _dataset(folder: Path, table: ir.Table) -> pads.Dataset:
    folder.mkdir(exist_ok=True)
    return pads.dataset(sorted(folder.glob("*.parquet")), schema=_schema(table))
