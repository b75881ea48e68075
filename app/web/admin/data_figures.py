"""How the Data pages say what is known of a source: one badge, its age, its volume, bars of days, a report in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.findings import Grade
from app.core.sources.contract import Contract, Personal, Source
from app.core.sources.contracts import CONTRACTS
from app.core.sources.outside_stock import Winner
from app.core.sources.quality import Judged, worst
from app.core.sources.values import DayOrder
from app.ports import Json
from app.ports.sources import SourceDelivery, State
from app.services.take_in_counts import BY
from app.web.admin.figures import Bar
from app.web.admin.writing import count

SHOWN_DAYS = 28
BADGES = {Grade.PASS: ("Good", "success"), Grade.WARN: ("Look at it", "warning"), Grade.FAIL: ("Problem", "critical")}
NOTHING = ("Nothing yet", "neutral")
UNMEASURED = ("Not measured yet", "neutral")
STATES = {
    State.WAITING: ("Waiting", "info"),
    State.RUNNING: ("Under way", "info"),
    State.DONE: ("Taken in", "success"),
    State.FAILED: ("Not usable", "critical"),
}
PERSONAL = {
    Personal.NO: "",
    Personal.PSEUDONYM: "An id of a browser or person",
    Personal.HASHED: "Hashed at once, never kept as it is",
    Personal.ENCRYPTED: "Kept encrypted",
    Personal.NOT_KEPT: "Not kept",
}
ORDERS = {DayOrder.DAY_FIRST: "The day comes first: 3 April", DayOrder.MONTH_FIRST: "The month comes first: March 4"}
WINNERS = {
    Winner.LOWER: "The lower of the two",
    Winner.OUTSIDE: "The outside system",
    Winner.SHOPIFY: "Shopify",
}
ACCEPTED = {
    Source.KLAVIYO: ".json,.jsonl,.ndjson,.txt,.gz",
    Source.GA4: ".json,.jsonl,.ndjson,.parquet,.gz",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of quality."""

    title: str
    badge: str
    tone: str
    detail: str
    remedy: str

    @classmethod
    def of(cls, judged: Judged) -> Check:
        return cls(judged.check.capitalize(), *BADGES[judged.grade], _sentence(judged.detail), _sentence(judged.remedy))


@dataclass(frozen=True, slots=True)
class Shown:
    """A source on the overview."""

    contract: Contract
    badge: str
    tone: str
    age: str
    week: str
    what: str
    checks: Sequence[Check]


def shown(source: Source, judged: Sequence[Judged], days: Mapping[date, int], today: date) -> Shown:
    """`judged` and `days` are the source's own."""
    by_check = {one.check: one for one in judged}
    fresh = by_check.get("freshness")
    empty = fresh is None or fresh.figure == "–"
    gravest = worst(judged)
    badge = (UNMEASURED if fresh is None and not CONTRACTS[source].imported else NOTHING) if empty else BADGES[gravest]
    first = next((one for one in judged if one.grade is gravest and gravest is not Grade.PASS), None)
    week = sum(rows for day, rows in days.items() if day > today - timedelta(days=7))
    return Shown(
        contract=CONTRACTS[source],
        badge=badge[0],
        tone=badge[1],
        age="–" if fresh is None or empty else fresh.figure,
        week="–" if empty else count(week),
        what=_what(first, fresh, CONTRACTS[source]),
        checks=[Check.of(one) for one in judged],
    )


def _what(first: Judged | None, fresh: Judged | None, contract: Contract) -> str:
    if fresh is not None and fresh.figure != "–":
        return _sentence(first.detail) if first else "As expected."
    if contract.imported:
        return "Bring a file, and it is read at once."
    return "Nothing has come yet." if fresh else "It is measured after the import, and every night."


def bars(days: Mapping[date, int], today: date) -> list[Bar]:
    """The last four weeks, one bar a day; none where the source has nothing in them."""
    shown_days = [today - timedelta(days=back) for back in range(SHOWN_DAYS - 1, -1, -1)]
    most = max((days.get(day, 0) for day in shown_days), default=0)
    return [Bar(day, days.get(day, 0), 100 * days.get(day, 0) / most) for day in shown_days] if most else []


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery in words."""

    delivery: SourceDelivery
    title: str
    badge: str
    tone: str
    summary: str

    @classmethod
    def of(cls, delivery: SourceDelivery) -> Told:
        badge, tone = STATES[delivery.state]
        if delivery.state is State.DONE and delivery.report.get("refused"):
            badge, tone = "Partly taken in", "warning"
        return cls(delivery, CONTRACTS[delivery.source].title, badge, tone, _summary(delivery))

    @property
    def is_posted(self) -> bool:
        """Whether it came in posts, so that no file can be brought again."""
        return self.delivery.by == BY


def _summary(delivery: SourceDelivery) -> str:
    if delivery.state is State.FAILED:
        return _sentence(delivery.error)
    if delivery.state is not State.DONE:
        return ""
    report = delivery.report
    every = report["taken"] == report["rows"]
    parts = [
        f"all {count(report['rows'])} rows taken"
        if every
        else f"{count(report['taken'])} of {count(report['rows'])} rows taken"
    ]
    parts += [f"{count(report['again'])} known already"] if report["again"] else []
    refused = sum(report["refused"].values())
    parts += [f"{count(refused)} refused"] if refused else []
    return _sentence(", ".join(parts))


def refused_of(report: Json) -> list[tuple[str, str]]:
    """Each reason with the numbers of its rows, as far as they are known."""
    rows: dict[str, list[int]] = {}
    for problem in report.get("problems", ()):
        rows.setdefault(_sentence(problem["reason"]), []).append(problem["row"])
    return [(reason, ", ".join(map(count, numbers))) for reason, numbers in rows.items()]


def lines_of(report: Json) -> list[tuple[str, str]]:
    """What became of the rows: how many, and what that means."""
    found = [(count(report["taken"]), "taken")]
    if report["changed"]:
        found.append((count(report["changed"]), "of these correct an earlier figure"))
    if report["again"]:
        found.append((count(report["again"]), "were there already, and count once"))
    found += [(count(number), f"let go: {why}") for why, number in report["let_go"].items()]
    found += [(count(number), f"refused: {reason}") for reason, number in report["refused"].items()]
    found += [(count(number), _unmatched(what, report)) for what, number in report["unmatched"].items()]
    if report["shared"]:
        found.append(
            (count(report["shared"]), "have an e-mail that several customers share; they stay with the e-mail")
        )
    return found


def _unmatched(what: str, report: Json) -> str:
    names = ", ".join(report["strangers"][:10]) if what == "products" else ""
    return f"name {what} that your store does not have{f' ({names})' if names else ''}; they are kept"


def _sentence(text: str) -> str:
    if not text:
        return ""
    whole = text[0].upper() + text[1:]
    return whole if whole[-1] in ".?!" else f"{whole}."
