"""How the privacy pages say what receipts, retention and the access log hold: plain words for places and kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.governance.places import PLACES
from app.core.governance.terms import BOUNDS, Term
from app.ports import ReceiptEntry, RetentionEntry

KINDS: Final = {
    "customer_erasure": "Erase a customer",
    "customer_export": "Export for a customer",
    "shop_erasure": "Erase the shop",
    "browser_forgotten": "Forget what a visitor looked at",
}
OTHER_PLACES: Final = {
    "lake": "What visitors did (event log)",
    "redis": "Live state of visitors",
    "customer_purchases": "What customers bought last (live)",
    "artefacts": "Models",
    "news": "What was learnt since the training",
    "database.segment_changes": "History of segments",
}
NAMING: Final = {place.name for place in PLACES if place.sealed or place.pseudonyms or place.about} | {
    "lake",
    "redis",
    "customer_purchases",
}
"""The places in which anybody can be named; of the others there is nothing to read again."""
_TITLES: Final = {place.name: place.title for place in PLACES} | OTHER_PLACES


def title_of(place: str) -> str:
    """Such as “Clicks on recommendations”; a place that is not in the catalogue by its own name."""
    return _TITLES.get(place) or _TITLES.get(f"database.{place}") or place


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """One line of a receipt."""

    title: str
    said: str
    is_empty: bool


@dataclass(frozen=True, slots=True)
class ToldReceipt:
    """One receipt as the page shows it."""

    id: str
    kind: str
    whose: str
    requested_at: datetime
    badge: str
    tone: str
    summary: str
    places: Sequence[ToldPlace]
    others: Sequence[str]
    """Titles of places that hold nothing about anybody."""
    has_export: bool


def told_receipt(receipt: ReceiptEntry) -> ToldReceipt:
    """The receipt in words: open ones say what they wait for."""
    read = {
        name: said
        for name, said in receipt.places.items()
        if isinstance(said, Mapping) and "left" in said and name in NAMING
    }
    badge, tone = ("Done", "success") if receipt.finished_at else ("Not finished", "critical")
    return ToldReceipt(
        receipt.id,
        KINDS.get(receipt.kind, receipt.kind),
        _whose(receipt),
        receipt.requested_at,
        badge,
        tone,
        _summary(receipt, read),
        [
            told_place(name, said)
            for name, said in _in_order(receipt)
            if name in NAMING or receipt.kind == "shop_erasure"
        ],
        [title_of(name) for name, said in _in_order(receipt) if name not in NAMING and isinstance(said, Mapping)],
        receipt.has_export,
    )


def _in_order(receipt: ReceiptEntry) -> list[tuple[str, Any]]:
    """The places from which most went first, then by title."""

    def place(item: tuple[str, Any]) -> tuple[int, str]:
        name, said = item
        return (-int(said.get("records", 0)) if isinstance(said, Mapping) else 0, title_of(name))

    return sorted(((name, said) for name, said in receipt.places.items() if name != "aggregates"), key=place)


def told_place(name: str, said: Any) -> ToldPlace:
    """One place of a receipt: what was erased, and what reading it again found."""
    if not isinstance(said, Mapping):
        return ToldPlace(title_of(name), str(said), True)
    records, left = int(said.get("records", 0)), said.get("left")
    erased = f"{records:,} {'record' if records == 1 else 'records'}" if records else "nothing there"
    if left is None:
        return ToldPlace(title_of(name), erased, True)
    found = "read again: empty" if left == 0 else f"read again: still {left}"
    return ToldPlace(title_of(name), f"{erased}, {found}", left == 0)


def _whose(receipt: ReceiptEntry) -> str:
    if receipt.kind == "browser_forgotten":
        return f"Visitor {receipt.subject[:8]}…"
    if receipt.subject in ("", "0"):
        return "A guest" if receipt.kind.startswith("customer") else "The shop"
    return f"Customer {receipt.subject}"


def _summary(receipt: ReceiptEntry, read: Mapping[str, Mapping[str, Any]]) -> str:
    if "ignored" in receipt.places:
        return f"Nothing was erased: {receipt.places['ignored']}."
    full = [title_of(name) for name, said in read.items() if said["left"]]
    if full:
        return f"Still holds something: {', '.join(full)}. It is tried again by itself."
    if not receipt.finished_at:
        return "Under way; a worker takes it up again by itself."
    places = [said for said in receipt.places.values() if isinstance(said, Mapping) and "records" in said]
    records = sum(int(said["records"]) for said in places)
    if not read:
        return f"{records:,} records in {len(places)} places."
    return f"{records:,} records erased; all {len(read)} places that can name anybody were read again and are empty."


@dataclass(frozen=True, slots=True)
class ToldTerm:
    """One field of the form of terms."""

    name: str
    title: str
    reason: str
    days: int
    least: int
    most: int


def told_terms(terms: Mapping[Term, int]) -> list[ToldTerm]:
    """The terms that can be changed, as they are."""
    return [
        ToldTerm(term.value, bounds.title, bounds.reason, terms[term], bounds.least, bounds.most)
        for term, bounds in BOUNDS.items()
        if not bounds.is_fixed
    ]


@dataclass(frozen=True, slots=True)
class ToldRun:
    """One night's report: only places from which something went, or that failed."""

    at: datetime
    removed: int
    places: Sequence[tuple[str, str]]


def told_runs(entries: Sequence[RetentionEntry]) -> list[ToldRun]:
    """The nights, the newest first."""
    nights: dict[datetime, list[RetentionEntry]] = {}
    for one in entries:
        nights.setdefault(one.at, []).append(one)
    return [
        ToldRun(at, sum(one.removed for one in ones), [_line(one) for one in ones if one.removed or one.problem])
        for at, ones in nights.items()
    ]


def _line(one: RetentionEntry) -> tuple[str, str]:
    title = title_of(one.place)
    if one.problem:
        return title, f"failed ({one.problem}); it is tried again tonight"
    return title, f"{one.removed:,} older than {one.days} days"
