"""The measured process of `attune bench train`: one training of a drawn shop, or one part of it, and nothing else.

Reads its task as JSON from standard input and writes what it measured to standard output. It keeps to two cores, as
the figures to reach are stated for two.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from app.core.ids import ModelVersion, ShopId

CORES = 2
ROUNDS = 3
"""Of each of two rivals, in turn; the quickest counts."""
SHOP, VERSION = ShopId(1), ModelVersion("bench")

Measured = dict[str, float]


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    measured = TASKS[task.pop("part")](task)
    measured["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.buffer.write(orjson.dumps(measured))


def train(task: Mapping[str, Any]) -> Measured:
    """Choose, examine, refit and publish, as the nightly training does once it has read its material."""
    from app.adapters.artefacts import FileArtefacts
    from app.core.recommend.models.training import build, learn

    material = _drawn(task)
    today = int(material.orders.day[-1])
    clock = _Clock()
    outcome = learn(material, today=today)
    clock.stop("learn_s")
    model = build(material, outcome, today=today, version=VERSION)
    clock.stop("build_s")
    FileArtefacts(Path(task["folder"]).as_uri()).write(SHOP, VERSION, model.arrays(), model.meta())
    clock.stop("write_s")
    rails = {f"rail_{rail.value}": float(rail in outcome.passed) for rail in outcome.exams}
    blends = {f"blend_{name}": float(name in model.blends.there) for name in ("bought", "visit")}
    return clock.measured | rails | blends | {"seconds": sum(clock.measured.values()), "cpu_s": time.process_time()}


def gru(task: Mapping[str, Any]) -> Measured:
    """GRU4Rec on the newest events, as the blend of visits has it."""
    from app.core.recommend.models import gru4rec

    material = _drawn(task)
    assert material.visits is not None
    clock, epochs = _Clock(), [0]
    gru4rec.fit(material.visits, gru4rec.IN_A_SHOP, told=epochs.append)
    clock.stop("seconds")
    read = min(gru4rec.IN_A_SHOP.events, len(material.visits.item))
    return clock.measured | {"events": float(read), "epochs": float(epochs[-1])}


def implicit(task: Mapping[str, Any]) -> Measured:
    """Our factors beside the bare library, with the same matrix, parameters and threads."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    from app.core.recommend.models import als

    material, parameters = _drawn(task), als.Parameters()
    today = int(material.orders.day[-1])
    confidence = als.preferences(material.orders, today=today, half_life=parameters.half_life)
    confidence.data = 1.0 + parameters.alpha * confidence.data

    def bare() -> None:
        with threadpool_limits(limits=1, user_api="blas"):
            AlternatingLeastSquares(
                factors=parameters.factors,
                regularization=parameters.regularization,
                alpha=1.0,
                iterations=als.ITERATIONS,
                num_threads=CORES,
                random_state=als.SEED,
            ).fit(confidence, show_progress=False)

    def ours() -> None:
        als.fit(material.orders, parameters, today=today, threads=CORES)

    best: Measured = {}
    for _ in range(ROUNDS):
        for name, fit in (("bare_s", bare), ("ours_s", ours)):
            clock = _Clock()
            fit()
            clock.stop(name)
            best[name] = min(best.get(name, float("inf")), clock.measured[name])
    return best


TASKS: Mapping[str, Callable[[Mapping[str, Any]], Measured]] = {"train": train, "gru": gru, "implicit": implicit}


class _Clock:
    """Seconds from stop to stop, by name."""

    def __init__(self) -> None:
        self.measured: Measured = {}
        self._since = time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self.measured[name], self._since = now - self._since, now


def _drawn(task: Mapping[str, Any]) -> Any:
    from app.cli.bench.train_shop import draw

    return draw(task["interactions"], products=task["products"], shoppers=task["shoppers"])


if __name__ == "__main__":
    main()
