"""The kinds of products, read from the written tables: what they are called, cost, last and go with."""

from __future__ import annotations

from dataclasses import dataclass

from devstore.worlds.generated.words import COLLECTIONS, COMPLEMENTS


@dataclass(frozen=True, slots=True)
class Kind:
    noun: str
    collection: int
    materials: tuple[str, ...]
    low: int
    high: int
    """Price range in minor units."""
    interval: int
    """Days until a piece is used up; 0 for what lasts."""
    choice: str


def read_kinds() -> list[Kind]:
    """All kinds, in the order of the collections."""
    return [
        _kind(row, number)
        for number, (_, _, table) in enumerate(COLLECTIONS.values())
        for row in table.strip().splitlines()
    ]


def _kind(row: str, collection: int) -> Kind:
    noun, materials, prices, interval, choice = (cell.strip() for cell in row.split("|"))
    low, high = prices.split("-")
    names = tuple(name.strip() for name in materials.split(","))
    return Kind(noun, collection, names, int(low) * 100, int(high) * 100, int(interval), choice)


def partners(kinds: list[Kind]) -> list[list[int]]:
    """For each kind, the kinds that go with it; the relation is symmetric."""
    place = {kind.noun: number for number, kind in enumerate(kinds)}
    found: list[set[int]] = [set() for _ in kinds]
    for row in COMPLEMENTS.strip().splitlines():
        noun, others = row.split(":")
        for other in others.split(","):
            left, right = place[noun], place[other.strip()]
            found[left].add(right)
            found[right].add(left)
    return [sorted(kinds_) for kinds_ in found]
