"""Rules: read from JSON with the place of what is wrong, said in words, judged for one shopper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.segments import lifecycle, rfm
from app.core.segments.builtin import BUILTIN
from app.core.segments.check import check
from app.core.segments.evaluate import decisive, holds, values_of
from app.core.segments.lifecycle import Stage, stage_of
from app.core.segments.parse import DEEPEST, MOST_CONDITIONS, BadRule, as_json, rule_of
from app.core.segments.past import Deed, Past, Scale
from app.core.segments.rules import Figure, Kind, Measure, Selection, is_live, measures
from app.core.segments.words import Wording, sentence, told

NAMES = {Selection(Kind.COLLECTION, "7"): "Bedding", Selection(Kind.TYPE, "Sofas"): "Sofas"}
WORDING = Wording(lambda selection: NAMES.get(selection, selection.key), lambda amount: f"{amount / 100:.2f} EUR")
BEDDING = {"kind": "collection", "key": "7"}
SOFAS = {"kind": "type", "key": "Sofas"}
DAY_S = 86_400


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (
            {"all": [{"figure": "orders", "about": BEDDING, "days": 180, "least": 2},
                     {"figure": "opens", "days": 30, "most": 0}]},
            "bought from Bedding at least twice in 180 days and has not opened an e-mail for 30 days",
        ),
        ({"figure": "views", "about": SOFAS, "days": 0, "least": 3}, "viewed Sofas at least 3 times today"),
        ({"figure": "carts", "most": 0}, "has never added to the cart"),
        (
            {"figure": "spent", "about": BEDDING, "days": 365, "least": 4990},
            "spent at least 49.90 EUR on Bedding in 365 days",
        ),
        ({"figure": "last_order", "least": 90}, "ordered last more than 90 days ago"),
        ({"figure": "last_order", "most": 1}, "ordered last within 1 day"),
        ({"figure": "stage", "least": 4, "most": 5}, "is at risk or lost"),
        ({"figure": "orders", "least": 1, "most": 1}, "ordered exactly once"),
        ({"figure": "affinity", "about": SOFAS, "least": 40}, "gives at least 40 % of their attention to Sofas"),
        ({"figure": "tag", "about": {"kind": "tag", "key": "VIP"}, "least": 1}, "is tagged “VIP”"),
        ({"not": {"figure": "accepts_email", "least": 1}}, "not (accepts e-mail marketing)"),
        (
            {"all": [{"figure": "orders", "least": 1},
                     {"any": [{"figure": "opens", "least": 1}, {"figure": "mail_clicks", "least": 1}]}]},
            "ordered at least once and (opened an e-mail at least once or clicked a link in an e-mail at least once)",
        ),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence_and_as_the_same_json_again(raw: dict[str, object], words: str) -> None:
    rule = rule_of(raw)
    assert sentence(rule, WORDING) == words
    assert as_json(rule) == raw


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        ([], "", "must be an object"),
        ({"all": []}, "all", "one condition at least"),
        ({"all": [{"figure": "orders", "least": 1}], "any": []}, "", "nothing else"),
        (
            {"all": [{"figure": "orders", "least": 1}, {"figure": "shoe size", "least": 1}]},
            "all[1].figure",
            "there is no",
        ),
        ({"figure": "orders"}, "", "at least, at most"),
        ({"figure": "orders", "least": "2"}, "least", "whole number"),
        ({"figure": "orders", "least": True}, "least", "whole number"),
        ({"figure": "orders", "least": 3, "most": 2}, "", "leaves nobody"),
        ({"figure": "orders", "least": 1, "days": 99999}, "days", "0 to 3650"),
        ({"figure": "stage", "least": 1, "days": 3}, "days", "not counted over days"),
        ({"figure": "recency", "least": 6}, "least", "1 to 5"),
        ({"not": {"figure": "affinity", "least": 1}}, "not.about", "must say which"),
        ({"figure": "tag", "about": BEDDING, "least": 1}, "about.kind", "cannot be about"),
        (
            {"figure": "orders", "about": {"kind": "product", "key": "x"}, "least": 1},
            "about.key",
            "number of a product",
        ),
        ({"figure": "orders", "least": 1, "colour": "red"}, "", "no field"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(raw: object, place: str, words: str) -> None:
    with pytest.raises(BadRule, match=words) as refused:
        rule_of(raw)
    assert refused.value.place == place


def test_a_rule_is_neither_endless_nor_bottomless() -> None:
    one = {"figure": "orders", "least": 1}
    with pytest.raises(BadRule, match=f"{MOST_CONDITIONS} conditions at most"):
        rule_of({"all": [one] * (MOST_CONDITIONS + 1)})
    deep: dict[str, object] = one
    for _ in range(DEEPEST):
        deep = {"not": deep}
    with pytest.raises(BadRule, match="deep at most"):
        rule_of(deep)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["all", "any", "not", "figure", "least", "about", "kind", "key", "orders"]), inner, max_size=4)))  # fmt: skip  # noqa: E501
def test_no_json_does_anything_but_make_a_rule_or_a_complaint(raw: object) -> None:
    try:
        rule = rule_of(raw)
    except BadRule:
        return
    assert rule_of(as_json(rule)) == rule


def test_what_the_store_does_not_have_is_found() -> None:
    rule = rule_of({"figure": "orders", "about": BEDDING, "least": 1})
    check(rule, NAMES.keys())
    with pytest.raises(BadRule, match="no collection “7”"):
        check(rule, ())


def test_a_rule_about_today_is_live() -> None:
    assert is_live(rule_of({"figure": "views", "days": 0, "least": 3}))
    assert not is_live(rule_of({"figure": "orders", "days": 0, "least": 3}))
    assert not is_live(rule_of({"figure": "views", "days": 7, "least": 3}))


def test_what_decided_is_what_is_told() -> None:
    rule = rule_of({"any": [{"figure": "views", "days": 0, "least": 2}, {"figure": "accepts_email", "least": 1}]})
    past = Past(deeds=[Deed(Figure.VIEWS, 1000), Deed(Figure.VIEWS, 1001)])
    values = values_of(rule, past, Scale(now_s=2000, today_s=500))
    assert holds(rule, values, 2000)
    (because,) = decisive(rule, values, 2000)
    assert told(because.measure, values[because.measure], WORDING) == "viewed a product twice today"


def test_the_unknown_fulfils_nothing_and_its_opposite_everything() -> None:
    rule = rule_of({"figure": "last_order", "least": 0})
    values = values_of(rule, Past(), Scale(now_s=2000, today_s=500))
    assert values == {Measure(Figure.LAST_ORDER): None}
    assert not holds(rule, values, 2000)
    assert holds(rule_of({"not": as_json(rule)}), values, 2000)


@pytest.mark.parametrize(
    ("days", "now", "stage"),
    [
        ([0], 30, Stage.NEW),
        ([0], 120, Stage.AT_RISK),
        ([0], 200, Stage.LOST),
        ([0, 30], 60, Stage.ACTIVE),
        ([0, 30, 60, 90], 100, Stage.LOYAL),
        ([0, 30, 60, 90], 160, Stage.AT_RISK),
        ([0, 10, 20, 300], 310, Stage.WON_BACK),
        ([], 10, None),
    ],
)
def test_the_stage_follows_the_customers_own_rhythm(days: list[int], now: int, stage: Stage | None) -> None:
    at = [day * DAY_S for day in days]
    found = stage_of(
        len(at),
        first_s=at[0] if at else 0,
        before_s=at[-2] if len(at) > 1 else None,
        last_s=at[-1] if at else 0,
        now_s=now * DAY_S,
        usual_s=60 * DAY_S,
    )
    assert found == stage


@given(st.lists(st.integers(-5, 5), min_size=1))
def test_a_score_is_one_and_the_whole_fifths_of_people_below(values: list[int]) -> None:
    cuts = rfm.cuts_of(values)
    for value in values:
        below = sum(1 for other in values if other < value)
        assert rfm.score(value, cuts) == 1 + rfm.FIFTHS * below // len(values)


def test_every_built_in_segment_can_be_written_and_said() -> None:
    assert len({one.key for one in BUILTIN}) == len({one.name.lower() for one in BUILTIN}) == len(BUILTIN)
    for one in BUILTIN:
        assert rule_of(as_json(one.rule)) == one.rule
        assert sentence(one.rule, WORDING)
        assert measures(one.rule)
    assert set(lifecycle.WORDS) == set(Stage)
