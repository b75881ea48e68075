"""The generated world as judge of the hold-out: what a rail earns there is known, and the interval must hold it.

The devstore's own program (``devstore.outcomes``, asked over files) says what each person spends with the rail and
without it. Here everybody falls into an arm by core's `assign`, with a salt of the seed's; what a store would see of
that arm goes through core's `fold`, as the read-out does it, and `judge` gives the interval of incremental revenue.
Beside it stands what would be claimed by counting what was bought after a click.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import orjson

from app.cli.bench.statistics_counted import arms_of, counted, orders_of, units_of
from app.cli.bench.statistics_retail import ROOT
from app.core.experiments.counted import EPOCH, Orders, Period
from app.core.experiments.fold import fold
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Metric,
    Show,
    Status,
    Treatment,
)
from app.core.experiments.verdict import judge
from app.core.ids import ModelVersion
from app.core.recommend.interactions import baskets_of
from app.core.recommend.types import Rail
from app.errors import Permanent

WORLDS = ("generated", "null")
LONGEST = 24
AT_ONCE = 2
ATTUNE = ArmKey("attune")
WITHOUT, WITH, BEFORE = 0, 1, 2
"""The devstore's numbers of the two cases, which are the places of the arms, too, and of what was bought before."""

Columns = dict[str, npt.NDArray[Any]]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Seed:
    """One experiment in a world; money in minor units for each 1,000 exposed visitors.

    `low` and `high` are None where too few bought for any statement.
    """

    true: float
    measured: float | None
    low: float | None
    high: float | None
    clicked: float
    """What was spent on products whose pages were reached by a click on the rail."""
    after_click: float
    """Whole orders of visits with such a click."""
    exposed: int

    @property
    def holds(self) -> bool:
        return self.low is not None and self.high is not None and self.low <= self.true <= self.high


@dataclass(frozen=True, slots=True)
class Found:
    """All seeds of one kind of world."""

    seeds: tuple[Seed, ...]

    @property
    def holds(self) -> int:
        return sum(seed.holds for seed in self.seeds)

    @property
    def silent(self) -> int:
        """In how many too few bought for any statement; these count as not holding the truth."""
        return sum(seed.low is None for seed in self.seeds)

    def mean(self, figure: str) -> float:
        """Of a column, over the seeds that have it."""
        values = [value for seed in self.seeds if (value := getattr(seed, figure)) is not None]
        return float(np.mean(values)) if values else float("nan")


def measure(
    folder: Path, *, world_seeds: Sequence[int], seeds: int, people: int, worlds: Sequence[str] = WORLDS
) -> dict[str, Found]:
    """Simulate and judge; by kind of world.

    Args:
        folder: for files in between.
        world_seeds: for each a world of each kind is drawn.
        seeds: experiments in each world.
        people: in each experiment.
        worlds: kinds that share shop, shoppers and history.

    Raises:
        Permanent: the devstore's program fails.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lists = list(pool.map(lambda world_seed: _lists(folder, worlds[0], world_seed), world_seeds))
        tasks = [
            (world, world_seed, listed)
            for world_seed, listed in zip(world_seeds, lists, strict=True)
            for world in worlds
        ]
        found = list(pool.map(lambda task: _simulated(folder, *task, seeds=seeds, people=people), tasks))
    by_world: dict[str, list[Seed]] = {world: [] for world in worlds}
    for (world, _, _), files in zip(tasks, found, strict=True):
        by_world[world] += [judged(file) for file in files]
    return {world: Found(tuple(judgements)) for world, judgements in by_world.items()}


def _lists(folder: Path, world: str, world_seed: int) -> Path:
    """Have the item-item model learn from the world's orders, as a merchant's shop would; its lists as a file."""
    from app.core.recommend.models import item_item, trending  # The other parts do without a trainer.

    orders, path = folder / f"orders-{world_seed}.npz", folder / f"lists-{world_seed}.json"
    _devstore(["--world", world, "--world-seed", str(world_seed), "--orders", str(orders)])
    with np.load(orders) as columns:
        order, product, day = (columns[name] for name in ("order", "product", "day"))
    pairs = np.unique(np.stack([order, product]), axis=1)
    days = np.zeros(int(order.max()) + 1, np.int32)
    days[order] = day
    baskets = baskets_of(pairs[0], pairs[1], days[pairs[0]])
    model = item_item.fit(
        baskets,
        item_item.Parameters(),
        today=int(day.max()),
        trending_half_life=trending.DEFAULT_HALF_LIFE,
        version=ModelVersion("bench"),
    )
    listed = {str(item): [int(near) for near, _ in model.neighbours_of(item)][:LONGEST] for item in model.item_ids}
    path.write_bytes(orjson.dumps(listed))
    return path


def _simulated(folder: Path, world: str, world_seed: int, lists: Path, *, seeds: int, people: int) -> list[Path]:
    """The files of one world's experiments."""
    out = folder / f"{world}-{world_seed}"
    task = ["--world", world, "--world-seed", str(world_seed), "--lists", str(lists), "--out", str(out)]
    _devstore([*task, "--seeds", str(seeds), "--people", str(people)])
    return [out / f"seed-{number}.npz" for number in range(1, seeds + 1)]


def _devstore(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "devstore.outcomes", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Permanent(f"devstore.outcomes failed:\n{done.stderr.strip()[-2000:]}")


def judged(file: Path) -> Seed:
    """Let everybody fall into an arm, and judge what a store would have seen of it.

    Args:
        file: the columns of `devstore.outcomes.people.Outcomes`.
    """
    with np.load(file) as stored:
        columns = {name: stored[name] for name in stored.files}
    experiment = hold_out(str(file.resolve().relative_to(file.resolve().parents[1])))
    exposed = columns["exposed_at"] > 0
    units = units_of(columns["person"][exposed])
    arm = arms_of(experiment, units)
    seen = counted(units, arm, columns["exposed_at"][exposed], _orders(arm, exposed, columns))
    since, until = (EPOCH + timedelta(microseconds=moment) for moment in columns["span"].tolist())
    period = Period(since, until + timedelta(seconds=2))  # An order is placed a second after its visit began.
    reading = fold(experiment, seen, period, zone=ZoneInfo("UTC"), currency="EUR", at=period.until)
    incremental = judge(experiment, reading, now=period.until).incremental
    shown = np.flatnonzero(exposed)[arm == WITH]
    return Seed(
        true=1000 * float((columns["with_rail"] - columns["without_rail"])[exposed].mean()),
        measured=incremental.per_thousand if incremental else None,
        low=incremental.per_thousand_low if incremental else None,
        high=incremental.per_thousand_high if incremental else None,
        clicked=1000 * float(columns["clicked"][shown].mean()),
        after_click=1000 * float(columns["after_click"][shown].mean()),
        exposed=len(units),
    )


def _orders(arm: Ints, exposed: Flags, columns: Columns) -> Orders:
    """What the exposed ones bought in the case of their arm, and what they had bought before."""
    place, case = np.cumsum(exposed) - 1, columns["order_case"]
    unit = place[columns["order_person"]]
    seen = exposed[columns["order_person"]] & ((case == BEFORE) | (case == arm[unit]))
    return orders_of(unit[seen], *(columns[f"order_{name}"][seen] for name in ("at", "net", "clicked")))


def hold_out(salt: str) -> Experiment:
    """As `ensure_hold_out` makes it, for people who are all in the measured slice."""
    arms = (Arm(CONTROL, "Without Attune", 1, Treatment(show=Show.EMPTY)), Arm(ATTUNE, "With Attune", 1))
    return Experiment(
        ExperimentId(1), "Hold-out", Kind.HOLD_OUT, Status.RUNNING, "hold-out", salt, arms, tuple(Rail),
        primary=Metric.REVENUE_PER_VISITOR,
    )  # fmt: skip
