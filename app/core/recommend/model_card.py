"""Lineage and model card: what a version was learnt from, by which code, how it did, and what it is for.

Counts and days only: nothing here names anybody. The form follows Mitchell et al., "Model Cards for Model Reporting"
(FAT* 2019), as far as it says something about a shop's recommendations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from app.core.recommend.canary import Trial
from app.core.recommend.evaluate import HR, TITLES
from app.core.recommend.interactions import NOBODY, Baskets
from app.core.recommend.types import Strategy

EPOCH: Final = date(1970, 1, 1)
INTENDED: Final = (
    "Ranks products of this one shop for its own shoppers, on its pages and in its mails. It says nothing of another "
    "shop, of a shopper's worth, or of why somebody buys."
)
LIMITS: Final = (
    "The exam tells how well the past was found again, not what the shop will earn; that takes an experiment.",
    "What is new and has hardly been bought or viewed is known by what is written of it, and is shown less than it may "
    "deserve.",
    "What was popular was shown and therefore bought more: the data favour it.",
    "A season that the data have not seen is not foreseen.",
)
MODELS: Final[Mapping[str, str]] = {
    Strategy.RANKED: "many signals in one ranking",
    Strategy.ALS: "factors (ALS)",
    Strategy.ITEM_ITEM: "neighbours in orders",
    Strategy.CO_VIEW: "neighbours in visits",
    Strategy.COMPLEMENTS: "complements",
    Strategy.REPLENISH: "replenishment",
    Strategy.TRENDING: "what is popular",
}
"""What each strategy is called, in an exam and where its parameters stand."""
LEFT_OUT: Final = (
    "test orders, cancelled orders and lines that were returned in full",
    "customers who opted out or were erased, and browsers that objected",
    "visits without consent",
    "how many pieces were bought: a product counts once an order or visit",
)


@dataclass(frozen=True, slots=True)
class CodeVersion:
    """Which code trained: the package's version, the commit where it is known, and a hash of its sources."""

    version: str
    commit: str | None
    digest: str
    """The first 12 hexadecimal digits of a SHA-256 over the package's Python files."""


def lineage(
    orders: Baskets,
    sessions: Baskets,
    *,
    code: CodeVersion,
    recipe: str,
    seed: int,
    seconds: float,
) -> dict[str, Any]:
    """What the register keeps of a version's origin, as JSON.

    Args:
        seconds: how long the training took, reading included.
    """
    return {
        "orders": _window(orders),
        "sessions": _window(sessions),
        "catalogue": len(orders.items),
        "products_bought": len(np.unique(orders.item)),
        "customers": len(np.unique(orders.customer[orders.customer != NOBODY])),
        "orders_of_guests": int(np.count_nonzero(orders.customer == NOBODY)),
        "code": asdict(code),
        "recipe": recipe,
        "seed": seed,
        "seconds": round(seconds, 1),
    }


def _window(baskets: Baskets) -> dict[str, Any]:
    if not len(baskets):
        return {"count": 0, "first": None, "last": None}
    first, last = int(baskets.day.min()), int(baskets.day.max())
    return {"count": len(baskets), "first": _day(first), "last": _day(last)}


def _day(days: int) -> str:
    return (EPOCH + timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the card and its lines, each a name and what stands behind it; or a sentence without a name."""

    title: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a card is about, as the register has it."""

    version: str
    strategy: str
    trained_at: datetime
    metrics: Mapping[str, Any]
    note: str
    lineage: Mapping[str, Any]


def card(subject: Subject, trial: Trial | None) -> Sequence[Section]:
    """The card of one version; sections of which nothing is known are left out."""
    sections = (
        Section("What it is for", [("", INTENDED)]),
        Section("Where it came from", list(_origin(subject))),
        Section("Exams", list(_exams(subject.metrics))),
        Section("Parameters", list(_parameters(subject.metrics))),
        Section("With shoppers", list(_with_shoppers(trial))),
        Section("Left out", [*_notes(subject.note), *(("", line[0].upper() + line[1:] + ".") for line in LEFT_OUT)]),
        Section("Limits", [("", line) for line in LIMITS]),
    )
    return [section for section in sections if section.lines]


def as_markdown(subject: Subject, sections: Sequence[Section]) -> str:
    """The card as a Markdown document."""
    parts = [f"# Model {subject.version}"]
    for section in sections:
        lines = [f"- **{name}**: {said}" if name else f"- {said}" for name, said in section.lines]
        parts.append(f"## {section.title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _origin(subject: Subject) -> Iterator[tuple[str, str]]:
    yield "Trained", f"{subject.trained_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    known = subject.lineage
    if not known:
        yield "Data", "not kept: this version is older than lineage"
        return
    yield "Orders", _of_window(known["orders"])
    yield "Visits with product views", _of_window(known["sessions"])
    yield "Products", f"{known['products_bought']:,} bought, of {known['catalogue']:,} known"
    yield "Customers", f"{known['customers']:,}, and {known['orders_of_guests']:,} orders of guests"
    code = known["code"]
    commit = f", commit {code['commit'][:12]}" if code["commit"] else ""
    yield "Code", f"attune {code['version']}{commit}, sources {code['digest']}"
    yield "Recipe", f"{known['recipe']}, seed {known['seed']}"
    yield "Training took", f"{known['seconds']:,.0f} s"


def _of_window(window: Mapping[str, Any]) -> str:
    if not window["count"]:
        return "none"
    return f"{window['count']:,}, {window['first']} to {window['last']}"


def _exams(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rail, exam in metrics.get("rails", {}).items():
        name, verdict = _title(rail), "passed" if exam["passed"] else "not used"
        model = MODELS.get(exam["strategy"], exam["strategy"])
        if not exam["questions"]:
            yield name, f"{model}: no questions, {verdict}"
            continue
        sure, by = exam["difference"], exam.get("by", HR)
        yield (
            name,
            f"{model}: {exam['model'][by]:.2%}, the floor: {exam['floor'][by]:.2%} "
            f"({by.upper()}; difference {100 * sure['low']:+.2f} to {100 * sure['high']:+.2f} points with 95 %), "
            f"{exam['questions']:,} questions, {verdict}",
        )


def _parameters(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in metrics.get("parameters", {}).items():
        named = values.items() if isinstance(values, Mapping) else [("", values)]
        said = (f"{key.replace('_', ' ')} {MODELS.get(str(value), value)}".strip() for key, value in named)
        yield _model(name), ", ".join(said)


def _model(name: str) -> str:
    """The model whose parameters they are, or the rail whose order was chosen."""
    title = MODELS.get(name, "") or _title(name)
    return title[0].upper() + title[1:]


def _title(rail: str) -> str:
    return {one.value: title for one, title in TITLES.items()}.get(rail, rail.replace("_", " "))


def _with_shoppers(trial: Trial | None) -> Iterator[tuple[str, str]]:
    if trial is None:
        return
    yield "Stage", trial.stage.replace("_", " ")
    if trial.reason:
        yield "Why", trial.reason
    if trial.share:
        yield "As a canary", f"{trial.share:.0%} of visitors from {trial.started_at:%Y-%m-%d %H:%M}"
    for name, counts in trial.figures.get("canary", {}).items():
        if "cards" in counts:
            yield (
                f"Counted, {name}",
                f"{counts['visitors']:,} visitors, {counts['clicks']:,} clicks on {_cards(counts)}",
            )


def _cards(counts: Mapping[str, Any]) -> str:
    return f"{counts['cards']:,} cards in view, {counts['troubled']:,} of {counts['answers']:,} answers in trouble"


def _notes(note: str) -> Iterator[tuple[str, str]]:
    for said in filter(None, note.split(". ")):
        yield "", said.rstrip(".") + "."
