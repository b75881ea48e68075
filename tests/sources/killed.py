"""An import that ends itself at a checkpoint, as if killed: ``python -m tests.sources.killed FILE CHECKPOINT``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from app.adapters.sources.opened import OpenedFile
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.services import take_in
from app.services.import_source import import_source
from app.wiring.worker import Worker, current

SMALL_BATCH = 10


def import_file(wiring: Worker, shop: Shop, path: Path, *, at: str = "") -> None:
    """Import in small batches; ends this process at the second time that the checkpoint is passed."""
    take_in.BATCH = SMALL_BATCH  # type: ignore[misc]
    passed = 0

    def checkpoint(name: str) -> None:
        nonlocal passed
        passed += name == at
        if name == at and passed == (2 if at == "batch_stored" else 1):
            os.kill(os.getpid(), signal.SIGKILL)

    source = Source(path.stem)
    import_source(shop, source, OpenedFile(path, source), by="x", ports=wiring.importing_source, checkpoint=checkpoint)


if __name__ == "__main__":
    wiring = current()
    (shop,) = wiring.shops.installed()
    import_file(wiring, shop, Path(sys.argv[1]), at=sys.argv[2])
