"""`attune demo`: a simulated store, the app, its workers and its services on this machine, from nothing to READY.

Each stage does what a merchant would do, through the same doors (the install link, the consent form, the storefront);
nothing is put into the database behind the app's back.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from app.cli.demo_stack import DemoStack
from app.config import data_dir

WAIT_S = 1.0


@click.command()
@click.option(
    "--world", default="generated", show_default=True, help="generated, small, null, or the path of a sales log."
)
@click.option("--shoppers", default=0, show_default=True, help="Simulated shoppers who come and go meanwhile.")
@click.option(
    "--port", default=8000, show_default=True, help="The app's port; the store and its Klaviyo take the next two."
)
@click.option("--exit-when-ready", is_flag=True, help="Print each stage with its time, then stop everything.")
def command(world: str, shoppers: int, port: int, exit_when_ready: bool) -> None:
    """Run everything on this machine; prints the addresses. Ctrl-C stops all."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console(highlight=False, soft_wrap=True)
    stack = DemoStack(data_dir() / "demo", world=world, port=port, shoppers=shoppers, first_mails=True)
    started = time.monotonic()
    try:
        for title, stage in stack.stages():
            _run(console, title, stage)
        console.print(f"\n[bold green]READY[/] in {time.monotonic() - started:.1f} s")
        _show_addresses(console, stack)
        while not exit_when_ready:
            stack.processes.check()
            time.sleep(WAIT_S)
    except KeyboardInterrupt:
        console.print("\nstopping …")
    finally:
        stack.stop()
        if table := stack.shoppers.table():
            console.print(f"\n{table}", markup=False)


def _run(console: Console, title: str, stage: object) -> None:
    begun = time.monotonic()
    with console.status(f"{title} …") as status:
        result = stage(lambda text: status.update(f"{title} … {text}"))  # type: ignore[operator]
    note = f"  [dim]{result}[/]" if result else ""
    console.print(f"[green]✓[/] {title:<34} {time.monotonic() - begun:6.1f} s{note}")


def _show_addresses(console: Console, stack: DemoStack) -> None:
    for label, address in stack.addresses().items():
        console.print(f"  {label:<14} {address}")
    console.print(f"\nFor `attune report` and the other commands in another terminal:\n  {_env_hint(stack.env_file)}")


def _env_hint(path: Path) -> str:
    return f"set -a; . {path}; set +a"


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
