"""World parameters are frozen; a change needs before/after figures in ARCHITECTURE.md.

What was measured on a world (models, benchmarks, screenshots) only stays comparable while the world stays the same, so
a digest of every record stands here. It was found equal with and without AVX2 and AVX-512; if it differs, first see
whether NumPy was upgraded, as the streams of its generators may change between releases.
"""

from __future__ import annotations

import hashlib

import pytest

from devstore.model import World

DIGESTS = {
    "small": "3374633349e0dbe4e40a969eedd7258fd7957e9eb97a0bad5e6768fdac0b0243",
    "generated": "d32b94a4c38b968cae8050e30182365399cd1b41d8d01b26d3e446c19baa6c4a",
}


def parts(world: World) -> tuple[object, ...]:
    return (
        world.shop, world.now, world.products, world.collections, world.customers, world.orders, world.price_changes,
    )  # fmt: skip


def digest(world: World) -> str:
    found = hashlib.sha256()
    for part in parts(world):
        found.update(repr(part).encode())
    return found.hexdigest()


def test_the_null_world_has_the_generated_ones_records(null: World, generated: World) -> None:
    """It differs in what its shoppers make of what they are shown, not in its history."""
    assert parts(null) == parts(generated)


@pytest.mark.parametrize("name", ["small", "generated"])
def test_world_parameters_are_frozen(name: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    assert digest(world) == DIGESTS[name], "a change needs before/after figures in ARCHITECTURE.md"
