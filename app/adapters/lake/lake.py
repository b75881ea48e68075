"""The lake: events and decisions as Parquet files by shop and UTC day, written before they are acknowledged.

A batch becomes a file named by the hash of its content, so that the same batch delivered again takes its own place; a
record that comes again in another batch stands twice, and every reader counts it once, by its id. Files come before
the commit of what PostgreSQL keeps beside them: a day is never marked as changed before its readers can see why.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlmodel import Session

from app.adapters.db.lake import LakeIndex, days_of
from app.adapters.lake import reading
from app.adapters.lake.files import LakeFiles
from app.adapters.lake.schema import DECISION_KIND, EVENT_KIND, table_of_decisions, table_of_events
from app.core.events import Event
from app.core.ids import ShopId
from app.errors import Permanent, Retryable
from app.ports import Decision, RecordKind

T = TypeVar("T")


class ParquetLake:
    """Implements `app.ports.Lake` and `app.ports.LakeReader`."""

    def __init__(self, files: LakeFiles, index: LakeIndex) -> None:
        self._files, self._index = files, index

    @contextmanager
    def turn(self, shop: ShopId) -> Iterator[_Turn]:
        """Append to the shop's part; all is stored when the block ends, and an erasure waits until then.

        Raises:
            Retryable: the disk is full, or the lake or PostgreSQL does not answer.
            Permanent: one of the records cannot be stored.
        """
        with translated(shop), self._index.turn(shop) as session:
            yield _Turn(shop, self._files, self._index, session)

    def read(
        self, shop: ShopId, first: date, last: date, work: Callable[[Any], T], *, kind: RecordKind = "events"
    ) -> T:
        """Do the work on the shop's records of the UTC days `first` to `last`, both included."""
        return reading.read(self._files, lambda: self._files.parts(shop, kind, first, last), kind, work)


@contextmanager
def translated(shop: ShopId) -> Iterator[None]:
    """Failures of the block's writing as ours: Retryable or Permanent."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError) as error:
        raise Permanent(f"PostgreSQL refuses records of shop {shop}: {error.orig}") from error
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError) as error:
        raise Permanent(f"a record of shop {shop} fits no column: {type(error).__name__}") from error
    except SQLAlchemyError as error:
        raise Retryable(f"PostgreSQL does not take records: {type(error).__name__}") from error
    except OSError as error:
        raise Retryable(f"the lake does not take records: {error}") from error


def write_day(files: LakeFiles, shop: ShopId, kind: str, day: date, table: pa.Table) -> None:
    """Add a file, named by its content: the same rows again take its own place."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    content = sink.getvalue()
    name = hashlib.sha256(content).hexdigest()[:32]
    files.write_bytes(f"{files.day_folder(shop, kind, day)}/part-{name}.parquet", content)


class _Turn:
    """Implements `app.ports.LakeTurn` in one transaction."""

    def __init__(self, shop: ShopId, files: LakeFiles, index: LakeIndex, session: Session) -> None:
        self._shop, self._files, self._index, self._session = shop, files, index, session

    def append(self, events: Sequence[Event], decisions: Sequence[Decision]) -> Sequence[Event]:
        """Store them; returns the events that were kept: not those of visitors who were erased since.

        A shop that has left gets nothing more.
        """
        if self._index.has_left(self._session, self._shop):
            return []
        kept = self._index.kept(self._session, events)
        nameless = self._index.nameless(self._session, decisions)
        self._index.insert(self._session, self._shop, kept, nameless)
        days = days_of(kept)
        for day, records in days.items():
            write_day(self._files, self._shop, EVENT_KIND, day, table_of_events(records))
        for day, answers in days_of(nameless).items():
            write_day(self._files, self._shop, DECISION_KIND, day, table_of_decisions(answers))
        self._index.mark(self._session, self._shop, days)
        return kept
