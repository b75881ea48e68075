"""`python -m app.cli.evaluation.world`: how far every rail stays behind the best list there is, in the generated world.

The devstore's own program knows what its people would take next (``python -m devstore.outcomes``); it is asked over
files. Models are trained as in a shop, on the world's orders and on simulated visits, and judged as they are served.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from app.cli.bench.result import Target, conclude
from app.cli.evaluation import show
from app.cli.evaluation.everything import REPOSITORY
from app.cli.evaluation.world_shop import WorldShop, answers, trained
from app.errors import Permanent

TARGETS = [Target("complements", ">=", 0.80), Target("substitutes", "<=", 0.02)]
LOOKS = ("pairs", "complements", "thought_of", "substitutes", "products_with_2", "products_with_4")
"""What is measured of the rail that completes looks, beside its regret."""


@click.command()
@click.option("--world-seed", type=int, help="Draws another world of the same kind.")
@click.option("--people", default=1500, show_default=True, help="Customers and carts that are asked about.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON.")
def command(world_seed: int | None, people: int, json_file: Path | None) -> None:
    """Every rail's regret against the generated world's own truth, and how many complements are true ones."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attune-world-") as name:
        found = measure(Path(name), world_seed=world_seed, people=people)
    show.print_wide(Console(), _table(found))
    look = found["complete_the_look"]
    click.echo(
        f"Complete the look: {look['pairs']:,.0f} pairs; {look['thought_of']:.1%} are what the product itself makes "
        f"people think of; {look['products_with_2']:.0%} of the products have a look of 2, "
        f"{look['products_with_4']:.0%} one of 4."
    )
    measures = {f"{rail}_{figure}": value for rail, figures in found.items() for figure, value in figures.items()}
    measures |= {figure: look[figure] for figure in LOOKS}
    met = conclude("world", measures, TARGETS, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def measure(folder: Path, *, world_seed: int | None, people: int) -> dict[str, dict[str, float]]:
    """By rail the devstore's judgement.

    Raises:
        Permanent: the devstore's program fails.
    """
    world = [] if world_seed is None else ["--world-seed", str(world_seed)]
    devstore([*world, "--ask", str(folder), "--people", str(people)])
    shop = WorldShop.read(folder)
    model = trained(shop)
    click.echo(
        f"Learnt from {len(shop.material.orders):,} orders. Rails that passed their exams: "
        f"{', '.join(sorted(model.rails)) or 'none'}; at home {model.for_you}, beside carts {model.goes_well} first."
    )
    rails = answers(shop, model)
    asked, judged = folder / "answers.json", folder / "regret.json"
    asked.write_bytes(orjson.dumps({"questions": shop.questions, "rails": rails}))
    devstore([*world, "--answers", str(asked), "--regret", str(judged)])
    found: dict[str, dict[str, float]] = orjson.loads(judged.read_bytes())
    return found


def devstore(arguments: list[str]) -> None:
    """Run the devstore's program.

    Raises:
        Permanent: it fails; the message holds what it said last.
    """
    command = [sys.executable, "-m", "devstore.outcomes", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Permanent(f"devstore.outcomes failed:\n{done.stderr.strip()[-2000:]}")


def _table(found: dict[str, dict[str, float]]) -> Table:
    made = Table(title="Regret in the generated world: 0 is the best list, 1 a random one", title_justify="left")
    for name in (
        "rail",
        "asked",
        "answered",
        "next on the list",
        "best",
        "popular",
        "regret",
        "of popular",
        "of money",
    ):
        made.add_column(name, justify="left" if name == "rail" else "right")
    for rail, own in found.items():
        shares = [f"{own[figure]:.1%}" for figure in ("ours", "best", "popular")]
        regrets = [f"{own[figure]:.2f}" for figure in ("regret", "regret_of_popular", "revenue_regret")]
        made.add_row(rail, f"{own['questions']:,.0f}", f"{own['answered']:,.0f}", *shares, *regrets)
    return made


if __name__ == "__main__":
    command()
