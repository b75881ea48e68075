"""Which columns each protocol wants, and the exam that a protocol makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.adapters.data_files import columns
from app.adapters.data_files.described import describe, read_items
from app.adapters.data_files.tables import columns_of, read
from app.core.recommend.protocols import baskets, cold, purchases, sessions
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.protocols.lists import Lists, present_in
from app.core.recommend.protocols.purchases import Purchases

Codes = npt.NDArray[np.int64]
File = Mapping[str, Any]
"""The columns of one file by their names."""
BOUGHT = ("purchase", "purchased", "order", "ordered", "buy", "bought", "transaction", "checkout_completed", "sale")
RETURNED = ("refund", "return", "returned", "cancellation", "cancel")
ONLINE_RETAIL = frozenset({"invoiceno", "stockcode", "quantity", "invoicedate", "customerid"})
NOBODY = pa.array([], pa.string())
PRODUCT = r"^[0-9]{5}[A-Z]{0,2}$"
"""A StockCode of the Online Retail log that is a product, and not postage, a fee or a correction."""


def session(train: Path, test: Path, items: Path | None = None) -> Exam:
    """`items` of TRAIN; `prefix` and `target` of TEST."""
    learnt, lengths = columns.lists(read(train, ["items"])["items"])
    asked = read(test, ["prefix", "target"])
    prefix, prefix_lengths = columns.lists(asked["prefix"])
    target = columns.texts(asked["target"]).combine_chunks()
    (learnt, prefix, target), names = columns.coded(learnt, prefix, target)
    there = target >= 0
    lists = columns.ragged(prefix, prefix_lengths).take(there)
    exam = sessions.session(columns.ragged(learnt, lengths), lists, target[there], names)
    return _dropping(_described(exam, items), int(np.count_nonzero(~there)), "rows of TEST have no target")


def sequence(path: Path, items: Path | None = None, *, hide: float = 0.0, seed: int = 0) -> Exam:
    """`items` of each `user`. With a file of `items` those in it are ranked too, and a share of them may be hidden."""
    rows = read(path, ["user", "items"])
    entries, lengths = columns.lists(rows["items"])
    described = None if items is None else read_items(items)
    (entry, item), names = columns.coded(entries, NOBODY if described is None else described.ids)
    lists = _by_user(rows["user"], columns.ragged(entry, lengths))
    marked = present_in(item[item >= 0], len(names))
    hidden = cold.drawn(marked & present_in(entry, len(names)), hide, seed) if hide else None
    exam = sessions.sequence(lists, names, described=marked, hidden=hidden)
    return exam if described is None else describe(exam, described)


def basket(path: Path, items: Path | None = None) -> Exam:
    """`user`, `basket_no`, `items`, `is_future`."""
    rows = read(path, ["user", "basket_no", "items", "is_future"])
    entries, lengths = columns.lists(rows["items"])
    (item,), names = columns.coded(entries)
    (user,), _ = columns.coded(columns.texts(rows["user"]))
    number = columns.order(rows["basket_no"], "basket_no")
    there = (user >= 0) & np.isfinite(number)
    exam = baskets.basket(
        user[there],
        np.unique(number[there], return_inverse=True)[1].astype(np.int64),
        columns.ragged(item, lengths).take(there),
        columns.marks(rows["is_future"], "is_future")[there],
        names,
    )
    return _dropping(_described(exam, items), int(np.count_nonzero(~there)), "rows have no user or no basket_no")


def time(paths: Sequence[Path], items: Path | None = None, *, until: float, days: int) -> Exam:
    """`user_id`, `item_id`, `timestamp` and, where there, `quantity`, `price`, `event`; or the Online Retail log."""
    is_log = columns_of(paths[0]) >= ONLINE_RETAIL
    names = (
        ["CustomerID", "StockCode", "InvoiceDate", "Quantity", "InvoiceNo"]
        if is_log
        else ["user_id", "item_id", "timestamp"]
    )
    optional = ["UnitPrice"] if is_log else ["quantity", "price", "event"]
    files = [read(path, names, optional) for path in paths]
    lines, ids, notes = _online_retail(files) if is_log else _log(files)
    known = (lines.user >= 0) & (lines.item >= 0) & np.isfinite(lines.day)
    exam = _described(purchases.time(lines.take(known), ids, until=until, days=days), items)
    dropped = int(np.count_nonzero(~known))
    return _dropping(exam.noting(*notes), dropped, "rows have no customer, no product or no time")


def _online_retail(files: Sequence[File]) -> tuple[Purchases, tuple[str, ...], list[str]]:
    """Cancellations (InvoiceNo C…) have quantities below 0 already; what is no product gets no item."""
    code = pc.utf8_upper(_ids(files, "StockCode"))
    is_product = pc.match_substring_regex(code, PRODUCT)
    (item,), names = columns.coded(pc.if_else(is_product, code, pa.scalar(None, pa.string())))
    (user,), _ = columns.coded(_ids(files, "CustomerID"))
    quantity = _floats(files, "Quantity", 1.0)
    cancelled = np.asarray(pc.fill_null(pc.starts_with(_ids(files, "InvoiceNo"), "C"), False))
    quantity = np.where(cancelled, -np.abs(quantity), quantity)
    return Purchases(user, item, _days(files, "InvoiceDate"), quantity, _floats(files, "UnitPrice", np.nan)), names, []


def _log(files: Sequence[File]) -> tuple[Purchases, tuple[str, ...], list[str]]:
    (item,), names = columns.coded(_ids(files, "item_id"))
    (user,), _ = columns.coded(_ids(files, "user_id"))
    quantity = _floats(files, "quantity", 1.0)
    lines = Purchases(user, item, _days(files, "timestamp"), quantity, _floats(files, "price", np.nan))
    if not all("event" in file for file in files):
        return lines, names, []
    event = pc.utf8_lower(_ids(files, "event"))
    bought, returned = (np.asarray(pc.is_in(event, pa.array(words))) for words in (BOUGHT, RETURNED))
    if not bought.any():
        return lines, names, [f"No event is a purchase ({', '.join(BOUGHT)}), so every row counts as one."]
    lines = replace(lines, quantity=np.where(returned, -np.abs(quantity), quantity))
    others = int(np.count_nonzero(~(bought | returned)))
    notes = [f"{others:,} rows are no purchases and were left out."] if others else []
    return lines.take(bought | returned), names, notes


def _ids(files: Sequence[File], name: str) -> Any:
    return columns.all_of([file[name] for file in files])


def _days(files: Sequence[File], name: str) -> npt.NDArray[np.float64]:
    """Each file may write times in its own way."""
    return np.concatenate([columns.days(file[name], name) for file in files])


def _floats(files: Sequence[File], name: str, otherwise: float) -> npt.NDArray[np.float64]:
    """Numbers; `otherwise` for the rows of a file that has no such column."""
    return np.concatenate(
        [
            columns.numbers(file[name], name) if name in file else np.full(len(next(iter(file.values()))), otherwise)
            for file in files
        ]
    )


def _by_user(user: Any, lists: Lists) -> Lists:
    """One list for each user, several rows of a user one after the other, in the order of their first row."""
    (code,), _ = columns.coded(columns.texts(user))
    # A row without a user is somebody of whom nothing else is known.
    code = np.where(code >= 0, code, code.max(initial=-1) + 1 + np.arange(len(code)))
    if len(np.unique(code)) == len(code):
        return lists
    of_entry = np.repeat(code, lists.lengths)
    order = np.argsort(of_entry, kind="stable")
    lengths = np.bincount(of_entry, minlength=int(code.max(initial=-1)) + 1)
    return columns.ragged(lists.item[order], lengths)


def _described(exam: Exam, items: Path | None) -> Exam:
    return exam if items is None else describe(exam, read_items(items))


def _dropping(exam: Exam, rows: int, what: str) -> Exam:
    return exam.noting(f"{rows:,} {what}; they were left out.") if rows else exam
