"""Something that runs out is renewed for the length of a block, by a thread that sleeps meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def renewing(renew: Callable[[], object], *, seconds: float) -> Iterator[None]:
    """Call `renew` three times in the `seconds` that it is good for, until the block ends."""
    over = threading.Event()

    def again() -> None:
        while not over.wait(seconds / 3):
            try:
                renew()
            except SQLAlchemyError:
                # The next turn tries again; a database that stays away fails the work itself.
                continue

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
