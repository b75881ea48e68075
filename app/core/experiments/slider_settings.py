"""The settings of a rail's sliders that an experiment may test: one slider at one place, all others at 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.core.experiments.rules import BadDraft
from app.core.recommend.steering import SHOWS_NEW, TITLES, Steering
from app.core.recommend.types import Rail

SETTINGS = (10, 25, 50, 100)
SLIDERS: Mapping[str, str] = MappingProxyType(
    {
        f"{name} {setting}": f"{title}: {setting} %"
        for name, title in TITLES.items()
        if name != "margin"
        for setting in SETTINGS
    }
)
"""By what the form's field holds, in words; what products cost is not known."""


def steering_of(text: str, field: str, rails: Iterable[Rail]) -> Steering:
    """What a form's field asks for.

    Raises:
        BadDraft: it is none of `SLIDERS`, or one of the rails has no place for it.
    """
    if text not in SLIDERS:
        raise BadDraft("choose a slider and where it stands", field)
    name, _, setting = text.partition(" ")
    if name == "new_products" and any(rail not in SHOWS_NEW for rail in rails):
        raise BadDraft("not every rail that you chose has a place for new products", field)
    return Steering(**{name: int(setting) / 100.0})
