"""Run one service in a process that ends with SIGKILL at a checkpoint: ``python -m tests.models.killed NAME AT``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from app.core.shops import Shop
from app.services.checkpoints import Checkpoint, carry_on
from app.services.forget_models import forget_models
from app.services.publish_lists import publish_lists
from app.services.roll_back_models import roll_back
from app.services.train_models import train_models
from app.wiring.worker import Worker, current
from tests.models.store import SHOP_DOMAIN

Service = Callable[[Shop, Worker, Checkpoint], object]
SERVICES: dict[str, Service] = {
    "train": lambda shop, wiring, at: train_models(shop, wiring.training, checkpoint=at),
    "publish": lambda shop, wiring, at: publish_lists(shop, wiring.publishing, checkpoint=at),
    "roll_back": lambda shop, wiring, at: roll_back(shop, wiring.rolling_back, checkpoint=at),
    "forget": lambda shop, wiring, at: forget_models(shop, wiring.forgetting, checkpoint=at),
}


def run(name: str, wiring: Worker, *, kill_at: str | None = None) -> None:
    """Run the service; at the checkpoint `kill_at` the process ends as if by kill -9."""

    def checkpoint(reached: str) -> None:
        if reached == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    shop = wiring.shops.by_domain(SHOP_DOMAIN)
    assert shop is not None
    SERVICES[name](shop, wiring, checkpoint if kill_at else carry_on)


if __name__ == "__main__":
    run(sys.argv[1], current(), kill_at=sys.argv[2])
