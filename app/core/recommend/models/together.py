"""How often items stand near each other in people's histories, whichever of them is older: the behaviour that content
is asked to explain. Products of one step stand side by side."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories

MOST_PAIRS = 20_000_000
"""Pairs of events that are counted; with more events than that allows, only nearer ones are."""
BLOCK = 4_000_000
"""Pairs that are added up at a time; bounds the memory."""
LONGEST = 200
"""Events of a person that are read, the newest: a bot must not drown what people do."""


def together(histories: Histories, *, reach: int, away: float, backward: float) -> csr_matrix:
    """c(i, j) = sum of `away` ** steps between them, over i and j of one person at most `reach` events apart.

    Where j is the older of the two the sum counts times `backward`; of an item with itself nothing is counted.

    Returns:
        float32 [N, N], each pair once.
    """
    items, events = len(histories.items), len(histories.item)
    counted = csr_matrix((items, items), dtype=np.float32)
    person = histories.person
    read = np.arange(events) >= np.repeat(histories.starts[1:], histories.lengths) - LONGEST
    size = max(BLOCK // reach, 1)
    for start in range(0, events, size):
        found = []
        for apart in range(1, reach + 1):
            first = np.arange(start, min(start + size, events - apart))
            second = first + apart
            older, newer = histories.item[first], histories.item[second]
            near = (person[first] == person[second]) & read[first] & (older != newer)
            steps = (histories.step[second] - histories.step[first])[near]
            found.append((older[near], newer[near], away**steps, np.where(steps > 0, backward, 1.0)))
        older, newer, weight, back = (np.concatenate(parts) for parts in zip(*found, strict=True))
        forth = csr_matrix((weight.astype(np.float32), (older, newer)), shape=(items, items))
        counted = counted + forth + csr_matrix(((weight * back).astype(np.float32), (newer, older)), (items, items))
    counted.sort_indices()
    return csr_matrix(counted)
