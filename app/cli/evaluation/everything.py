"""`make eval`: every known public set that is here, our row beside the baselines, and each figure met or not.

Sets that are missing are skipped aloud. With --resume, sets that are in the --json file already are not run again.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from app.cli.evaluate import ModelsFailed
from app.cli.evaluate import command as evaluate
from app.cli.evaluation import show
from app.cli.evaluation.known import KNOWN, KnownSet
from app.core.errors import DomainError

REPOSITORY = Path(__file__).resolve().parents[3]


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where the sets lie (default: ATTUNE_DATA).")
@click.option("--only", default="", help=f"Some of {', '.join(one.key for one in KNOWN)}, with commas between them.")
@click.option("--models", default="all", show_default=True, help="Models, with commas between them.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JSON.")
@click.option("--resume", is_flag=True, help="Keep the sets that the JSON file has.")
def command(folder: Path | None, only: str, models: str, json_file: Path | None, resume: bool) -> None:
    """Evaluate on every known public data set, and hold the results against the figures to reach."""
    began = time.monotonic()
    place = folder or Path(os.environ.get("ATTUNE_DATA") or REPOSITORY.parent / "shared" / "data")
    wanted = _wanted(only)
    kept = orjson.loads(json_file.read_bytes()) if resume and json_file and json_file.is_file() else {}
    done: dict[str, Any] = {}
    failed: list[str] = []
    for known in wanted:
        click.echo(f"\n== {known.title}")
        if missing := [name for name in _files(known) if not (place / name).is_file()]:
            click.echo(f"skipped: {place / missing[0]} is not here; set ATTUNE_DATA to the folder of the data sets")
            continue
        try:
            done[known.key] = kept.get(known.key) or _run(known, place, models)
        except (DomainError, click.ClickException) as error:
            click.echo(f"failed: {error}", err=True)
            failed.append(known.key)
            continue
        if json_file:
            json_file.write_bytes(orjson.dumps(kept | done, option=orjson.OPT_INDENT_2))
    all_met = _summary(wanted, done)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    if not done:
        raise click.ClickException("nothing was measured")
    sys.exit(0 if all_met and not failed else 1)


def _wanted(only: str) -> list[KnownSet]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in {one.key for one in KNOWN}]:
        raise click.BadParameter(f"{unknown[0]!r} is no known set", param_hint="--only")
    return [one for one in KNOWN if not names or one.key in names]


def _files(known: KnownSet) -> list[str]:
    return [*known.files, *(option for option in known.options if "/" in option)]


def _run(known: KnownSet, place: Path, models: str) -> dict[str, Any]:
    """The document of `attune evaluate`, run in this process as if it had been called."""
    options = [str(place / option) if "/" in option else option for option in known.options]
    with tempfile.TemporaryDirectory(prefix="attune-eval-") as folder:
        file = Path(folder) / "results.json"
        arguments = [*(str(place / name) for name in known.files), "--protocol", known.task.value, *options]
        try:
            evaluate.main([*arguments, "--models", models, "--json", str(file)], standalone_mode=False)
        except ModelsFailed as error:
            click.echo(f"failed: {error}", err=True)
        document: dict[str, Any] = orjson.loads(file.read_bytes())
    return document


def _summary(wanted: list[KnownSet], done: dict[str, Any]) -> bool:
    """Print every figure to reach beside what was reached; whether all that were judged are met and no model failed."""
    made = Table(title="Figures to reach", title_justify="left")
    for name in ("set", "model", "metric", "reached", "to reach", "", "which is"):
        made.add_column(name, justify="right" if name in ("reached", "to reach") else "left")
    all_met = True
    for known in wanted:
        if known.key not in done:
            continue
        all_met &= not done[known.key]["failed"]
        metrics = {result["model"]: result["metrics"] for result in done[known.key]["results"]}
        for figure in known.figures:
            reached = metrics.get(figure.model, {}).get(figure.metric)
            floor = figure.floor(metrics)
            verdict = "not run" if reached is None else "met" if reached >= floor else "NOT MET"
            all_met &= verdict != "NOT MET"
            shown = "–" if reached is None else f"{reached:.4f}"
            made.add_row(known.key, figure.model, figure.metric, shown, f"{floor:.4f}", verdict, figure.words)
    show.print_wide(Console(), made)
    return all_met


if __name__ == "__main__":
    command()
