"""What `attune evaluate` prints: who was asked what, a table with our row first, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from app.cli.evaluation import trade_off
from app.cli.evaluation.known import known_set
from app.cli.evaluation.results import OURS, Result, gains, headline
from app.core.recommend.protocols.comparing import Gain
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.tasks import Task

WIDEST = 400


def exam_in_words(exam: Exam) -> list[str]:
    """What is learnt from and what is asked, and everything that was left out."""
    training, cases = exam.training, exam.cases
    return [
        f"{exam.task.value}: histories to learn from {len(training):,}, their events {len(training.item):,}, "
        f"items {len(training.items):,}; questions {len(cases):,}.",
        *exam.notes,
    ]


def table(results: Sequence[Result], task: Task, ks: Sequence[int], title: str) -> Table:
    """One row for each model, ours first; parts that are reported apart have columns of their own."""
    shown = headline(task, ks)
    made = Table(title=title, title_justify="left")
    made.add_column("model")
    names = _columns(results, shown)
    for name in (*names, "fit s", "score ms", "peak MB"):
        made.add_column(name, justify="right")
    best = {name: max(result.metrics.get(name, 0.0) for result in results) for name in names}
    for result in sorted(results, key=lambda one: one.model != OURS):
        cells = [_cell(result.metrics.get(name), best[name]) for name in names]
        each_ms = 1000.0 * result.score_s / max(result.asked, 1)
        made.add_row(result.model, *cells, f"{result.fit_s:.1f}", f"{each_ms:.2f}", f"{result.peak_mb:,.0f}")
    return made


def print_results(console: Console, exam: Exam, results: Sequence[Result], ks: Sequence[int], title: str) -> None:
    """The table, the published figure where the data set is a known one, and how sure our lead is."""
    print_wide(console, table(results, exam.task, ks, title))
    found = known_set(exam)
    if found is not None:
        console.print(f"This is {found.title}. Published: {found.published}.", highlight=False, soft_wrap=True)
    for metric, gain in gains(exam, results, ks).items():
        console.print(in_words(metric, gain), highlight=False, soft_wrap=True)
    for text in [text for result in results for text in trade_off.in_words(result.trade_off)]:
        console.print(text, highlight=False, soft_wrap=True, markup=False)


def in_words(metric: str, gain: tuple[str, Gain]) -> str:
    """One line about our lead on one metric."""
    rival, lead = gain
    return (
        f"{metric}: {OURS} {lead.gain:+.1%} against {rival}, the best baseline "
        f"(paired bootstrap, 95 %: {lead.low:+.1%} to {lead.high:+.1%}, {lead.questions:,} questions)."
    )


def print_wide(console: Console, made: Table) -> None:
    """A table is never cut: where the terminal is narrow, or is none, it is as wide as it needs to be."""
    wide = Console(width=WIDEST, file=console.file)
    width = wide.measure(made).maximum
    Console(width=max(width, console.width), file=console.file).print(made)


def _columns(results: Sequence[Result], shown: int) -> list[str]:
    names = list(dict.fromkeys(name for result in results for name in result.metrics))
    return [name for name in names if name.endswith(f"@{shown}")]


def _cell(value: float | None, best: float) -> str:
    if value is None:
        return "–"
    return f"[bold]{value:.4f}[/bold]" if value == best and best > 0 else f"{value:.4f}"
