"""``python -m devstore.shoppers``: so many simulated shoppers against a running devstore, until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

import httpx

from devstore.shoppers.crowd import Crowd
from devstore.shoppers.tally import Tally
from devstore.worlds.taste import Tastes


def main(arguments: list[str] | None = None) -> None:
    """Run the crowd; SIGTERM and Ctrl-C end it, and then the table of what it did is printed."""
    args = _parser().parse_args(arguments)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        tastes = Tastes.load(args.tastes)
        crowd = Crowd(args.store, tastes, args.shoppers, seed=args.seed, pace=args.pace, most_visits=args.visits)
        asyncio.run(_run(crowd, args.summary))
    except (OSError, KeyError, ValueError, httpx.HTTPError) as error:
        sys.exit(f"devstore.shoppers: {type(error).__name__}: {error}")
    print(crowd.tally.table())


async def _run(crowd: Crowd, summary: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await crowd.run(report=lambda tally: _write(tally, summary), stop=stop)


def _write(tally: Tally, summary: Path | None) -> None:
    """Replace the summary, so that a reader never finds half of it."""
    if summary is not None:
        unfinished = summary.with_name(summary.name + ".part")
        unfinished.write_text(json.dumps(tally.as_json()))
        os.replace(unfinished, summary)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devstore.shoppers", description="Simulated shoppers for a devstore.")
    parser.add_argument("--store", required=True, help="the store's origin, such as http://127.0.0.1:9292")
    parser.add_argument("--tastes", type=Path, required=True, help="what the devstore wrote with --tastes")
    parser.add_argument("--shoppers", type=_number, default=20, help="how many at a time")
    parser.add_argument("--pace", type=_pace, default=1.0, help="2 makes everybody twice as fast")
    parser.add_argument("--visits", type=_number, help="stop after so many visits")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--summary", type=Path, help="write the counts there once a second, as JSON")
    return parser


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _pace(text: str) -> float:
    pace = float(text)
    if not 0 < pace < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return pace


if __name__ == "__main__":
    main()
