"""A form becomes an experiment, or a sentence at the field that does not fit."""

from __future__ import annotations

import pytest

from app.core.errors import DomainError
from app.core.experiments.drafts import Around, Lever, draft
from app.core.experiments.rules import BadDraft
from app.core.experiments.types import (
    UNCHANGED,
    Experiment,
    Kind,
    Metric,
    Place,
    Show,
    Status,
    Treatment,
)
from app.core.ids import ModelVersion
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail, Strategy

V1 = ModelVersion("20260501-aaaa-item_item")
FORM = {"tested": "strategy", "name": "What is popular", "rail": "for_you", "value_b": "trending"}
GOOD: dict[Lever, tuple[dict[str, str], Treatment]] = {
    Lever.RAIL: ({"value_control": "native"}, UNCHANGED),
    Lever.STRATEGY: ({"value_b": "als"}, Treatment(strategy=Strategy.ALS)),
    Lever.MODEL: ({"value_b": V1}, Treatment(model_version=V1)),
    Lever.TREND: ({"value_b": "25"}, Treatment(trend=0.25)),
    Lever.TITLE: ({"value_b": "  Picked   today "}, Treatment(title="Picked today")),
    Lever.PLACE: ({"value_b": ""}, Treatment(place=Place.ALTERNATIVE)),
    Lever.EXPLORE: ({"value_b": "10 %"}, Treatment(explore=0.1)),
    Lever.SLIDER: ({"value_b": "diversity 25"}, Treatment(steering=Steering(diversity=0.25))),
    Lever.INTERLEAVING: ({"value_control": "als", "value_b": "trending"}, Treatment(strategy=Strategy.TRENDING)),
    Lever.EMAIL: ({"value_b": "Three mails instead of one"}, UNCHANGED),
}


def read(around: Around | None = None, /, **fields: str) -> Experiment:
    return draft({**FORM, **fields}, around or Around(versions=[V1]), salt="pepper")


@pytest.mark.parametrize("tested", Lever)
def test_everything_that_can_be_tested_becomes_an_arm_beside_the_control(tested: Lever) -> None:
    fields, treatment = GOOD[tested]
    made = read(tested=tested, **fields)
    assert [arm.key for arm in made.arms] == ["control", "b"]
    assert made.arms[1].treatment == treatment
    assert (made.status, made.traffic, made.slot_from, made.slot_to) == (Status.DRAFT, 1.0, 0, 10_000)
    assert made.rails == (() if tested is Lever.EMAIL else (Rail.FOR_YOU,))


def test_a_rail_is_tested_against_what_stands_there_instead() -> None:
    made = read(tested="rail", value_control="empty")
    assert made.control.treatment == Treatment(show=Show.EMPTY)
    assert made.arms[1].treatment == UNCHANGED


def test_the_planned_visitors_are_read_or_left_open() -> None:
    assert read(planned=" 25000 ").planned == 25_000
    assert read().planned is None
    for wrong in ("0", "-5", "1.5", "many", "9" * 10):
        with pytest.raises(BadDraft) as found:
            read(planned=wrong)
        assert found.value.field == "planned"


def test_a_rail_that_one_version_does_not_have_cannot_be_decided_by_clicks() -> None:
    with pytest.raises(BadDraft) as found:
        read(tested="rail", value_control="empty", primary="click_through")
    assert found.value.field == "primary"


def test_several_rails_and_arms_and_uneven_parts_are_read() -> None:
    fields = {
        "rail": "",
        "rail_bought_together": "on",
        "rail_goes_well": "on",
        "value_b": "co_view",
        "value_d": "trending",
    }
    made = read(**fields, weight_control="4", weight_d="2", primary="revenue_per_visitor")
    assert made.rails == (Rail.BOUGHT_TOGETHER, Rail.GOES_WELL)
    assert [(arm.key, arm.weight) for arm in made.arms] == [("control", 4), ("b", 1), ("d", 2)]
    assert made.primary is Metric.REVENUE_PER_VISITOR


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"tested": "weather"}, "tested", "choose what is tested"),
        ({"name": "  "}, "name", "the name is missing"),
        ({"name": "x" * 81}, "name", "the name may have 80 characters; this has 81"),
        ({"rail": ""}, "rail", "choose the rail"),
        ({"rail": "sidebar"}, "rail", "choose the rail"),
        ({"rail": "also_viewed"}, "rail", "choose the rail"),
        ({"tested": "trend", "rail": "goes_well", "value_b": "5"}, "rail", "choose the rail"),
        ({"value_b": ""}, "value_b", "choose a ranking"),
        ({"value_b": "none"}, "value_b", "choose a ranking"),
        ({"value_b": "complements"}, "value_b", "not every rail that you chose can be ranked that way"),
        ({"value_c": "trending"}, "value_c", "two versions are the same"),
        ({"weight_b": "10"}, "weight_b", "a whole number from 1 to 9"),
        ({"weight_b": "-1"}, "weight_b", "a whole number from 1 to 9"),
        ({"primary": "cart_recovery"}, "primary", "cannot be decided by that figure"),
        ({"primary": "happiness"}, "primary", "choose the figure"),
        ({"room": "0"}, "room", "a percentage from 1 to 100"),
        ({"room": "much"}, "room", "a percentage from 1 to 100"),
        ({"room": "٥٠"}, "room", "a percentage from 1 to 100"),
        ({"beside": "7"}, "beside", "has ended"),
        ({"tested": "title", "value_b": "x" * 61}, "value_b", "the title may have 60 characters"),
        ({"tested": "title", "value_b": "{{ shop.name }}"}, "value_b", "plain text and cannot hold “{”"),
        ({"tested": "title", "value_b": "<b>New</b>"}, "value_b", "plain text and cannot hold “<”"),
        ({"tested": "trend", "value_b": "101"}, "value_b", "a percentage from 0 to 100"),
        ({"tested": "trend", "value_b": "1e1"}, "value_b", "a percentage from 0 to 100"),
        ({"tested": "slider", "value_b": "margin 25"}, "value_b", "choose a slider"),
        ({"tested": "slider", "value_b": "diversity 1e9"}, "value_b", "choose a slider"),
        ({"tested": "slider", "rail": "also_viewed", "value_b": "new_products 25"}, "value_b", "not every rail"),
        ({"tested": "explore", "value_b": "51"}, "value_b", "a percentage from 1 to 50"),
        ({"tested": "explore", "value_b": "0"}, "value_b", "a percentage from 1 to 50"),
        ({"tested": "model", "value_b": "../../etc"}, "value_b", "one of the models that are kept"),
        ({"tested": "rail", "value_control": "ours"}, "value_control", "choose what stands"),
        ({"tested": "interleaving", "value_control": "trending"}, "value_b", "two versions are the same"),
        ({"tested": "interleaving", "value_control": ""}, "value_control", "choose a ranking"),
        ({"tested": "email", "value_b": ""}, "value_b", "the version’s name is missing"),
        ({"tested": "email", "value_b": "One", "value_c": "one"}, "value_c", "two versions have the same name"),
        ({"tested": "email", "value_b": "As it is now"}, "value_b", "two versions have the same name"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(fields: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(BadDraft, match=message) as refused:
        read(**fields)
    assert refused.value.field == field


def test_two_rankings_share_one_rail_only() -> None:
    with pytest.raises(BadDraft, match="exactly two versions and one rail"):
        read(tested="interleaving", value_control="item_item", rail_goes_well="on")


def test_an_exclusive_experiment_gets_free_visitors_of_the_others_layer() -> None:
    first = read(room="60")
    second = read(Around([first], [V1]), beside="0", room="40")
    assert second.layer == first.layer
    assert (second.slot_from, second.slot_to) == (6_000, 10_000)
    with pytest.raises(DomainError, match="only 40 % of visitors are free beside “What is popular”"):
        read(Around([first], [V1]), beside="0", room="50")


def test_experiments_beside_each_other_have_layers_of_their_own() -> None:
    made = [draft(FORM, Around(), salt=salt) for salt in ("salt", "pepper")]
    assert made[0].layer != made[1].layer
    assert made[0].kind is Kind.AB
