"""`attune evaluate DATA... --protocol P`: fit the production blend and its baselines on a data set, and grade them.

Each model has a process of its own, one after the other. The protocols are those of docs/evaluation.md: the whole
catalogue is ranked, ties count against the model, and the test part is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.cli.evaluation import process, show
from app.cli.evaluation.results import OURS, Result, by_chance, gains
from app.core.errors import DomainError
from app.core.recommend.models.baselines import DESCRIBED, FITS, names_for
from app.core.recommend.protocols.cold import DEPTH
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.tasks import HORIZON_DAYS, Task

SEED = 20100301
KS = "5,10,20"
COLD_METRICS = ("recall", "ndcg")


class ModelsFailed(DomainError):
    """Some models ended without a result; those of the others have been shown."""


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--protocol", required=True, type=click.Choice([task.value for task in Task]), help="What is asked.")
@click.option("--items", type=click.Path(path_type=Path), help="Attributes of the items (item, attributes).")
@click.option("--models", default="all", show_default=True, help="Models, with commas between them.")
@click.option("--k", "ks", default=KS, show_default=True, help="Cut-offs, with commas between them.")
@click.option("--until", help="time: the day (2011-11-10) from which on purchases are asked for, not learnt from.")
@click.option("--days", default=HORIZON_DAYS, show_default=True, help="time: so many days are asked for.")
@click.option(
    "--cold", type=float, help="sequence with --items: hide this share of the items (0.05), and ask for them."
)
@click.option("--trade-off", is_flag=True, help="attune: also what a merchant's sliders would cost and bring.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JSON.")
def command(
    data: tuple[Path, ...],
    protocol: str,
    items: Path | None,
    models: str,
    ks: str,
    until: str | None,
    days: int,
    cold: float | None,
    trade_off: bool,
    json_file: Path | None,
) -> None:
    """Measure the production models beside simple ones, on data of your own or public ones."""
    task = Task(protocol)
    cuts = _cuts(ks)
    chosen = _models(models, task, described=items is not None, is_cold=cold is not None)
    exam = _exam(task, data, items=items, until=until, days=days, cold=cold)
    console = Console()
    for sentence in show.exam_in_words(exam):
        click.echo(sentence)
    if trade_off and OURS not in chosen:
        raise click.UsageError(f"--trade-off is measured with {OURS}, which is not among the models")
    graded: tuple[tuple[int, ...], tuple[str, ...] | None] = (cuts, None) if cold is None else ((DEPTH,), COLD_METRICS)
    jobs = [process.Job(name, exam, *graded, trade_off and name == OURS) for name in chosen]
    results, failed = run_all(jobs, console)
    if results:
        results += [by_chance(exam, DEPTH)] if cold is not None else []
        show.print_results(console, exam, results, jobs[0].ks, ", ".join(path.name for path in data))
    if json_file:
        written = document(data, exam, results, jobs[0].ks) | {"failed": failed}
        json_file.write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2))
    if failed:
        raise ModelsFailed("\n".join(failed.values()))


def run_all(jobs: Sequence[process.Job], console: Console) -> tuple[list[Result], dict[str, str]]:
    """The jobs one after the other, with a bar for each; also the models that failed, and why."""
    results: list[Result] = []
    failed: dict[str, str] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        for job in jobs:
            try:
                results.append(_run(job, bars))
                if not console.is_terminal:
                    console.print(f"{job.model}: done in {results[-1].fit_s + results[-1].score_s:.0f} s")
            except process.Failed as error:
                failed[job.model] = str(error)
    return results, failed


def _run(job: process.Job, bars: Progress) -> Result:
    bar = bars.add_task(f"{job.model}: fit", total=None)

    def told(stage: str, done: int) -> None:
        total = len(job.exam.cases) if stage == "score" else None
        bars.update(bar, description=f"{job.model}: {stage}", completed=done, total=total)

    try:
        return process.run(job, told)
    finally:
        bars.remove_task(bar)


def document(data: Sequence[Path], exam: Exam, results: Sequence[Result], ks: Sequence[int]) -> dict[str, object]:
    """What --json writes."""
    leads = gains(exam, results, ks)
    return {
        "data": [path.name for path in data],
        "protocol": exam.task.value,
        "notes": exam.notes,
        "results": [result.document for result in results],
        "gains": {metric: {"against": rival, **asdict(gain)} for metric, (rival, gain) in leads.items()},
    }


def _exam(
    task: Task, data: Sequence[Path], *, items: Path | None, until: str | None, days: int, cold: float | None
) -> Exam:
    from app.adapters.data_files import layouts

    if task is Task.TIME:
        if until is None:
            raise click.UsageError("--protocol time needs --until DATE, the day from which on purchases are asked for")
        return layouts.time(data, items, until=_day(until), days=days)
    wanted = 2 if task is Task.SESSION else 1
    if len(data) != wanted:
        raise click.UsageError(f"--protocol {task.value} takes {'TRAIN and TEST' if wanted == 2 else 'one file'}")
    if cold is not None and (task is not Task.SEQUENCE or items is None):
        raise click.UsageError("--cold needs --protocol sequence and --items FILE")
    match task:
        case Task.SESSION:
            return layouts.session(data[0], data[1], items)
        case Task.SEQUENCE:
            return layouts.sequence(data[0], items, hide=cold or 0.0, seed=SEED)
        case _:
            return layouts.basket(data[0], items)


def _day(until: str) -> float:
    try:
        moment = datetime.fromisoformat(until)
    except ValueError as error:
        raise click.BadParameter(f"{until!r} is no day; write it as 2011-11-10", param_hint="--until") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() / 86_400.0


def _cuts(text: str) -> tuple[int, ...]:
    try:
        cuts = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r}: give whole numbers with commas between them, as 5,10,20", param_hint="--k"
        ) from error
    if min(cuts) < 1:
        raise click.BadParameter(f"{min(cuts)} is no cut-off; each must be 1 or more", param_hint="--k")
    return cuts


def _models(text: str, task: Task, *, described: bool, is_cold: bool) -> tuple[str, ...]:
    usual = (OURS, *names_for(task, described=described, is_cold=is_cold))
    if text.strip() == "all":
        return usual
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if unknown := [name for name in asked or (text,) if name not in (OURS, *FITS)]:
        offered = ", ".join((OURS, *FITS))
        raise click.BadParameter(f"{unknown[0]!r} is no model; choose from {offered}, or all", param_hint="--models")
    if not described and (blind := [name for name in asked if name in DESCRIBED]):
        raise click.BadParameter(f"{blind[0]} knows items by their attributes; give --items", param_hint="--models")
    return asked
