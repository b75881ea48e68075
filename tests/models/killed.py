"""One service after the other, as the kill tests run them: to the end, or until SIGKILL at a checkpoint."""

from __future__ import annotations

import os
import signal

from app.core.shops import Shop
from app.services.checkpoints import Checkpoint, carry_on
from app.services.forget_models import forget_models
from app.services.publish_lists import publish_lists
from app.services.roll_back_models import roll_back
from app.wiring.worker import Worker, current
from tests.models.store import SHOP_DOMAIN


def run(name: str, wiring: Worker, *, kill_at: str | None = None) -> None:
    """Run the service; at the checkpoint `kill_at` the process ends as if by kill -9."""

    def checkpoint(reached: str) -> None:
        if reached == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    shop = wiring.shops.by_domain(SHOP_DOMAIN)
    assert shop is not None
    _serve(name, shop, wiring, checkpoint if kill_at else carry_on)


def run_until(name: str, checkpoint: str) -> None:
    """The same with the wiring of this process' environment."""
    run(name, current(), kill_at=checkpoint)


def _serve(name: str, shop: Shop, wiring: Worker, at: Checkpoint) -> None:
    match name:
        case "train":
            # Imported by the process that trains, as its libraries start threads.
            from app.services.train_models import train_models

            train_models(shop, wiring.training, checkpoint=at)
        case "publish":
            publish_lists(shop, wiring.publishing, checkpoint=at)
        case "roll_back":
            roll_back(shop, wiring.rolling_back, checkpoint=at)
        case "forget":
            forget_models(shop, wiring.forgetting, checkpoint=at)
        case _:
            raise ValueError(name)
