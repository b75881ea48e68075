"""What everybody wants: events counted by item, the newer the more, and what the same weeks of last year brought.

Exponential forgetting as in Cormode, Shkapenyuk, Srivastava and Xu, "Forward decay: a practical time decay model for
streaming systems", ICDE 2009. Where days are not known, the order of the people is the time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.people import LONGEST
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.popular import PopularSignal
from app.core.recommend.tasks import HORIZON_DAYS, Task

YEAR = 365.25
SEASON_DAYS = 14.0
"""The standard deviation of the bell that stands over last year's same weeks."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """An event weighs `lately` * 2 ** (-age / half_life) + `season` * bell. The bell is 1 a year before the middle of
    the days that are asked about; it is left out where the histories do not reach back so far.

    Args:
        half_life: days.
        half_share: the same as a share of all events, where days are not known.
    """

    half_life: float = 28.0
    half_share: float = 0.3
    lately: float = 1.0
    season: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


DEFAULT = Parameters()
SEASON = Parameters(lately=0.0, season=1.0)
"""Last year's same weeks alone; of no item anything where there is no year."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "half_life": (7.0, 14.0, 28.0, 56.0, 112.0, 360.0),
    "half_share": (0.03, 0.1, 0.3, 1.0, 10.0),
    "season": (0.0, 0.3, 1.0),
}


def fit(histories: Histories, parameters: Parameters = DEFAULT, *, name: str = "popular") -> PopularSignal:
    """The decayed count of every item; of a person's events, the newest 200 are counted."""
    read = np.arange(len(histories.item)) >= np.repeat(histories.starts[1:], histories.lengths) - LONGEST
    weight = _weights(histories, parameters)[read]
    count = np.bincount(histories.item[read], weight, minlength=len(histories.items))
    return PopularSignal(name, count.astype(np.float32))


def chosen(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> Parameters:
    """The parameters that answer the validation part best; the defaults where there are too few questions."""
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return DEFAULT
    known = {"half_share"} if histories.day is None else {"half_life", "season"}
    choices = {name: values for name, values in CHOICES.items() if name in known}
    return choose(
        DEFAULT, choices, lambda parameters: ndcg(fit(part.before, parameters), part.asked, repeats=task.repeats)
    )


def _weights(histories: Histories, parameters: Parameters) -> npt.NDArray[np.float64]:
    """What every event weighs, float64 [E]."""
    events = len(histories.item)
    if histories.day is None:
        age = 1.0 - np.arange(1, events + 1) / max(events, 1)
        return np.asarray(parameters.lately * np.exp2(-age / parameters.half_share))
    age = histories.end - histories.day.astype(np.float64)
    weight = parameters.lately * np.exp2(-age / parameters.half_life)
    if parameters.season and events and age.max() >= YEAR - HORIZON_DAYS:
        apart = (age - (YEAR - HORIZON_DAYS / 2)) / SEASON_DAYS
        weight = weight + parameters.season * np.exp(-0.5 * apart**2)
    return np.asarray(weight)
