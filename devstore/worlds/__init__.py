"""Worlds: where the records of a simulated shop come from.

`build` is the only door: ``small``, its variants, ``generated`` and ``null`` are seeded and need no input, anything
else is the path of a real transaction log (see `devstore.worlds.imported`). What the shoppers of a world want stands in
`devstore.worlds.taste`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devstore.model import World
from devstore.worlds.articles import care_articles
from devstore.worlds.errors import WorldError
from devstore.worlds.small import build_empty, build_single, build_small, build_sold_out

__all__ = ["WorldError", "build"]

SEED = 20261123


def _generated(seed: int) -> World:
    # NumPy stays out of the small worlds, which tests build often.
    from devstore.worlds.generated import build_generated

    return build_generated(seed)


def _null(seed: int) -> World:
    from devstore.worlds.generated import build_generated
    from devstore.worlds.generated.parameters import NULL

    return build_generated(seed, NULL)


BUILDERS: dict[str, Callable[[int], World]] = {
    "small": build_small,
    "empty": build_empty,
    "single": build_single,
    "sold_out": build_sold_out,
    "generated": _generated,
    "null": _null,
}


def build(name: str, *, seed: int = SEED) -> World:
    """Build the world `name` ("small", "generated" … or a file or folder of a transaction log).

    Raises:
        WorldError: the name is unknown, or the log cannot be read; the message says what to do.
    """
    with _collector_asleep():
        if name in BUILDERS:
            return _with_blog(BUILDERS[name](seed))
        if Path(name).exists():
            from devstore.worlds.imported import build_imported

            return _with_blog(build_imported(Path(name)))
    raise WorldError(f"No world is called {name!r} and no such file or folder exists. Known: {', '.join(BUILDERS)}.")


def _with_blog(world: World) -> World:
    world.articles = care_articles(world.products, world.now)
    return world


@contextmanager
def _collector_asleep() -> Iterator[None]:
    """Records hold no cycles; collecting while hundreds of thousands are made only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
