"""The protocols of `attune evaluate`: what is learnt from, what is asked, and how an answer is graded."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.recommend import metrics
from app.core.recommend.histories import History
from app.core.recommend.protocols import baskets, cold, purchases, sessions
from app.core.recommend.protocols.comparing import paired_gain
from app.core.recommend.protocols.exam import BadData, Exam
from app.core.recommend.protocols.grading import Grades, grade
from app.core.recommend.protocols.lists import Lists
from app.core.recommend.protocols.measures import Found
from app.core.recommend.protocols.purchases import Purchases
from app.core.recommend.signals.types import Scores

NAMES = tuple("abcdefghij")


def lists(*rows: str) -> Lists:
    """One letter an item."""
    items = [NAMES.index(letter) for row in rows for letter in row]
    return Lists(np.append(0, np.cumsum([len(row) for row in rows])).astype(np.int64), np.array(items, dtype=np.int64))


def written(exam: Exam) -> tuple[list[str], list[tuple[str, str, int]]]:
    """The histories to learn from, and of every question the history, the answers and how many nobody can know."""

    def letters(items: np.ndarray[tuple[int], np.dtype[np.int32]]) -> str:
        return "".join(exam.names[item] for item in items.tolist())

    asked = [(letters(case.history.item), letters(case.targets), case.unknown) for case in exam.cases]
    return [letters(history.item) for history in exam.training], asked


def lines(*rows: tuple[int, str, float, float]) -> Purchases:
    """User, item, day, quantity."""
    user, item, day, quantity = zip(*rows, strict=True)
    codes = np.array([NAMES.index(letter) for letter in item], dtype=np.int64)
    prices = np.full(len(rows), np.nan)
    return Purchases(np.array(user, dtype=np.int64), codes, np.array(day, float), np.array(quantity, float), prices)


def graded(exam: Exam, *wanted: str, ks: tuple[int, ...] = (2,)) -> Grades:
    """By a scorer that wants these items most, the first of them above all."""
    scores = np.zeros(len(exam.names), dtype=np.float32)
    for place, name in enumerate(wanted):
        scores[exam.names.index(name)] = len(wanted) - place

    def scorer(history: History, *, only_new: bool) -> Scores:
        return scores

    return grade(scorer, exam.cases, exam.task, ks)


# -- what is learnt from, what is asked --------------------------------------------------------------------------------


def test_a_session_keeps_its_order_and_its_repeats() -> None:
    targets = np.array([NAMES.index("a")])
    exam = sessions.session(lists("aba", "", "bc"), lists("aab"), targets, NAMES)
    assert written(exam) == (["aba", "bc"], [("aab", "a", 0)])


def test_what_only_the_test_part_knows_is_left_out_of_a_history_and_a_miss_as_an_answer() -> None:
    targets = np.array([NAMES.index(letter) for letter in "ja"])
    exam = sessions.session(lists("ab"), lists("aj", "b"), targets, NAMES)
    assert written(exam)[1] == [("a", "", 1), ("b", "a", 0)]
    assert exam.names == ("a", "b")
    assert "1 of 2 answers" in " ".join(exam.notes)


def test_of_a_sequence_the_last_item_is_asked_and_the_rest_is_learnt_from() -> None:
    exam = sessions.sequence(lists("abc", "cab", "a"), NAMES)
    assert written(exam) == (["ab", "ca", "a"], [("ab", "c", 0), ("ca", "b", 0)])


def test_a_sequence_counts_an_item_once() -> None:
    exam = sessions.sequence(lists("abab", "ba"), NAMES)
    assert written(exam)[1] == [("a", "b", 0), ("b", "a", 0)]
    assert "2 repeated items" in exam.notes[0]


def test_a_bots_endless_session_is_cut_to_its_newest_views() -> None:
    exam = sessions.session(lists("ab" * 50_000, "cd"), lists("a"), np.array([1]), NAMES)
    assert exam.training.lengths.tolist() == [sessions.LONGEST_SESSION, 2]
    assert "the longest 100,000" in exam.notes[0]


def test_hidden_items_are_ranked_and_asked_for_but_never_learnt_from() -> None:
    hidden = np.array([letter == "c" for letter in NAMES])
    exam = sessions.sequence(lists("abc", "cab", "acb"), NAMES, hidden=hidden)
    assert written(exam) == (["ab", "a", "a"], [("ab", "c", 0)])
    assert exam.hidden is not None
    assert [name for name, is_hidden in zip(exam.names, exam.hidden, strict=True) if is_hidden] == ["c"]


def test_the_same_items_are_hidden_for_the_same_seed() -> None:
    candidates = np.ones(200, dtype=np.bool_)
    assert np.array_equal(cold.drawn(candidates, 0.05, 1), cold.drawn(candidates, 0.05, 1))
    assert cold.drawn(candidates, 0.05, 1).sum() == 10


def test_a_future_basket_is_asked_whole_and_never_learnt_from() -> None:
    user, number = np.array([0, 0, 0, 1, 1]), np.array([1, 0, 2, 0, 1])
    future = np.array([False, False, True, False, True])
    exam = baskets.basket(user, number, lists("cc", "ab", "ad", "b", "j"), future, NAMES)
    assert written(exam) == (["abc", "b"], [("abc", "a", 1), ("b", "", 1)])
    assert exam.training.step.tolist() == [1, 1, 2, 3]


def test_of_two_future_baskets_the_first_is_asked() -> None:
    future = np.array([False, True, True])
    exam = baskets.basket(np.zeros(3, np.int64), np.arange(3), lists("ab", "a", "b"), future, NAMES)
    assert written(exam)[1] == [("ab", "a", 0)]
    assert "after the first future one" in exam.notes[0]


def test_purchases_before_the_day_are_learnt_from_and_those_within_the_days_after_it_are_asked() -> None:
    bought = (0, "a", 1.5, 1), (0, "b", 9.9, 1), (0, "b", 10.0, 1), (0, "a", 13.9, 1), (0, "a", 14.0, 1)
    log = lines(*bought, (1, "b", 2, 1))
    exam = purchases.time(log, NAMES, until=10.0, days=4)
    assert written(exam) == (["b", "ab"], [("ab", "ba", 0)])
    case = next(iter(exam.cases))
    assert case.history.age is not None
    assert case.history.age.tolist() == pytest.approx([8.5, 0.1], abs=1e-5)


def test_who_was_never_there_before_the_day_is_not_asked() -> None:
    log = lines((0, "a", 1, 1), (0, "b", 2, 1), (1, "a", 11, 1), (0, "a", 12, 1))
    exam = purchases.time(log, NAMES, until=10, days=5)
    assert len(exam.cases) == 1


def test_a_return_takes_back_the_latest_purchases_first() -> None:
    log = lines((0, "a", 1, 2), (0, "a", 2, 3), (0, "a", 3, -4), (0, "b", 1, 1), (0, "b", 2, -1), (1, "b", 5, -1))
    assert purchases.net(log).day.tolist() == [1.0]


def test_what_is_returned_after_the_day_was_still_bought_before_it() -> None:
    log = lines((0, "a", 1, 1), (0, "b", 1, 1), (0, "b", 12, -1), (0, "a", 12, 1))
    assert written(purchases.time(log, NAMES, until=10, days=5))[0] == ["ab"]


def test_a_customer_s_lines_of_one_day_are_one_step() -> None:
    log = lines((0, "a", 1.1, 1), (0, "a", 1.2, 1), (0, "b", 1.9, 1), (0, "a", 2.0, 1), (0, "a", 11, 1))
    exam = purchases.time(log, NAMES, until=10, days=5)
    assert written(exam)[0] == ["aba"]
    assert np.diff(exam.training.step).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [(("",), "nothing to learn from"), (("aaa", "a"), "single item"), (("a", "b"), "no user has two items"),
     (("ab",), "a single item"), (("ac", "bc", "ab"[:1]), "Not one item")],
)  # fmt: skip
def test_data_that_make_no_exam_are_refused_with_a_sentence(rows: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(BadData, match=sentence):
        sessions.sequence(lists(*rows), NAMES)


# -- grading -----------------------------------------------------------------------------------------------------------


def test_ties_count_against_the_model() -> None:
    flat = graded(sessions.session(lists("abcd"), lists("a"), np.array([1]), NAMES))
    assert flat.metrics == {"hr@2": 0.0, "mrr@2": 0.0, "ndcg@2": 0.0, "coverage@2": 0.0}


def test_a_score_that_is_no_number_stands_last() -> None:
    exam = sessions.session(lists("abcd"), lists("a"), np.array([1]), NAMES)

    def broken(history: History, *, only_new: bool) -> Scores:
        return np.array([1.0, np.nan, 0.5, 0.0], dtype=np.float32)

    assert grade(broken, exam.cases, exam.task, (3,)).metrics["hr@3"] == 0.0


def test_known_items_don_t_stand_in_the_way_of_a_sequence_s_next_one() -> None:
    exam = sessions.sequence(lists("abc", "dcb", "ad"), NAMES)
    assert graded(exam, "a", "b", "c", ks=(1,)).each["hr@1"].tolist() == [1.0, 0.0, 0.0]
    assert graded(exam, "a", "b", "c", ks=(2,)).each["hr@2"].tolist() == [1.0, 1.0, 0.0]


def test_repeats_and_new_items_of_a_basket_are_graded_apart() -> None:
    future = np.array([False, True, False])
    exam = baskets.basket(np.array([0, 0, 1]), np.array([0, 1, 0]), lists("ab", "ac", "cd"), future, NAMES)
    found = graded(exam, "a", "d", "c").metrics
    assert (found["recall@2"], found["repeat_recall@2"], found["explore_recall@2"]) == (0.5, 1.0, 0.0)
    assert found["new_recall@2"] == 1.0
    assert found["new_ndcg@2"] == pytest.approx(1 / np.log2(3))


def test_a_basket_s_ideal_holds_all_its_items_and_a_customer_s_future_at_most_k() -> None:
    question = np.zeros(3, dtype=np.int64)
    found = Found(np.array([1, 2, 9]), question, 1)
    top = 1 + 1 / np.log2(3)
    assert found.measure("ndcg", 2).tolist() == [pytest.approx(1.0)]
    assert found.measure("ndcg", 2, ideal_is_whole=True).tolist() == [pytest.approx(top / (top + 0.5))]


def test_the_measures_are_those_of_the_metrics() -> None:
    generator = np.random.default_rng(3)
    for _ in range(20):
        scores = generator.integers(0, 12, size=40).astype(np.float32)
        targets, left_out = np.split(generator.permutation(40)[:9].astype(np.int32), [5])
        ranks = metrics.target_ranks(scores, targets, left_out)
        slow = metrics.ranks_of(scores.astype(np.float64), targets.astype(np.int64), left_out.astype(np.int64))
        assert np.sort(ranks).tolist() == slow.tolist()
        found = Found(ranks, np.zeros(5, dtype=np.int64), 1)
        assert found.measure("recall", 10)[0] == metrics.recall(slow, 10)
        assert found.measure("ndcg", 10)[0] == pytest.approx(metrics.ndcg(slow, 10))
        assert found.measure("mrr", 10)[0] == pytest.approx(metrics.reciprocal_rank(slow[:1], 10))


def test_many_targets_are_ranked_as_few_are() -> None:
    generator = np.random.default_rng(4)
    scores = generator.integers(0, 30, size=400).astype(np.float32)
    targets, left_out = np.split(generator.permutation(400)[:90].astype(np.int32), [80])
    ranks = metrics.target_ranks(scores, targets, left_out)
    slow = metrics.ranks_of(scores.astype(np.float64), targets.astype(np.int64), left_out.astype(np.int64))
    assert np.sort(ranks).tolist() == slow.tolist()
    assert np.all(np.diff(ranks[np.argsort(-scores[targets], kind="stable")]) > 0)


def test_coverage_is_the_share_of_items_that_somebody_is_recommended_without_a_tie() -> None:
    exam = sessions.session(lists("abcd"), lists("a", "b"), np.array([1, 2]), NAMES)
    assert graded(exam, "a", "b", "c", "d").metrics["coverage@2"] == 0.5
    assert graded(exam, "a").metrics["coverage@2"] == 0.25


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_a_clear_gain_has_an_interval_above_zero_and_chance_one_around_it() -> None:
    generator = np.random.default_rng(5)
    theirs = generator.random(2000)
    clear = paired_gain(theirs + 0.1, theirs)
    assert clear is not None
    assert 0.18 < clear.low < clear.gain < clear.high < 0.22
    chance = paired_gain(generator.permutation(theirs), theirs)
    assert chance is not None
    assert chance.low < 0 < chance.high


def test_questions_to_which_a_metric_does_not_apply_are_left_out_of_a_comparison() -> None:
    gain = paired_gain(np.array([np.nan, 2.0, 2.0]), np.array([9.0, 1.0, 1.0]))
    assert gain is not None
    assert (gain.gain, gain.questions) == (1.0, 2)
    assert paired_gain(np.ones(3), np.zeros(3)) is None


# -- nothing that is asked about leaks into what is learnt -------------------------------------------------------------


def test_a_known_basket_after_the_future_one_is_not_known_yet() -> None:
    future = np.array([False, True, False])
    exam = baskets.basket(np.zeros(3, np.int64), np.arange(3), lists("ab", "ac", "bd"), future, NAMES)
    assert written(exam) == (["ab"], [("ab", "a", 1)])
    assert "after the first future one" in exam.notes[0]


def test_the_order_of_the_catalogue_tells_nothing_about_answers() -> None:
    # "c" is named first as an answer; what scores alike is told apart by its place, so it must not stand in front.
    exam = sessions.sequence(lists("ac", "bdc", "dcb"), NAMES)
    assert exam.names == ("a", "b", "d", "c")
    future = np.array([True, False, False, True])
    bought = baskets.basket(np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1]), lists("c", "a", "bc", "a"), future, NAMES)
    assert bought.names == ("a", "b", "c")
    log = lines((0, "c", 11, 1), (0, "a", 1, 1), (1, "b", 1, 1), (1, "c", 2, 1))
    assert purchases.time(log, NAMES, until=10, days=5).names == ("a", "b", "c")


def test_items_that_are_only_described_stand_behind_in_the_order_of_their_ids() -> None:
    described = np.array([letter in "jga" for letter in NAMES])
    assert sessions.sequence(lists("abc", "cab"), NAMES, described=described).names == ("a", "b", "c", "g", "j")
