"""The measured process of `attune bench train`'s kernel: requests one by one, then shoppers in a batch.

Reads its task as JSON from standard input and writes what it measured to standard output. The model is the published
artefact, mapped into memory as in a web process. A request is what the storefront's answer runs (`services.apply_plan`)
with a slider for variety: what may be shown, candidates, their order, the slider, and reasons for what is shown. No
shopper is remembered. A batch is what mailings run (`core.recommend.models.batch`), its preparation included.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from app.adapters.artefacts import FileArtefacts
from app.adapters.shelves.shelf import CatalogShelf
from app.cli.bench.train_child import CORES, SHOP, VERSION
from app.core.experiments.assign import Plan
from app.core.experiments.types import Treatment
from app.core.ids import ProductId, RequestId, VariantId
from app.core.recommend.blend import CANDIDATES, Blend
from app.core.recommend.histories import History
from app.core.recommend.past_orders import PastOrder, newest_of, products_of
from app.core.recommend.rails import Question
from app.core.recommend.ranked_source import bought_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail, Strategy
from app.ports import Card
from app.services.apply_plan import Asked, Ranked, rank

REQUESTS, WARM = 2000, 200
BATCH = 20_000
PLACES = 8
SHOWABLE = 0.9
"""Of the products those that may be shown."""
VARIED = Plan(Treatment(steering=Steering(diversity=0.3)))
SEED = 5


def main() -> None:
    """Run the task on standard input."""
    folder = Path(orjson.loads(sys.stdin.buffer.read())["folder"])
    kernel = Kernel.of(folder)
    shoppers = drawn(kernel.model, WARM + REQUESTS)
    histories = [kernel.history(one) for one in shoppers]
    rows = kernel.blend.pool(histories[0], kernel.mask, only_new=True, most=CANDIDATES).rows
    measured = {
        "items": float(len(kernel.model.item_ids)),
        "candidates": float(len(rows)),
        **_spread("", kernel.request, shoppers),
        **_spread("plain_", partial(kernel.request, plan=Plan()), shoppers),
        **_spread("signals_", partial(kernel.blend.heard, only_new=True), histories),
        **_spread("forest_", kernel.blend.new.scores, [rows] * len(shoppers)),
        "batch_per_s": _batch(folder),
    }
    sys.stdout.buffer.write(orjson.dumps(measured))


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """The model as it is served, and the shop's shelf."""

    served: ServedModel
    shelf: CatalogShelf

    @classmethod
    def of(cls, folder: Path) -> Kernel:
        model = ItemModel.of(VERSION, *FileArtefacts(folder.as_uri()).read(SHOP, VERSION))
        if model.blends.bought is None:
            raise SystemExit("the blend of purchases did not pass its exam; there is no kernel to measure")
        # Whether it won its exam in the drawn shop is not the question here.
        model = replace(model, for_you=Strategy.RANKED, rails=model.rails | {Rail.FOR_YOU})
        may_be_shown = np.random.default_rng(SEED).random(len(model.item_ids)) < SHOWABLE
        cards = zip(model.item_ids.tolist(), may_be_shown.tolist(), strict=True)
        shelf = CatalogShelf([Card(ProductId(one), VariantId(one), "", "", "", buyable) for one, buyable in cards])
        return cls(ServedModel.of(model), shelf)

    @property
    def model(self) -> ItemModel:
        return self.served.model

    @property
    def blend(self) -> Blend:
        """The one that ranks for customers."""
        blend = self.model.blends.bought
        assert blend is not None
        return blend

    @property
    def mask(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return self.shelf.buyable_among(self.model.item_ids)

    def history(self, shopper: Shopper) -> History:
        return bought_history(self.model, shopper.orders, shopper.today)

    def request(self, shopper: Shopper, plan: Plan = VARIED) -> Ranked:
        """What the home rail shows to one shopper."""
        context = Question(Rail.FOR_YOU, limit=PLACES).for_shopper(shopper)
        return rank(Asked(Rail.FOR_YOU, context, self.shelf, self.served, (), RequestId("bench")), plan)


def drawn(model: ItemModel, count: int) -> list[Shopper]:
    """Customers with one to eight orders of products that sell."""
    random = np.random.default_rng(SEED)
    chance = np.cumsum(model.popularity + 1e-6, dtype=np.float64)
    made = []
    for _ in range(count):
        orders = []
        for _ in range(int(random.integers(1, 9))):
            at = np.searchsorted(chance, random.random(int(random.integers(1, 5))) * chance[-1])
            products = tuple(sorted(ProductId(int(product)) for product in model.item_ids[np.unique(at)]))
            orders.append(PastOrder(int(random.integers(20_000, 20_600)), products))
        past = newest_of(sorted(orders, key=lambda order: -(order.day or 0)))
        made.append(Shopper(bought=products_of(past), orders=past, today=20_601))
    return made


def _batch(folder: Path) -> float:
    """Shoppers a second, in as many processes as there are cores, each with the model mapped."""
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn"), initializer=_open, initargs=(folder,)) as pool:
        list(pool.map(_ranked, [WARM] * CORES))
        seconds = list(pool.map(_ranked, [BATCH // CORES] * CORES))
    return BATCH / max(seconds)


_kernels: list[Kernel] = []


def _open(folder: Path) -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
    _kernels.append(Kernel.of(folder))


def _ranked(count: int) -> float:
    """Seconds for so many shoppers, with what has to be made ready for them."""
    from app.core.recommend.models.batch import Batch

    kernel = _kernels[0]
    shoppers = drawn(kernel.model, count)
    began = time.perf_counter()
    histories = (kernel.history(one) for one in shoppers)
    found = sum(len(one) for one in Batch.of(kernel.blend).best(histories, kernel.mask, places=PLACES))
    taken = time.perf_counter() - began
    assert found == count * PLACES
    return taken


def _spread(name: str, call: Callable[[Any], object], asked: Sequence[Any]) -> dict[str, float]:
    """Milliseconds of a call, the first ones left out."""
    taken = []
    for one in asked:
        began = time.perf_counter()
        call(one)
        taken.append(1000.0 * (time.perf_counter() - began))
    median, highest = np.quantile(taken[WARM:], (0.5, 0.99)).tolist()
    return {f"{name}p50_ms": median, f"{name}p99_ms": highest}


if __name__ == "__main__":
    main()
