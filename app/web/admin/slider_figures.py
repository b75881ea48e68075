"""What each slider cost and brought in the exam of the model in use, in a merchant's words and rounded figures.

A figure stands with its interval, over how many questions, and beside what it is with all sliders off (law 6); where
there is none, the page says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.slider_exam import Setting, SliderExam
from app.core.recommend.steering import TITLES, Steering
from app.core.recommend.types import Rail
from app.ports import ModelRecord
from app.web.admin.learnt import CASES

COLUMNS: Mapping[str, str] = {
    "coverage": "Catalogue shown",
    "gini": "Concentration",
    "novelty": "Novelty",
}
"""What every slider is seen by, and what it is called."""
OWN_COLUMN: Mapping[str, tuple[str, str]] = {
    "diversity": ("kinds", "Kinds in a row"),
    "calibration": ("off_mix", "Distance from own mix"),
}
"""What a slider is there for besides."""
BESIDE_ITS_FIELD = 0.25
"""The setting of which a sentence stands at the slider's field."""
NO_MODEL = "Nothing was measured in your store yet: that takes a trained model."
TOO_OLD = "The model in use is from before sliders were measured. The next training, tonight, brings the figures."
NOT_SHOWN = "This rail is not shown yet, so its sliders were not measured."


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A line of a slider's table: the setting, the change in accuracy with its interval, and the other figures."""

    setting: str
    accuracy: str
    figures: Sequence[str]


@dataclass(frozen=True, slots=True)
class ShownCosts:
    """A slider's table; `columns` are the headings of `figures`."""

    title: str
    columns: Sequence[str]
    lines: Sequence[ShownSetting]


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What was measured in this store: tables by slider, and over what. `lacking` says why there are none."""

    tables: Sequence[ShownCosts] = ()
    asked_of: str = ""
    lacking: str = ""
    sentences: Mapping[str, str] | None = None
    """For the fields of the sliders, by name."""
    settings: Sequence[Setting] = ()

    def costs_for_sure(self, steering: Steering) -> bool:
        """Whether one of these sliders, so far or less far, took accuracy beyond what chance may do."""
        moved = steering.as_json()
        return any(
            one.change is not None and one.change[2] < 0.0 for one in self.settings if one.setting <= moved[one.slider]
        )


def own_figures(model: ModelRecord | None, rail: Rail) -> OwnFigures:
    """What the exam of the model in use says of the rail's sliders."""
    if model is None:
        return OwnFigures(lacking=NO_MODEL)
    exam = model.metrics.get("rails", {}).get(rail, {})
    found = SliderExam.of(exam)
    if found is None:
        return OwnFigures(lacking=_why_not(exam, rail))
    names = list(dict.fromkeys(one.slider for one in found.settings))
    return OwnFigures(
        tables=[_table(name, found) for name in names],
        settings=found.settings,
        asked_of=f"{found.questions:,} {CASES[rail]}",
        sentences={
            one.slider: f"In your store’s exam {_percent(one.setting)} of it changed accuracy by {_change(one)}."
            for one in found.settings
            if one.setting == BESIDE_ITS_FIELD
        },
    )


def _why_not(exam: Mapping[str, object], rail: Rail) -> str:
    questions = int(str(exam.get("questions", 0)))
    if exam and questions < LEAST_QUESTIONS:
        return (
            f"Nothing was measured in your store yet: the exam of this rail needs {LEAST_QUESTIONS} {CASES[rail]}, and "
            f"there were {questions:,}."
        )
    return NOT_SHOWN if exam and not exam["passed"] and rail is Rail.ALSO_VIEWED else TOO_OLD


def _table(name: str, found: SliderExam) -> ShownCosts:
    figure, heading = OWN_COLUMN.get(name, ("", ""))
    columns = {**COLUMNS, **({figure: heading} if figure and found.off.get(figure) is not None else {})}
    lines = [ShownSetting("Off", "–", [_figure(column, found.off) for column in columns])]
    lines += [
        ShownSetting(_percent(one.setting), _change(one), [_figure(column, one.values) for column in columns])
        for one in found.settings
        if one.slider == name
    ]
    return ShownCosts(TITLES[name], list(columns.values()), lines)


def _figure(name: str, values: Mapping[str, float | None]) -> str:
    value = values.get(name)
    if value is None:
        return "–"
    match name:
        case "coverage":
            return f"{100 * value:.1f} %"
        case "gini":
            return f"{value:.3f}"
        case "novelty":
            return f"{value:.2f} bits"
        case _:
            return f"{value:.2f}"


def _change(one: Setting) -> str:
    if one.change is None:
        return "–"
    # Rounded first, or else a loss too small to be written would read -0.0.
    mean, low, high = (round(100.0 * part, 1) + 0.0 for part in one.change)
    return f"{mean:+.1f} % ({low:+.1f} to {high:+.1f})"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
