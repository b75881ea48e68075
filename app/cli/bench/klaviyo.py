"""`attune bench klaviyo`: everybody's profile changed, pushed to the Klaviyo twin under Klaviyo's own quotas.

The twin runs in a process of its own, the worker in another, on two cores that they share with PostgreSQL. First one
push from begin to end; then everybody changes again and again while workers are killed, and every profile is looked at.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import click

from app.cli.bench import klaviyo_killed
from app.cli.bench.klaviyo_idle import idleness
from app.cli.bench.klaviyo_stand import (
    IMPORTS,
    Child,
    Stand,
    Watch,
    analyze,
    cores_busy_s,
    cpu_seconds,
    opened,
    peak_mib,
)
from app.cli.bench.result import Target, conclude

PROFILES: Final = 100_000
SECONDS: Final = 90.0
MEMORY_MIB: Final = 381.0
"""400 MB."""
IDLE: Final = 0.01
"""A share that a look every 50 ms can't tell from nothing."""
KILLS: Final = 4

Measured = dict[str, float]


@click.command()
@click.option("--profiles", default=PROFILES, show_default=True, help="Customers who may be mailed.")
@click.option("--only", type=click.Choice(["push", "killed"]), help="One part; workers are killed after a whole push.")
@click.option("--kills", default=KILLS, show_default=True, help="How many workers are killed.")
@click.option("--profile", type=click.Path(dir_okay=False, path_type=Path), help="Write a cProfile of the push there.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(profiles: int, only: str | None, kills: int, profile: Path | None, json_file: Path | None) -> None:
    """A push of everybody's profile to the Klaviyo twin: time, quota, memory, and what kills do to it."""
    began = time.monotonic()
    measures: Measured = {"profiles": profiles}
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with opened(folder) as stand:
            world = Child.start("app.cli.bench.klaviyo_world", {**stand.task, "profiles": profiles}).answer()
            shop = int(world["shop"])
            click.echo(
                f"a shop with {profiles:,} customers who may be mailed, made in {time.monotonic() - began:.0f} s"
            )
            analyze(stand)
            measures |= _push(stand, shop, profile)
            if only != "killed":
                targets += _targets(profiles)
            if only != "push":
                usual_s = measures["push_s"]
                measures |= klaviyo_killed.measure(stand, shop, profiles, usual_s=usual_s, kills=kills)
                targets += [Target("newest", ">=", 1.0), Target("older", "<=", 0.0)]
    met = conclude("klaviyo", measures, targets, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def _targets(profiles: int) -> list[Target]:
    return [
        Target("pushed", ">=", profiles),
        Target("push_s", "<=", SECONDS),
        Target("throttled", "<=", 0.0),
        Target("idle_share", "<=", IDLE),
        Target("worker_peak_mib", "<=", MEMORY_MIB),
    ]


def _push(stand: Stand, shop: int, profile: Path | None) -> Measured:
    """One push of everybody, watched."""
    stand.twin.forget_requests()
    began = _cpu(stand)
    task: dict[str, Any] = {**stand.task, "shop": shop, "profile": str(profile.absolute()) if profile else ""}
    worker = Child.start("app.cli.bench.klaviyo_child", task)
    watch = Watch(worker.process.pid, stand.postgres.pid or 0)
    told = worker.answer()
    watch.stop()
    spent = {name: value - began[name] for name, value in _cpu(stand).items()}
    measured: Measured = {
        "pushed": told["pushed"],
        "refused": told["refused"],
        "push_s": told["seconds"],
        **_asked(stand, told["began"], watch),
        "worker_cpu_s": told["cpu_s"],
        "worker_peak_mib": told["peak_mib"],
        "database_cpu_s": spent["database"],
        "twin_cpu_s": spent["twin"],
        "others_cpu_s": spent["machine"] - spent["worker"] - spent["database"] - spent["twin"],
        "twin_peak_mib": peak_mib(stand.twin.pid),
    }
    _say(measured)
    return measured


def _cpu(stand: Stand) -> Measured:
    """CPU seconds so far: of workers that have ended, of PostgreSQL, of the twin, of the whole machine."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "worker": ended.ru_utime + ended.ru_stime,
        "database": cpu_seconds(stand.postgres.pid or 0),
        "twin": cpu_seconds(stand.twin.pid),
        "machine": cores_busy_s(),
    }


def _asked(stand: Stand, began: float, watch: Watch) -> Measured:
    """What the twin has seen of the push."""
    log, jobs = stand.twin.ask("/requests"), stand.twin.ask("/jobs")["jobs"]
    imports = [one for one in log["requests"] if one["method"] == "POST" and one["path"] == IMPORTS]
    spans = [(one["at"], one["at"] + one["took_s"]) for one in imports]
    rest = idleness(began, spans, [(one["created"], one["finished"]) for one in jobs], watch.found)
    return {
        "throttled": log["throttled"],
        "imports": len(imports),
        "other_requests": len(log["requests"]) - len(imports),
        "bytes": sum(one["size"] for one in imports),
        "empty_share": rest.empty,
        "idle_share": rest.idle,
        "twin_in_imports_s": sum(last - first for first, last in spans),
        "twin_in_jobs_s": sum(one["finished"] - one["started"] for one in jobs),
    }


def _say(of: Measured) -> None:
    click.echo(
        f"{of['pushed']:,.0f} profiles in {of['push_s']:.1f} s, {of['refused']:,.0f} refused: "
        f"{of['imports']:.0f} imports of {of['bytes'] / 1e6:,.0f} MB together "
        f"({of['bytes'] / max(of['pushed'], 1):,.0f} bytes a profile), "
        f"{of['other_requests']:.0f} other requests, {of['throttled']:.0f} throttled\n"
        f"CPU: the worker {of['worker_cpu_s']:.1f} s, PostgreSQL {of['database_cpu_s']:.1f} s, "
        f"the twin {of['twin_cpu_s']:.1f} s ({of['twin_cpu_s'] / of['push_s']:.0%} of a core; it was "
        f"{of['twin_in_imports_s']:.1f} s in imports, {of['twin_in_jobs_s']:.1f} s in jobs), "
        f"everything else on the machine {of['others_cpu_s']:.1f} s\n"
        f"nothing was on its way for {of['empty_share']:.1%} of the time although quota was free, and for "
        f"{of['idle_share']:.1%} nobody prepared anything either; "
        f"peak memory: the worker {of['worker_peak_mib']:.0f} MiB, the twin {of['twin_peak_mib']:.0f} MiB"
    )
