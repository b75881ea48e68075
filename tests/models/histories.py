"""Small histories for the tests of what learns from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.recommend.histories import Histories, History


def sessions_of(*sessions: Sequence[int], items: int, days: Sequence[float] | None = None) -> Histories:
    """Sessions of single views, the oldest session first; `days`: one for each session."""
    return people_of(*([[item] for item in session] for session in sessions), items=items, days=days)


def people_of(*people: Sequence[Sequence[int]], items: int, days: Sequence[float] | None = None) -> Histories:
    """People, each a list of steps, each a list of items; `days`: one for each person."""
    item = [item for person in people for step in person for item in step]
    step = [place for person in people for place, step in enumerate(person) for _ in step]
    lengths = [sum(len(step) for step in person) for person in people]
    return Histories(
        np.arange(items, dtype=np.int64),
        np.append(0, np.cumsum(lengths)).astype(np.int64),
        np.array(item, dtype=np.int32),
        np.array(step, dtype=np.int32),
        None if days is None else np.repeat(np.array(days, dtype=np.float32), lengths),
    )


def viewed(*items: int) -> History:
    """One view after the other."""
    return History(np.array(items, dtype=np.int32), np.arange(len(items), dtype=np.int32))


def habits(sessions: int, items: int, seed: int = 3) -> Histories:
    """Sessions in which item i is mostly followed by i + 1, sometimes by any."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(sessions):
        session = [int(generator.integers(items))]
        while len(session) < 5:
            follows = (session[-1] + 1) % items
            session.append(follows if generator.random() < 0.7 else int(generator.integers(items)))
        rows.append(session)
    return sessions_of(*rows, items=items)


def chains(*, sessions: int, aisles: int, shelf: int, seed: int) -> Histories:
    """Sessions that begin somewhere in an aisle and go along its shelf in order, now and then with a stray item."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(sessions):
        aisle, begin = int(generator.integers(aisles)), int(generator.integers(shelf - 2))
        end = int(generator.integers(begin + 2, shelf + 1))
        walk = [aisle * shelf + place for place in range(begin, end)]
        rows.append([int(generator.integers(aisles * shelf)) if generator.random() < 0.05 else one for one in walk])
    return sessions_of(*rows, items=aisles * shelf)
