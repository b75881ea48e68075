"""The sliders in the merchant's words: what each brings and costs, and what was changed from one version to the next.

Figures are those that were measured (law 6); where nothing could be measured the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.recommend.steering import OFF, TITLES, Steering
from app.core.recommend.steering_costs import BRINGS, MEASURED, Change
from app.core.recommend.types import Rail

BRING: Mapping[str, str] = {
    "diversity": "Products in the row are less alike, and fewer of them are of one kind.",
    "calibration": "Kinds of products stand in the row in the proportions in which the shopper has chosen them so far.",
    "popularity": "Best sellers stand further back, so that more of your catalogue is seen.",
    "exploration": "Now and then a place goes to another good candidate. The chance is written down, so that “what if” "
    "can tell what another ranking would have earned. The first place is never drawn.",
    "new_products": "The 4th, 12th and 20th place hold, this often, a product that is younger than 60 days and has not "
    "been in view 500 times yet. After that it stands on its own.",
    "impressions": "What a shopper was shown in three visits or more and never took up stands further back for them.",
    "margin": "What earns more would stand further in front.",
    "stock": "What lasts less than two weeks at the pace of the last eight stands further back. What sells on at 0, or "
    "is not counted, never counts as short; what is sold out is not shown at all, whatever stands here.",
}
ONLY_BY_TEST = "What it costs the past cannot tell; an experiment can."
COST: Mapping[str, str] = {
    "diversity": "The row fits the shopper less closely.",
    "calibration": "Much of it keeps shoppers to what they know.",
    "popularity": "Where many come for best sellers, the row finds less of what they want.",
    "exploration": "Drawn products fit less well than the ones that they replace.",
    "new_products": f"One place in eight may fit nobody. {ONLY_BY_TEST}",
    "impressions": ONLY_BY_TEST,
    "margin": "",
    "stock": ONLY_BY_TEST,
}
NO_MARGIN = "What your products cost you is not read from your store, so this cannot be used."
NO_NEW = "This row says what it holds, so it has no place for products of which nothing is known."
NO_SLIDERS: Mapping[Rail, str] = {
    Rail.COMPLETE_THE_LOOK: "Has no sliders: it is put together of different kinds already",
    Rail.BUY_AGAIN: "Has no sliders: it holds only what a customer bought before and needs again",
}
IDLE = (
    "Now it changes nothing: the model in use knows no kinds of your products. It learns them where most products have "
    "a type, or stand in collections."
)
FIGURES: Mapping[str, str] = {
    "alike": "how alike products are",
    "off_mix": "distance from the shopper’s mix",
    "coverage": "share of the catalogue shown",
}


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    setting: str
    retail: str
    beauty: str
    brings: str


@dataclass(frozen=True, slots=True)
class MeasuredSlider:
    title: str
    figure: str
    rows: Sequence[MeasuredRow]


def measured() -> Sequence[MeasuredSlider]:
    """What was measured of each slider that could be."""
    found = []
    for name, costs in MEASURED.items():
        figure, off = BRINGS[name]
        rows = [
            MeasuredRow(
                percent(one.setting), _change(one.retail), _change(one.beauty), f"{one.brings:.3g}, off {off:.3g}"
            )
            for one in costs
        ]
        found.append(MeasuredSlider(TITLES[name], FIGURES[figure], rows))
    return found


def percent(value: float) -> str:
    """Such as ``25 %``."""
    return f"{100 * value:.3g} %"


def settings(steering: Steering) -> str:
    """The sliders that are not off, in a line."""
    return ", ".join(f"{TITLES[name]} {percent(value)}" for name, value in _moved(steering)) or "All sliders off"


def moves(before: Steering, after: Steering) -> str:
    """What was changed, in a line."""
    was, now = before.as_json(), after.as_json()
    differ = [name for name in was if was[name] != now[name]]
    changed = [f"{TITLES[name]} from {percent(was[name])} to {percent(now[name])}" for name in differ]
    return ", ".join(changed) or "Nothing"


def _moved(steering: Steering) -> Sequence[tuple[str, float]]:
    off = OFF.as_json()
    return [(name, value) for name, value in steering.as_json().items() if value != off[name]]


def _change(change: Change) -> str:
    return f"{change.mean:+.1f} % ({change.low:+.1f} to {change.high:+.1f})"
