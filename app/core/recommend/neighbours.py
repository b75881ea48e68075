"""Tables of neighbours: of every item the others that go with it, best first, as an artefact holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NEIGHBOUR = np.dtype([("index", "<i4"), ("score", "<f4")])
"""One neighbour: a position in the catalogue (-1 = none) and its similarity; rows are sorted, best first."""

Neighbours = npt.NDArray[Any]
"""`NEIGHBOUR` [N, K]."""
