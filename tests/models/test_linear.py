"""The linear item-item model: it solves what the papers state, dense or sparse, knows directions, and stays bounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories, Items
from app.core.recommend.models import linear, similar
from app.core.recommend.models.linear import DEFAULTS, Parameters, chosen, fit
from app.core.recommend.models.linear_solving import Regression, Solved, dense, sparse
from app.core.recommend.models.people import LONGEST
from app.core.recommend.models.validation import ndcg, validation_part
from app.core.recommend.signals.roster import described, signal_of
from app.core.recommend.signals.tables import TableSignal
from app.core.recommend.tasks import Task
from tests.conftest import real_data
from tests.models.histories import habits, people_of, sessions_of, viewed

EASE = Parameters(ridge=5.0, forward=0.0)
ITEMS = 40


def shoppers(people: int = 150, items: int = ITEMS, seed: int = 2) -> Histories:
    """People who mostly keep to one fifth of the catalogue."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(people):
        aisle, size = int(generator.integers(5)), int(generator.integers(1, 9))
        own = generator.integers(items // 5, size=size) * 5 + aisle
        rows.append(np.where(generator.random(size) < 0.8, own, generator.integers(items, size=size)).tolist())
    return sessions_of(*rows, items=items)


def matrix_of(solved: Solved, items: int, column: int = 0) -> np.ndarray:
    found = np.zeros((items, items))
    found[solved.source, solved.target] = solved.weight[:, column]
    return found


def regression(*, own: bool = False) -> Regression:
    histories = shoppers()
    after = np.random.default_rng(1).random((ITEMS, ITEMS)).astype(np.float32) * 3
    return Regression(linear.together(histories), csr_matrix(after), 5.0, own)


def test_the_dense_form_is_ease_in_closed_form() -> None:
    histories = shoppers()
    has = np.zeros((len(histories), ITEMS))
    has[histories.person, histories.item] = 1.0
    inverse = np.linalg.inv(has.T @ has + 5.0 * np.eye(ITEMS))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    found = matrix_of(dense(Regression(linear.together(histories), None, 5.0)), ITEMS)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("column", [0, 1])
def test_the_sparse_form_with_every_regressor_is_the_dense_one(column: int) -> None:
    given = regression()
    whole, few = (matrix_of(solved, ITEMS, column) for solved in (dense(given), sparse(given, ITEMS)))
    assert few == pytest.approx(whole, abs=1e-4)


def test_items_that_may_speak_for_themselves_solve_an_unbound_regression() -> None:
    given = regression(own=True)
    assert given.after is not None
    left = given.features.toarray() + 5.0 * np.eye(ITEMS)
    expected = np.linalg.solve(left, given.after.toarray())
    assert matrix_of(dense(given), ITEMS, 1) == pytest.approx(expected, abs=1e-4)
    assert matrix_of(sparse(given, ITEMS), ITEMS, 1) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("head", [0, 7, ITEMS])
def test_the_sparse_form_does_not_depend_on_how_many_items_are_kept_dense(
    head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = matrix_of(sparse(regression(), 9), ITEMS)
    monkeypatch.setattr("app.core.recommend.models.linear_solving.HEAD", head)
    assert matrix_of(sparse(regression(), 9), ITEMS) == pytest.approx(expected, abs=1e-5)


def test_a_sparse_regression_solves_for_its_own_few_regressors() -> None:
    given = regression()
    solved = sparse(given, 9)
    assert np.bincount(solved.target, minlength=ITEMS).max() == 9
    mine = solved.target == 3
    among = solved.source[mine]
    left = given.features.toarray()[np.ix_(among, among)] + 5.0 * np.eye(9)
    expected = np.linalg.solve(left, given.features.toarray()[among, 3])
    assert solved.weight[mine, 0] == pytest.approx(expected, abs=1e-4)
    assert 3 not in among


def test_a_large_catalogue_is_learnt_like_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    small = fit(shoppers(), EASE)
    monkeypatch.setattr(linear, "DENSEST", 0)
    large = fit(shoppers(), EASE)
    # What never stands together speaks against each other in the one, and is no regressor of the other.
    assert np.corrcoef(large.scores(viewed(1, 6)), small.scores(viewed(1, 6)))[0, 1] > 0.98


def test_items_that_everybody_has_share_their_weight_though_float32_cannot_tell_them_apart() -> None:
    alike = csr_matrix(np.full((60, 60), 3e9, dtype=np.float32))
    assert dense(Regression(alike, None, 30.0)).weight == pytest.approx(np.full((60 * 59, 1), 1 / 59), rel=1e-3)


def test_what_comes_after_counts_more_than_what_came_before() -> None:
    histories = sessions_of(*[[0, 1, 2]] * 30, items=4)
    both, forward = (fit(histories, Parameters(ridge=1.0, forward=share)).scores(viewed(1)) for share in (0.0, 2.0))
    assert both[0] == pytest.approx(both[2], rel=1e-3)
    assert forward[2] > forward[0]


@pytest.mark.parametrize("densest", [0, 100])
def test_an_item_speaks_for_itself_only_where_it_may_come_again(densest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "DENSEST", densest)
    histories = sessions_of(*[[0, 0]] * 20, *[[2, 3]] * 20, items=4)
    again = fit(histories, replace(DEFAULTS[Task.SESSION], ridge=1.0))
    assert again.scores(viewed(0))[0] > 0
    assert again.scores(viewed(2))[2] == 0
    assert fit(histories, replace(DEFAULTS[Task.SEQUENCE], ridge=1.0)).scores(viewed(0))[0] == 0


def test_learning_leaves_the_histories_as_they_were_and_repeats_itself() -> None:
    histories = shoppers()
    before = histories.item.copy()
    first, second = fit(histories), fit(histories)
    assert np.array_equal(histories.item, before)
    assert np.array_equal(first.rows, second.rows)


@pytest.mark.parametrize(
    "histories",
    [
        sessions_of(items=0),
        sessions_of(items=3),
        sessions_of([0], items=1),
        sessions_of([0, 0, 0], items=1),
        sessions_of([0], [1], items=2),
    ],
    ids=["no items", "no people", "one item", "one item again", "nothing together"],
)
@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("densest", [0, 100])
def test_hardly_any_data_makes_a_quiet_model(
    histories: Histories, task: Task, densest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "DENSEST", densest)
    parameters = chosen(histories, task)
    assert parameters == DEFAULTS[task]
    signal = fit(histories, parameters)
    everything = signal.scores(viewed(*range(len(histories.items))))
    assert everything.shape == (len(histories.items),)
    assert np.isfinite(everything).all()
    assert everything[1:].sum() == 0


def test_of_a_bot_only_the_newest_is_read() -> None:
    bot = np.random.default_rng(8).integers(ITEMS, 400, size=100_000).tolist()
    people = shoppers()
    rows = [people.of(person).item.tolist() for person in range(len(people))]
    with_bot = linear.together(sessions_of(*rows, bot, items=400))
    alone = linear.together(people).toarray()
    assert np.array_equal(with_bot[:ITEMS, :ITEMS].toarray(), alone)
    assert with_bot[ITEMS:].nnz <= LONGEST**2


def test_with_too_many_pairs_the_busiest_are_read_less_far(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = sessions_of(list(range(30)), [0, 1], items=30)
    monkeypatch.setattr(linear, "MOST_PAIRS", 100)
    both = linear.together(histories)
    assert both.sum() <= 104
    assert both[0, 1] == 1
    assert both[28, 29] == 1


def test_old_people_count_less() -> None:
    both = linear.together(sessions_of([0, 1], [2, 3], items=4, days=[0.0, 100.0]), recency=0.5)
    assert both[2, 3] == pytest.approx(1.0)
    assert both[0, 1] == pytest.approx(np.exp(-2.0))


def test_the_choice_sees_that_order_matters() -> None:
    histories = habits(600, items=30)
    parameters = chosen(histories, Task.SESSION)
    assert parameters.forward > 0
    part = validation_part(histories, Task.SESSION)
    plain = replace(parameters, forward=0.0)
    assert ndcg(fit(part.before, parameters), part.asked) > 1.1 * ndcg(fit(part.before, plain), part.asked)


def test_an_artefact_holds_the_model() -> None:
    signal = fit(shoppers())
    restored = signal_of(signal.arrays(), described(signal))
    assert isinstance(restored, TableSignal)
    assert np.array_equal(restored.scores(viewed(1, 6)), signal.scores(viewed(1, 6)))
    assert all(len(array) == ITEMS for array in signal.arrays().values())


def test_orders_are_read_whole() -> None:
    orders = people_of(*[[[0, 1], [2]]] * 30, items=3)
    scores = fit(orders, DEFAULTS[Task.TIME]).scores(orders.of(0).newest(2))
    assert scores[0] > 0


@pytest.mark.realdata
def test_it_beats_neighbours_on_the_last_items_but_one_of_a_real_shop() -> None:
    """The last item of everybody, which is the test's, is cut off; neighbours reach .056 there, EASE .060."""
    sequences = pq.read_table(real_data("amazon_s3rec/beauty_sequences.parquet"))["items"].to_pylist()
    size = 1 + max(max(one) for one in sequences)
    learnt = sessions_of(*(one[:-2] for one in sequences), items=size)
    wanted = np.array([one[-2] for one in sequences], dtype=np.int32)
    found = _ndcg(fit(learnt), learnt, wanted)
    assert found > 0.064
    assert found > 1.1 * _ndcg(similar.fit(learnt), learnt, wanted)


def _ndcg(signal: TableSignal, histories: Histories, wanted: Items) -> float:
    gains = []
    for person in range(0, len(histories), 3):
        history = histories.of(person)
        scores = signal.scores(history)
        scores[history.item] = 0.0
        rank = np.count_nonzero(scores >= scores[wanted[person]])
        gains.append(1.0 / np.log2(rank + 1) if rank <= 10 else 0.0)
    return float(np.mean(gains))
