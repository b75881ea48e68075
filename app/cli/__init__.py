"""The command line: one file per command, loaded when it is called, so that `attune --help` stays quick.

A command's failure is one sentence on stderr and a non-zero exit; tracebacks are for bugs.
"""

from __future__ import annotations

import importlib
import sys

import click

from app.config import SettingsError
from app.core.errors import DomainError
from app.errors import Permanent, Retryable

COMMANDS = {
    "bench": "Time a part of Attune beside its rival or limit, in the same run.",
    "consent": "Record the merchant's consent to training, or its withdrawal.",
    "demo": "Run everything on this machine: a store, the app, its workers.",
    "doctor": "Check configuration, connections and data; each problem with its remedy.",
    "erase": "Erase one customer everywhere, with a receipt.",
    "evaluate": "Measure the models beside simple ones, on data files.",
    "export": "Export what is held about one customer.",
    "import": "Take in a file of Klaviyo, Google Analytics, a service desk, ad spend or stock.",
    "recommend": "Show what a rail would show, and why.",
    "report": "The metrics table of a shop.",
    "segments": "Put customers into segments, and show their sizes.",
    "sync": "Import the store's data.",
    "train": "Train, examine and publish the shop's models; or roll back.",
}


MODULES = {"import": "import_source"}
"""Commands whose names are words of Python's."""


class Lazy(click.Group):
    """A group whose commands are modules of this package, each with a click command named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        loaded: click.Command = importlib.import_module(f"app.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Lazy)
def commands() -> None:
    """Attune: AI personalisation for Shopify stores, on your own servers."""


def main() -> None:
    """The console script `attune`."""
    try:
        commands()
    except (DomainError, Permanent, Retryable, SettingsError) as error:
        click.echo(f"attune: {error}", err=True)
        sys.exit(1)
