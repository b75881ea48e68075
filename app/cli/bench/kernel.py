"""The measured process of `attune bench train`'s kernel: requests one by one, then shoppers in a batch.

Reads its task as JSON from standard input and writes what it measured to standard output. The model is the published
artefact, mapped into memory as in a web process. A request masks what may not be shown, picks candidates by all
signals, ranks them, explains the first, and orders the head anew for variety; only the last two a batch leaves out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from app.adapters.artefacts import FileArtefacts
from app.cli.bench.train_child import CORES, SHOP, VERSION
from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.diversify import HEAD, Head, rerank
from app.core.recommend.past_orders import PastOrder, newest_of, products_of
from app.core.recommend.ranked_source import RankedSource, bought_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.steering import Steering
from app.core.recommend.types import Placement

REQUESTS, WARM = 2000, 200
BATCH = 4000
PLACES = 8
EXPLAINED = 24
"""Candidates that a rail of eight is chosen from where variety is asked for."""
SHOWABLE = 0.9
"""Of the products those that may be shown."""
VARIED = Steering(diversity=0.3)
SEED = 5


def main() -> None:
    """Run the task on standard input."""
    folder = Path(orjson.loads(sys.stdin.buffer.read())["folder"])
    kernel = Kernel.of(folder)
    shoppers = drawn(kernel.model, WARM + REQUESTS)
    taken = np.array([_seconds(partial(kernel.request, one)) for one in shoppers])[WARM:]
    read = np.array([_seconds(partial(kernel.signals, one)) for one in shoppers])[WARM:]
    measured = {
        "items": float(len(kernel.model.item_ids)),
        "p50_ms": 1000 * float(np.median(taken)),
        "p99_ms": 1000 * float(np.quantile(taken, 0.99)),
        "only_read_ms": 1000 * float(np.median(read)),
        "batch_per_s": _batch(folder),
    }
    sys.stdout.buffer.write(orjson.dumps(measured))


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """The model, and what may be shown of its items."""

    model: ItemModel
    mask: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, folder: Path) -> Kernel:
        model = ItemModel.of(VERSION, *FileArtefacts(folder.as_uri()).read(SHOP, VERSION))
        if model.blends.bought is None:
            raise SystemExit("the blend of purchases did not pass its exam; there is no kernel to measure")
        return cls(model, np.random.default_rng(SEED).random(len(model.item_ids)) < SHOWABLE)

    def request(self, shopper: Shopper) -> list[ProductId]:
        """What one rail would show."""
        context = Context(Placement.HOME, None, (), PLACES, shopper, mask=self.mask)
        head = list(islice(RankedSource(self.model).candidates(context), EXPLAINED))
        at = np.array([self.model.index_of(one.product_id) for one in head])
        order = rerank(Head(len(at), kind=self._kinds(at), vectors=self._vectors(at)), PLACES, VARIED)
        return [head[place].product_id for place in order.tolist()]

    def signals(self, shopper: Shopper) -> None:
        """Only what the signals say."""
        blend = self.model.blends.bought
        assert blend is not None
        blend.voices(bought_history(self.model, shopper.orders, shopper.today))

    def batch(self, shoppers: Sequence[Shopper]) -> int:
        """The best places of every shopper, as a mail holds them."""
        blend = self.model.blends.bought
        assert blend is not None
        histories = (bought_history(self.model, one.orders, one.today) for one in shoppers)
        return sum(len(blend.rank(one, self.mask, only_new=True, most=HEAD).at[:PLACES]) for one in histories)

    def _kinds(self, at: npt.NDArray[np.intp]) -> npt.NDArray[np.int32] | None:
        return None if self.model.groups is None else self.model.groups[at]

    def _vectors(self, at: npt.NDArray[np.intp]) -> npt.NDArray[np.float32] | None:
        if self.model.factors is None:
            return None
        own = self.model.factors[at]
        return np.asarray(own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9), dtype=np.float32)


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
    os.environ["OMP_NUM_THREADS"] = "1"
    _kernels.append(Kernel.of(folder))


def _ranked(count: int) -> float:
    shoppers = drawn(_kernels[0].model, count)
    return _seconds(partial(_kernels[0].batch, shoppers))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
