"""Names that are one thing: customers that were merged, an address and its Klaviyo profile, the ids of a browser."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.profiles.identity import Name, Named

NEVER = 2**62


class Groups:
    """Disjoint sets of names, each with a root that depends on its names alone, not on the order of joining.

    Args:
        first_hours: when each name was first seen; the root of a group without customers is its oldest name.
    """

    def __init__(self, first_hours: Mapping[Named, int]) -> None:
        self._first_hours = first_hours
        self._root: dict[Named, Named] = {}
        self._members: dict[Named, list[Named]] = {}

    def root(self, name: Named) -> Named:
        return self._root.get(name, name)

    def names(self, root: Named) -> list[Named]:
        return self._members.get(root, [root])

    def join(self, one: Named, other: Named) -> None:
        """Make one group of two roots' groups."""
        together = [*self.names(one), *self.names(other)]
        root = min(together, key=self._age)
        for gone in (one, other):
            self._members.pop(gone, None)
        self._members[root] = together
        for name in together:
            self._root[name] = root

    def _age(self, name: Named) -> tuple[int, int, Named]:
        """Customers by number, the smallest first; other names by when they were first seen."""
        if name.kind is Name.CUSTOMER and name.id.isdecimal():
            return (0, int(name.id), name)
        return (1, self._first_hours.get(name, NEVER), name)
