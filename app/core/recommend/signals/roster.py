"""The kinds of signals that an artefact may hold, by the names under which they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.factors import FactorSignal
from app.core.recommend.signals.gru import GruSignal
from app.core.recommend.signals.next_basket import ExploreSignal
from app.core.recommend.signals.own import OwnSignal
from app.core.recommend.signals.popular import PopularSignal
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.signals.session_neighbours import SessionNeighbours
from app.core.recommend.signals.tables import TableSignal
from app.core.recommend.signals.types import Arrays, LateSignal, Signal

KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "table": TableSignal,
        "session_neighbours": SessionNeighbours,
        "factors": FactorSignal,
        "gru": GruSignal,
        "content": ContentSignal,
        "popular": PopularSignal,
        "own": OwnSignal,
        "explore": ExploreSignal,
        "replenish": ReplenishSignal,
    }
)

LATE = (FactorSignal, GruSignal)
SPARSE = (
    TableSignal,
    SessionNeighbours,
    ContentSignal,
    ExploreSignal,
    OwnSignal,
    ReplenishSignal,
    PopularSignal,
)
"""What can tell the few items that it speaks for (`signals.types.SparseSignal`)."""
OF_KNOWN = (OwnSignal, ReplenishSignal)
"""What speaks for nothing but the items of the history."""
STEADY = (PopularSignal,)
"""What says the same to everybody."""


def described(signal: Signal) -> dict[str, Any]:
    """What an artefact says of a signal beside its arrays."""
    kind = next(kind for kind, known in KINDS.items() if isinstance(signal, known))
    return {**signal.meta(), "name": signal.name, "kind": kind}


def signal_of(arrays: Arrays, meta: Mapping[str, Any]) -> Signal:
    """The signal that an artefact holds.

    Raises:
        ValueError: it is of an unknown kind, or its arrays do not fit together.
    """
    kind = KINDS.get(str(meta.get("kind")))
    if kind is None:
        raise ValueError(f"an artefact holds a signal of the unknown kind {meta.get('kind')!r}")
    signal: Signal = kind.of(arrays, meta)
    return signal


def late_signal_of(arrays: Arrays, meta: Mapping[str, Any]) -> LateSignal:
    """As `signal_of`, for one that is asked about candidates only.

    Raises:
        ValueError: as there, or it cannot be asked about a few items.
    """
    signal = signal_of(arrays, meta)
    if not isinstance(signal, LATE):
        raise ValueError(f"the signal {signal.name} cannot be asked about some items only")  # noqa: TRY004 - the file is wrong
    return signal
