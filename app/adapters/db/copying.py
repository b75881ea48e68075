"""COPY in a thread of its own, so that PostgreSQL works on one batch of rows while the next is being parsed.

A row that PostgreSQL refuses (a number out of range, a text with a NUL, nothing where something must be) is left out
and its line remembered; it does not cost the rest of the file.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psycopg

from app.adapters.db.staging import Row, Staged

BATCH = 10_000
"""Rows a batch: enough to make a COPY worth its start, few enough to be nothing in memory."""
Batch = dict[Staged, list[Row]]
REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)
"""What a row's content can provoke; anything else is about the connection and ends the import."""


class Copying:
    """Takes rows of several staged tables and COPYs them batch by batch.

    The connection belongs to the thread until the block ends; a failure there is raised here, at the next row or at
    the end. `refused` holds, after the block, the line and the kind of error of each row that was left out.
    """

    def __init__(self, connection: psycopg.Connection, tables: Sequence[Staged]) -> None:
        self._connection = connection
        self._tables = tables
        self.refused: list[tuple[int, str]] = []
        self._batches: queue.Queue[Batch | None] = queue.Queue(maxsize=2)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="copying", daemon=True)
        self._batch = self._empty()
        self._size = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def add(self, table: Staged, row: Row) -> None:
        self._batch[table].append(row)
        self._size += 1
        if self._size >= BATCH:
            self._hand_over()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._size:
            self._hand_over()
        self._batches.put(None)
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure

    def _empty(self) -> Batch:
        return {table: [] for table in self._tables}

    def _hand_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._batches.put(self._batch)
        self._batch, self._size = self._empty(), 0

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            if self._failure is None:
                try:
                    self._write(batch)
                except BaseException as failure:
                    # Kept for the thread that feeds us; this one only drains the queue from here on.
                    self._failure = failure

    def _write(self, batch: Batch) -> None:
        for table, rows in batch.items():
            if rows:
                self._copy(table, rows)

    def _copy(self, table: Staged, rows: list[Row]) -> None:
        """Copy the rows, behind a savepoint; where some are refused, halve until they are found."""
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {table.name} FROM STDIN") as copy,
            ):
                for row in rows:
                    copy.write_row(row)
        except REFUSED as error:
            if len(rows) == 1:
                self.refused.append((rows[0][0], type(error).__name__))
                return
            middle = len(rows) // 2
            self._copy(table, rows[:middle])
            self._copy(table, rows[middle:])
