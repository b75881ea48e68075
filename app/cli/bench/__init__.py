"""`attune bench NAME`: time a part of Attune beside its rival or limit, in the same run.

Each benchmark is a module of this package with a click command named `command`, loaded when it is called. Their common
JSON is `{"name", "machine", "measures", "targets", "met"}`, see `result`.
"""

from __future__ import annotations

import importlib

import click

BENCHMARKS = {
    "identity": "Who is one person: precision and recall in a world whose truth is known.",
    "ingest": "The door for events beside a bare Flask route and Redis' own limit.",
    "klaviyo": "A push of everybody's Klaviyo profile under real quotas, and what kills do to it.",
    "segments": "A whole nightly segmentation at size, its memory, and how its cost grows.",
    "serve": "The recommendations route beside a bare and a signed Flask route.",
    "statistics": "Experiments: agreement with gbstats, error rates by simulation, the generated world's truth.",
    "sync": "The import of orders beside DuckDB's reading of the same file.",
    "train": "A whole training at size, how its cost grows, and how quickly its models answer.",
}


class Benchmarks(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(BENCHMARKS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in BENCHMARKS:
            return None
        loaded: click.Command = importlib.import_module(f"app.cli.bench.{cmd_name}").command
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Benchmarks"):
            formatter.write_dl(sorted(BENCHMARKS.items()))


@click.group(cls=Benchmarks)
def command() -> None:
    """Time a part of Attune beside its rival or limit, in the same run."""
