"""A merchant's form becomes an experiment, or a sentence that says which field does not fit and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from app.core.experiments.conflicts import room_for
from app.core.experiments.rules import (
    LONGEST_NAME,
    LONGEST_TITLE,
    METRICS,
    MOST_EXPLORED,
    MOST_PARTS,
    BadDraft,
    in_percent,
    percent,
    plain,
    require_sound,
)
from app.core.experiments.slider_settings import SLIDERS, steering_of
from app.core.experiments.types import (
    CONTROL,
    SLOTS,
    UNCHANGED,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Metric,
    Place,
    Show,
    Status,
    Treatment,
)
from app.core.ids import ModelVersion
from app.core.recommend.rails import CHOICES, ONLY_WHEN_FILLED
from app.core.recommend.steering import STEERED
from app.core.recommend.types import Rail, Strategy

E = TypeVar("E", bound=StrEnum)
MOST_DIGITS = 9
"""Of a planned number of visitors."""


class Lever(StrEnum):
    """What a merchant may put to the test; a form is for one of these."""

    RAIL = "rail"
    STRATEGY = "strategy"
    MODEL = "model"
    TREND = "trend"
    TITLE = "title"
    PLACE = "place"
    EXPLORE = "explore"
    SLIDER = "slider"
    INTERLEAVING = "interleaving"
    EMAIL = "email"


OTHER_ARMS = (ArmKey("b"), ArmKey("c"), ArmKey("d"))
KINDS: Mapping[Lever, Kind] = MappingProxyType(
    {**dict.fromkeys(Lever, Kind.AB), Lever.INTERLEAVING: Kind.INTERLEAVING, Lever.EMAIL: Kind.EMAIL}
)
MOST_OTHER_ARMS: Mapping[Lever, int] = MappingProxyType(
    {**dict.fromkeys(Lever, len(OTHER_ARMS)), **dict.fromkeys((Lever.RAIL, Lever.PLACE, Lever.INTERLEAVING), 1)}
)
"""How many arms there may be beside the control."""
RAILS: Mapping[Lever, tuple[Rail, ...]] = MappingProxyType(
    {
        **dict.fromkeys(Lever, tuple(Rail)),
        **dict.fromkeys((Lever.STRATEGY, Lever.INTERLEAVING), tuple(CHOICES)),
        Lever.TREND: (Rail.FOR_YOU,),
        Lever.SLIDER: tuple(rail for rail in Rail if rail in STEERED),
        Lever.PLACE: tuple(rail for rail in Rail if rail not in ONLY_WHEN_FILLED),
        Lever.EMAIL: (),
    }
)
"""On which rails each can be tested: some say what they are and hold nothing else, only one is blended, and what is not
there before an answer has no second place."""
STRATEGY_NAMES: Mapping[Strategy, str] = MappingProxyType(
    {
        Strategy.RANKED: "Many signals in one ranking",
        Strategy.ALS: "What suits each shopper",
        Strategy.ITEM_ITEM: "Bought in the same orders",
        Strategy.CO_VIEW: "Viewed in the same visits",
        Strategy.COMPLEMENTS: "Bought together, of another kind",
        Strategy.TRENDING: "What is popular",
    }
)


@dataclass(frozen=True, slots=True)
class Around:
    """What a form is read against: the shop's other experiments that are not stopped, and its models."""

    others: Sequence[Experiment] = ()
    versions: Collection[ModelVersion] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """What was put into the field of an arm, and what it must be judged by."""

    text: str
    field: str
    rails: tuple[Rail, ...]
    around: Around


def draft(fields: Mapping[str, str], around: Around, *, salt: str) -> Experiment:
    """The experiment that the form describes, as a draft without a number.

    Fields: ``tested, name, rail_<rail> (each that is checked) or rail, value_control, value_b, value_c, value_d,
    weight_<arm>, primary, planned`` (visitors in each version, or nothing), ``beside`` (the number of the experiment
    to be exclusive with, or nothing) and ``room`` (per cent of the visitors that are kept for it).

    Args:
        salt: random; it decides who is in which arm.

    Raises:
        BadDraft: a field does not fit.
        DomainError: not enough visitors are free beside the experiment that this one shall be exclusive with.
    """
    tested = _one_of(Lever, fields, "tested", "what is tested")
    rails = _rails(fields, tested)
    layer, slot_from, slot_to = _room(fields, around, salt)
    made = Experiment(
        id=ExperimentId(0),
        name=plain(fields.get("name", ""), "name", "the name", LONGEST_NAME),
        kind=KINDS[tested],
        status=Status.DRAFT,
        layer=layer,
        salt=salt,
        arms=_arms(fields, tested, rails, around),
        rails=rails,
        slot_from=slot_from,
        slot_to=slot_to,
        primary=_primary(fields, tested),
        planned=_planned(fields),
    )
    require_sound(made)
    return made


def _rails(fields: Mapping[str, str], tested: Lever) -> tuple[Rail, ...]:
    if tested is Lever.EMAIL:
        return ()
    rails = tuple(rail for rail in RAILS[tested] if fields.get(f"rail_{rail}") or fields.get("rail") == rail)
    if not rails:
        raise BadDraft("choose the rail that is tested", "rail")
    return rails


def _arms(fields: Mapping[str, str], tested: Lever, rails: tuple[Rail, ...], around: Around) -> tuple[Arm, ...]:
    def value(key: ArmKey) -> Value:
        field = f"value_{key}"
        return Value(fields.get(field, "").strip(), field, rails, around)

    name, treatment = CONTROLS.get(tested, _unchanged)(value(CONTROL))
    arms = [Arm(CONTROL, name, _weight(fields, CONTROL), treatment)]
    for key in OTHER_ARMS[: MOST_OTHER_ARMS[tested]]:
        given = value(key)
        # The first of them must be there; its reader says what is missing.
        if given.text or key == OTHER_ARMS[0]:
            name, treatment = READERS[tested](given)
            arms.append(Arm(key, name, _weight(fields, key), treatment))
    return tuple(arms)


# -- what an arm may change: each reader gives the arm's name and what it changes -------------------------------------


def _unchanged(_value: Value) -> tuple[str, Treatment]:
    return "As it is now", UNCHANGED


def _instead(value: Value) -> tuple[str, Treatment]:
    if value.text == Show.EMPTY:
        return "Nothing", Treatment(show=Show.EMPTY)
    if value.text == Show.NATIVE:
        return "Shopify’s own list", Treatment(show=Show.NATIVE)
    raise BadDraft("choose what stands in the rail’s place", value.field)


def _rail(_value: Value) -> tuple[str, Treatment]:
    return "Attune’s rail", UNCHANGED


def _strategy(value: Value) -> tuple[str, Treatment]:
    strategy = next((one for one in STRATEGY_NAMES if one == value.text), None)
    if strategy is None:
        raise BadDraft("choose a ranking", value.field)
    if any(strategy not in CHOICES[rail] for rail in value.rails):
        raise BadDraft("not every rail that you chose can be ranked that way", value.field)
    return STRATEGY_NAMES[strategy], Treatment(strategy=strategy)


def _model(value: Value) -> tuple[str, Treatment]:
    version = ModelVersion(value.text)
    if version not in value.around.versions:
        raise BadDraft("choose one of the models that are kept", value.field)
    return f"Model {version}", Treatment(model_version=version)


def _trend(value: Value) -> tuple[str, Treatment]:
    trend = percent(value.text, value.field, least=0, most=100)
    return f"{in_percent(trend)} what sells", Treatment(trend=trend)


def _title(value: Value) -> tuple[str, Treatment]:
    title = plain(value.text, value.field, "the title", LONGEST_TITLE)
    return title, Treatment(title=title)


def _place(_value: Value) -> tuple[str, Treatment]:
    return "The other place", Treatment(place=Place.ALTERNATIVE)


def _explore(value: Value) -> tuple[str, Treatment]:
    explore = percent(value.text, value.field, least=1, most=100 * MOST_EXPLORED)
    return f"{in_percent(explore)} drawn by chance", Treatment(explore=explore)


def _slider(value: Value) -> tuple[str, Treatment]:
    steering = steering_of(value.text, value.field, value.rails)
    return SLIDERS[value.text], Treatment(steering=steering)


def _e_mail(value: Value) -> tuple[str, Treatment]:
    return plain(value.text, value.field, "the version’s name", LONGEST_TITLE), UNCHANGED


Reader = Callable[[Value], tuple[str, Treatment]]
CONTROLS: Mapping[Lever, Reader] = MappingProxyType({Lever.RAIL: _instead, Lever.INTERLEAVING: _strategy})
READERS: Mapping[Lever, Reader] = MappingProxyType(
    {
        Lever.RAIL: _rail,
        Lever.STRATEGY: _strategy,
        Lever.MODEL: _model,
        Lever.TREND: _trend,
        Lever.TITLE: _title,
        Lever.PLACE: _place,
        Lever.EXPLORE: _explore,
        Lever.SLIDER: _slider,
        Lever.INTERLEAVING: _strategy,
        Lever.EMAIL: _e_mail,
    }
)


# -- the rest of the form ---------------------------------------------------------------------------------------------


def metrics_of(tested: Lever) -> tuple[Metric, ...]:
    """By which figures it can be decided: not by clicks where one version shows no cards."""
    found = METRICS[KINDS[tested]]
    return tuple(one for one in found if one is not Metric.CLICK_THROUGH) if tested is Lever.RAIL else found


def _primary(fields: Mapping[str, str], tested: Lever) -> Metric:
    if not fields.get("primary"):
        return metrics_of(tested)[0]
    primary = _one_of(Metric, fields, "primary", "the figure that decides")
    if primary not in metrics_of(tested):
        raise BadDraft("this kind of experiment cannot be decided by that figure", "primary")
    return primary


def _planned(fields: Mapping[str, str]) -> int | None:
    text = fields.get("planned", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS and int(text)):
        raise BadDraft("give the planned visitors in each version as a whole number, or leave it empty", "planned")
    return int(text)


def _room(fields: Mapping[str, str], around: Around, salt: str) -> tuple[str, int, int]:
    """The layer and the slots. A layer of its own is named after the salt, which makes it independent of the others."""
    share = percent(fields.get("room") or "100", "room", least=1, most=100)
    beside = fields.get("beside", "")
    if not beside:
        return f"own-{salt}", 0, round(share * SLOTS)
    other = next((one for one in around.others if str(one.id) == beside and one.kind is not Kind.HOLD_OUT), None)
    if other is None:
        raise BadDraft("the experiment that this one shall be exclusive with has ended; choose again", "beside")
    room = room_for(share, other.layer, around.others, beside=other.name)
    return other.layer, room.start, room.end


def _weight(fields: Mapping[str, str], key: ArmKey) -> int:
    text = fields.get(f"weight_{key}", "").strip() or "1"
    if not (text.isascii() and text.isdecimal() and len(text) == 1 and int(text)):
        raise BadDraft(f"the parts of a version are a whole number from 1 to {MOST_PARTS}", f"weight_{key}")
    return int(text)


def _one_of(kind: type[E], fields: Mapping[str, str], field: str, what: str) -> E:
    try:
        return kind(fields.get(field, ""))
    except ValueError:
        raise BadDraft(f"choose {what}", field) from None
