"""The cases on which our statistics and gbstats must say the same, as plain data: sums of drawn visitors.

Their golden answers stand in tests/experiments/golden_gbstats.json; `attune bench statistics` asks gbstats itself. A
case is ``{name, kind, control, treatment, prior?}`` with kind "proportion", "mean", "ratio" or "cuped", or for the
sample ratio ``{name, kind: "srm", counts, weights}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.experiments.priors import STATED, Prior
from app.core.experiments.sums import Sums


def _rate(units: int, counted: int) -> Sums:
    return Sums(units, counted, counted, units, units, counted, positive=counted)


def _mean(units: int, total: float, squares: float, c: float = 0.0, cc: float = 0.0, xc: float = 0.0) -> Sums:
    return Sums(units, total, squares, units, units, total, c=c, cc=cc, xc=xc)


def _ratio(units: int, total: float, squares: float, below: float, below_squares: float, products: float) -> Sums:
    return Sums(units, total, squares, below, below_squares, products, is_ratio=True)


RATES = (_rate(10_000, 300), _rate(10_000, 345))
FEW = (_rate(400, 28), _rate(390, 26))
LOST = (_rate(52_000, 1_612), _rate(51_400, 1_409))
SPENT = (_mean(8_000, 1_267_563, 13_852_002_957), _mean(8_120, 1_833_484, 24_348_059_916))
LESS_SPENT = (_mean(950, 166_593, 967_789_771), _mean(1_900, 334_468, 3_682_799_502))
ORDER_VALUE = (
    _ratio(5_000, 879_790, 8_116_148_022, 172, 176, 919_930),
    _ratio(5_100, 1_186_726, 19_670_119_274, 197, 203, 1_300_851),
)
CLICKS = (
    _ratio(12_000, 2_299, 3_223, 59_960, 506_560, 19_269),
    _ratio(11_850, 2_585, 3_865, 59_343, 504_953, 21_519),
)
KNOWN = (
    _mean(6_000, 9_765_945, 175_969_406_855, 27_401_151, 598_718_078_467, 130_288_463_021),
    _mean(6_050, 9_747_243, 167_346_568_473, 27_336_023, 540_722_988_841, 113_165_781_485),
)
HARDLY_KNOWN = (
    _mean(6_000, 1_322_518, 26_969_355_096, 1_409_849, 27_578_771_875, 7_743_086_202),
    _mean(6_050, 1_473_341, 26_671_611_427, 1_213_786, 23_426_228_506, 3_927_615_560),
)
ALL_NEW = (_mean(6_000, 1_322_518, 26_969_355_096), _mean(6_050, 1_473_341, 26_671_611_427))
LEARNT = Prior(0.02, 0.05)


def _case(name: str, kind: str, arms: tuple[Sums, Sums], prior: Prior | None = None) -> Mapping[str, Any]:
    case = {"name": name, "kind": kind, "control": arms[0], "treatment": arms[1]}
    return case | {"prior": prior} if prior else case


CASES: tuple[Mapping[str, Any], ...] = (
    _case("300 of 10,000 against 345 of 10,000", "proportion", RATES),
    _case("the same with the stated prior", "proportion", RATES, STATED),
    _case("the same with a learnt prior", "proportion", RATES, LEARNT),
    _case("few visitors", "proportion", FEW),
    _case("few visitors with the stated prior", "proportion", FEW, STATED),
    _case("a loss", "proportion", LOST),
    _case("revenue per visitor", "mean", SPENT),
    _case("revenue per visitor with the stated prior", "mean", SPENT, STATED),
    _case("unequal arms", "mean", LESS_SPENT),
    _case("unequal arms with a learnt prior", "mean", LESS_SPENT, LEARNT),
    _case("order value", "ratio", ORDER_VALUE),
    _case("order value with the stated prior", "ratio", ORDER_VALUE, STATED),
    _case("click-through", "ratio", CLICKS),
    _case("a covariate that tells much", "cuped", KNOWN),
    _case("a covariate that tells much with the stated prior", "cuped", KNOWN, STATED),
    _case("a covariate that tells little", "cuped", HARDLY_KNOWN),
    _case("a covariate that is 0 for everybody", "cuped", ALL_NEW),
    {"name": "equal arms of equal weight", "kind": "srm", "counts": (10_000, 10_000), "weights": (1, 1)},
    {"name": "arms a little apart", "kind": "srm", "counts": (10_212, 9_930), "weights": (1, 1)},
    {"name": "arms far apart", "kind": "srm", "counts": (10_212, 9_630), "weights": (1, 1)},
    {"name": "three arms of unequal weight", "kind": "srm", "counts": (5_050, 2_440, 2_510), "weights": (2, 1, 1)},
    {"name": "four arms", "kind": "srm", "counts": (1_020, 985, 1_003, 911), "weights": (1, 1, 1, 1)},
)
