"""A history played again: signals learn from its earlier part, and are asked what came in the later one.

So rankers learn from questions whose answers no signal has seen. How the two parts are cut follows the task, and is
what the shopper's next request will be: earlier visits of everybody and of the shopper, then something new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, History
from app.core.recommend.tasks import HORIZON_DAYS, Task

ASKED_SHARE = 0.2
"""Of the sessions, the newest, that are asked about rather than learnt from."""
MOST_ASKED = 12_000
MOST_WINDOWS = 6
STRIDE_DAYS = 14
"""Windows begin so many days apart, and overlap: twice the questions tell more than what they share costs."""
MOST_EVENTS = 2_000_000
"""Events that signals learn from over all windows; larger histories are played in fewer of them."""
LEAST_BEFORE = 0.4
"""A window is played only if so much of the events came before it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked, at most: questions, and windows of time in which they are."""

    asked: int = MOST_ASKED
    windows: int = MOST_WINDOWS


WHOLE = Effort()
IN_A_SHOP = Effort(asked=3000, windows=2)
"""For trainings that a shop waits for."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question and its answers: positions int64 [R], each once. `person`: whose it is, the same in all windows."""

    history: History
    answers: npt.NDArray[np.int64]
    person: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What signals may learn from, and what they are asked then."""

    before: Histories
    asked: tuple[Asked, ...]


def replays(histories: Histories, task: Task, *, seed: int, effort: Effort = WHOLE) -> Iterator[Replay]:
    """The history played again, once or, where times are known and there is enough, for several windows."""
    generator = np.random.default_rng(seed)
    match task:
        case Task.SESSION:
            yield _newest_sessions(histories, generator, effort.asked)
        case Task.TIME if histories.day is not None and len(histories.day):
            yield from _windows(histories, generator, effort)
        case _:
            yield _last_steps(histories, generator, effort.asked)


def _newest_sessions(histories: Histories, generator: np.random.Generator, most: int) -> Replay:
    cut = len(histories) - int(len(histories) * ASKED_SHARE)
    newest = histories.part(cut, len(histories))
    ends = newest.starts[1:]
    events = np.arange(len(newest.item))
    can_be_asked = np.ones(len(events), dtype=np.bool_)
    can_be_asked[newest.starts[:-1][newest.lengths > 0]] = False
    chosen = _drawn(events[can_be_asked], generator, most)
    people = np.searchsorted(ends, chosen, side="right")
    asked = [
        Asked(_until(newest, person, event), newest.item[event : event + 1].astype(np.int64), cut + person)
        for person, event in zip(people.tolist(), chosen.tolist(), strict=True)
    ]
    return Replay(histories.part(0, cut), tuple(asked))


def _until(histories: Histories, person: int, event: int) -> History:
    """What the person did before the event."""
    low = int(histories.starts[person])
    age = None if histories.day is None else np.maximum(histories.day[event] - histories.day[low:event], np.float32(0))
    return History(histories.item[low:event], histories.step[low:event], age)


def _last_steps(histories: Histories, generator: np.random.Generator, most: int) -> Replay:
    """Everybody's last step is asked, and all before it is learnt from; who has one step only is learnt from whole."""
    last = np.zeros(len(histories.item), dtype=np.bool_)
    filled = np.flatnonzero(histories.lengths > 0)
    final_step = np.zeros(len(histories), dtype=histories.step.dtype)
    final_step[filled] = histories.step[histories.starts[1:][filled] - 1]
    first_step = np.zeros(len(histories), dtype=histories.step.dtype)
    first_step[filled] = histories.step[histories.starts[:-1][filled]]
    person = histories.person
    asks = final_step > first_step
    last = (histories.step == final_step[person]) & asks[person]
    asked = []
    for one in _drawn(np.flatnonzero(asks), generator, most).tolist():
        low, high = histories.starts[one : one + 2].tolist()
        cut = low + int(np.count_nonzero(~last[low:high]))
        asked.append(Asked(_until(histories, one, cut), np.unique(histories.item[cut:high]).astype(np.int64), one))
    return Replay(histories.keep(~last), tuple(asked))


def _windows(histories: Histories, generator: np.random.Generator, effort: Effort) -> Iterator[Replay]:
    assert histories.day is not None
    end = np.floor(histories.end) + 1
    # Of a short history half is learnt from, so that there is something to ask about at all.
    horizon = min(HORIZON_DAYS, max(int(end - np.floor(histories.day.min())) // 2, 1))
    windows = min(effort.windows, max(MOST_EVENTS // max(len(histories.item), 1), 1))
    for window in range(windows):
        high = end - window * STRIDE_DAYS
        low = high - horizon
        is_before, is_asked = histories.day < low, (histories.day >= low) & (histories.day < high)
        if window and np.count_nonzero(is_before) < LEAST_BEFORE * len(is_before):
            return
        asked = []
        person = histories.person
        known, wanted = np.unique(person[is_before]), np.unique(person[is_asked])
        for one in _drawn(np.intersect1d(known, wanted), generator, effort.asked // windows).tolist():
            first, last = histories.starts[one : one + 2].tolist()
            days = histories.day[first:last]
            cut, stop = np.searchsorted(days, [low, high]).tolist()
            history = History(
                histories.item[first : first + cut], histories.step[first : first + cut], low - days[:cut]
            )
            asked.append(Asked(history, np.unique(histories.item[first + cut : first + stop]).astype(np.int64), one))
        yield Replay(histories.keep(is_before), tuple(asked))


def _drawn(numbers: npt.NDArray[np.intp], generator: np.random.Generator, most: int) -> npt.NDArray[np.intp]:
    if len(numbers) <= most:
        return numbers
    return np.sort(generator.choice(numbers, most, replace=False))
