"""``python -m devstore.outcomes``: write a world's orders for whoever learns from them, or what a rail earns in it.

``--orders FILE`` gets the orders (.npz: columns ``order``, ``product``, ``day``, ``customer``). ``--lists FILE`` is
read (JSON, product → products), and ``--out FOLDER`` gets one ``seed-<number>.npz`` for each seed, with the columns of
`devstore.outcomes.people.Outcomes`.

``--ask FOLDER`` gets ``orders.npz``, ``views.npz`` (``session``, ``product``, ``day``), ``catalogue.json`` and
``questions.json`` (`devstore.outcomes.questions`). ``--answers FILE`` is read, JSON with the same world's questions and
answers, ``{"questions": …, "rails": {name: {"rail": …, "lists": [[product, …], …]}}}``, one list for each question in
their order, and ``--regret FILE`` gets the judgement of each name (`devstore.outcomes.regret`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from devstore.model import World
from devstore.outcomes import questions
from devstore.outcomes.past import Past
from devstore.outcomes.people import Remembered, simulate
from devstore.outcomes.questions import Questions
from devstore.outcomes.regret import Judge
from devstore.outcomes.shelves import Lists, Shelves
from devstore.worlds import SEED, WorldError, build
from devstore.worlds.taste import DAY, tastes_of


def main(arguments: list[str] | None = None) -> None:
    args = _parser().parse_args(arguments)
    if not (args.orders or args.lists or args.ask or (args.answers and args.regret)):
        sys.exit(
            "devstore.outcomes: say what to write: --orders FILE, or --lists FILE --out FOLDER, or --ask FOLDER, "
            "or --answers FILE --regret FILE"
        )
    try:
        world = build(args.world, seed=args.world_seed)
        if args.orders:
            _write_orders(world, args.orders)
        if args.lists:
            args.out.mkdir(parents=True, exist_ok=True)
            for line in _simulate(world, _lists(args.lists), args):
                print(line, flush=True)
        if args.ask:
            _ask(world, args.ask, args)
        if args.answers:
            args.regret.write_text(json.dumps(_judged(world, args.answers), indent=2))
    except (OSError, ValueError, WorldError) as error:
        sys.exit(f"devstore.outcomes: {error}")


def _write_orders(world: World, path: Path) -> None:
    """Every line that was not cancelled, by order, the oldest first."""
    lines = [
        (number, line.product_id, int(order.processed_at.timestamp()) // DAY, order.customer_id or 0)
        for number, order in enumerate(order for order in world.orders if order.cancelled_at is None)
        for line in order.lines
        if line.product_id is not None
    ]
    columns = np.array(lines, np.int64).reshape(-1, 4).T
    _save(path, dict(zip(("order", "product", "day", "customer"), columns, strict=True)))


def _save(path: Path, columns: dict[str, Any]) -> None:
    """Write the columns, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(file, **columns)
    unfinished.replace(path)


def _lists(path: Path) -> Lists:
    """Read the lists.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        return {
            int(product): [int(other) for other in others] for product, others in json.loads(path.read_text()).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds no lists by product: {error}") from error


def _simulate(world: World, lists: Lists, args: argparse.Namespace) -> Iterator[str]:
    """Write each seed's people; gives a line about each."""
    tastes, shelves = Remembered.of(tastes_of(world)), Shelves(world, lists)
    past = Past.read(world, tastes)
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        found = simulate(tastes, shelves, past, now=world.now, people=args.people, seed=seed)
        path: Path = args.out / f"seed-{seed}.npz"
        _save(path, found.as_columns())
        yield f"{path.name}: {len(found.person)} people, {int(found.exposed.sum())} came by the rail's place"


def _ask(world: World, folder: Path, args: argparse.Namespace) -> None:
    """Write all that an app learns from, and what it is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    shelves = Shelves(world, {})
    asked = questions.draw(world, shelves, people=args.people, seed=args.first_seed)
    _write_orders(world, folder / "orders.npz")
    _save(folder / "views.npz", questions.views(world, shelves, visits=args.visits, seed=args.first_seed))
    (folder / "catalogue.json").write_text(json.dumps(questions.catalogue(world, shelves)))
    (folder / "questions.json").write_text(json.dumps(asked.as_json()))


def _judged(world: World, answers: Path) -> dict[str, Any]:
    """By name the regret of each answered rail, with the truth of its pairs where it completes looks.

    Raises:
        ValueError: the file holds something else, or other questions' answers.
    """
    document = json.loads(answers.read_text())
    judge = Judge(world, Shelves(world, {}), seed=SEED)
    try:
        asked = Questions.of(document["questions"])
        found: dict[str, Any] = {}
        for name, own in document["rails"].items():
            found[name] = judge.judge(own["rail"], asked, own["lists"]).as_json()
            if own["rail"] == "complete_the_look":
                found[name] |= judge.complements(asked, own["lists"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{answers} holds no answers: {error!r}") from error
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devstore.outcomes", description="What a rail really earns in a world.")
    parser.add_argument("--world", default="generated", help="generated, null, small, or the path of a log")
    parser.add_argument("--world-seed", type=int, default=SEED, help="draws another world of the same kind")
    parser.add_argument("--orders", type=Path, metavar="FILE", help="write the world's orders there (.npz)")
    parser.add_argument("--lists", type=Path, metavar="FILE", help="the rail's lists, as JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", default=Path(), help="where the seeds' files go")
    parser.add_argument("--ask", type=Path, metavar="FOLDER", help="write there what an app learns from and is asked")
    parser.add_argument("--visits", type=_number, default=40_000, help="in which people look around, for --ask")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="what an app would show, as JSON")
    parser.add_argument("--regret", type=Path, metavar="FILE", help="how far that is from the best, as JSON")
    parser.add_argument("--seeds", type=_number, default=1, help="how many experiments")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--people", type=_number, default=2000, help="in each experiment")
    return parser


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
