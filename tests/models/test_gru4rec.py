"""GRU4Rec: the network finds planted order, NumPy says what JAX says, and odd histories end in bounded results."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.models import gru4rec
from app.core.recommend.models import gru4rec_batches as packing
from app.core.recommend.models import gru4rec_echo as echo
from app.core.recommend.models import gru4rec_network as network
from app.core.recommend.models.gru4rec import Parameters
from app.core.recommend.models.gru4rec_network import Loss
from app.core.recommend.signals.gru import NEWEST, Cell, GruSignal

ITEMS = 60
SMALL = Parameters(width=16, epochs=3, rate=0.03)


def histories_of(people: list[list[list[int]]], items: int = ITEMS) -> Histories:
    """One list of visits for each person; a visit is a list of positions."""
    item = [product for visits in people for visit in visits for product in visit]
    step = [number for visits in people for number, visit in enumerate(visits) for _ in visit]
    starts = np.cumsum([0, *(sum(map(len, visits)) for visits in people)])
    return Histories(
        np.arange(items, dtype=np.int64) + 1000,
        starts.astype(np.int64),
        np.array(item, dtype=np.int32),
        np.array(step, dtype=np.int32),
    )


def history_of(*items: int) -> History:
    return History(np.array(items, dtype=np.int32), np.arange(len(items), dtype=np.int32))


def walk(people: int, *, seed: int = 1) -> Histories:
    """What comes after an item depends on the way on which it was reached, up or down."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(people):
        start, length = int(random.integers(ITEMS)), int(random.integers(3, 8))
        way = 1 if random.random() < 0.5 else -1
        found.append([[(start + way * number) % ITEMS] for number in range(length)])
    return histories_of(found)


@cache
def learnt() -> GruSignal:
    return gru4rec.fit(walk(1500), SMALL)


def best(signal: GruSignal, *items: int, most: int = 1) -> list[int]:
    order = np.argsort(-signal.scores(history_of(*items)), kind="stable")
    return [int(item) for item in order[:most]]


def test_the_order_of_a_history_decides_what_comes_next() -> None:
    for start in range(5, 50, 5):
        assert best(learnt(), start, start + 1, start + 2) == [start + 3]
        assert best(learnt(), start + 2, start + 1, start) == [start - 1]


def test_scores_are_probabilities() -> None:
    scores = learnt().scores(history_of(3, 4))
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert float(scores.sum()) == pytest.approx(1.0, abs=1e-5)


def test_the_other_loss_finds_the_way_too() -> None:
    signal = gru4rec.fit(walk(1500), replace(SMALL, loss=Loss.BPR_MAX))
    hits = [best(signal, start, start + 1, start + 2) == [start + 3] for start in range(50)]
    assert np.mean(hits) > 0.8


def test_the_way_is_found_among_drawn_candidates() -> None:
    items = 2100
    random = np.random.default_rng(2)
    starts = random.integers(items - 8, size=1500)
    people = [[[int(start) + number] for number in range(6)] for start in starts]
    signal = gru4rec.fit(histories_of(people, items), replace(SMALL, epochs=1))
    hits = [start + 2 in best(signal, start, start + 1, most=20) for start in range(0, 2000, 20)]
    assert np.mean(hits) > 0.8


def gates_of(cell: Cell) -> network.Gates:
    return network.Gates(*(jnp.asarray(part) for part in (cell.into, cell.again, cell.bias, cell.inner)))


def test_numpy_and_jax_come_to_the_same_state() -> None:
    signal, random = learnt(), np.random.default_rng(3)
    gates = gates_of(signal.cell)
    items = random.integers(ITEMS, size=20)
    inputs = jnp.asarray(signal.embedding[items])[None]
    theirs = np.asarray(network.unit(network.states(gates, inputs, jnp.ones((1, 20)))))[0]
    for length in (1, 2, 7, 20):
        ours = signal.state(history_of(*items[:length].tolist()))
        assert ours is not None
        assert ours == pytest.approx(theirs[length - 1], abs=1e-5)


def test_in_training_and_in_serving_the_same_was_read_and_scores_the_same() -> None:
    """The way from batches: JAX's states, prefixes out of packed rows; from histories: all in NumPy."""
    signal = replace(learnt(), back=np.linspace(2.0, -1.0, NEWEST, dtype=np.float32))
    random = np.random.default_rng(8)
    people = [[[int(item)] for item in random.integers(9, size=length)] for length in (2, 5, 9, NEWEST + 1)]
    prefixes = {tuple(item for (item,) in visits[:end]) for visits in people for end in range(1, len(visits))}
    lessons = packing.lessons_of(histories_of(people))
    candidates = packing.Candidates(np.ones(ITEMS, dtype=np.int64), lessons.events, 2 * packing.EVENTS, 0.5)
    (batch,) = packing.batches(lessons, candidates, random)
    inputs = jnp.asarray(signal.embedding)[batch.rows[batch.input]]
    states = np.asarray(network.unit(network.states(gates_of(signal.cell), inputs, jnp.asarray(batch.fresh))))
    logits = signal.scale * (states.reshape(-1, states.shape[-1]) @ signal.embedding.T) + signal.bias
    read = echo.prefixes(batch)
    event, back = np.nonzero(read != echo.NOTHING)
    logits[event, read[event, back]] += signal.back[back]
    theirs = np.asarray(jax.nn.softmax(jnp.asarray(logits), axis=1))
    asked = batch.weight.reshape(-1) > 0
    for prefix in prefixes:
        ours = signal.scores(history_of(*prefix))
        assert np.abs(theirs[asked] - ours).max(axis=1).min() < 1e-4
        some = np.array([4, 50, *prefix])
        assert signal.among(history_of(*prefix), some) * ours[some].max() == pytest.approx(ours[some], abs=1e-5)


def test_how_likely_things_come_again_is_learnt_by_how_long_ago_they_were_seen() -> None:
    """Two steps back, three in four times, among things that are otherwise never seen twice."""
    random = np.random.default_rng(9)
    people = []
    for _ in range(1500):
        first, second, third, fourth = random.choice(ITEMS, size=4, replace=False).tolist()
        last = second if random.random() < 0.75 else fourth
        people.append([[first], [second], [third], [first if random.random() < 0.01 else last]])
    signal = gru4rec.fit(histories_of(people), replace(SMALL, epochs=1))
    hits = [
        best(signal, start, (start + 7) % ITEMS, (start + 31) % ITEMS) == [(start + 7) % ITEMS] for start in range(50)
    ]
    assert np.mean(hits) > 0.9
    assert signal.back[1] > signal.back[0]
    assert signal.back[1] > signal.back[2]


def test_no_state_leaks_from_one_person_to_the_next_in_a_row() -> None:
    signal = learnt()
    gates = gates_of(signal.cell)
    inputs = jnp.asarray(signal.embedding[[1, 2, 3, 7, 8]])[None]
    together = network.states(gates, inputs, jnp.array([[0.0, 1.0, 1.0, 0.0, 1.0]]))
    alone = network.states(gates, inputs[:, 3:], jnp.array([[0.0, 1.0]]))
    assert np.asarray(together[0, 3:]) == pytest.approx(np.asarray(alone[0]), abs=1e-6)


def test_the_same_input_and_seed_give_the_same_network() -> None:
    few = walk(800)
    first, second, other = (gru4rec.fit(few, replace(SMALL, epochs=1), seed=seed) for seed in (5, 5, 6))
    for name, array in first.arrays().items():
        assert np.array_equal(array, second.arrays()[name])
    assert first.back.any()
    assert not np.array_equal(first.embedding, other.embedding)


def test_an_artefact_gives_the_network_back() -> None:
    signal = learnt()
    again = GruSignal.of(signal.arrays(), signal.meta())
    assert np.array_equal(again.scores(history_of(3, 4)), signal.scores(history_of(3, 4)))


@pytest.mark.parametrize("broken", ["embedding", "bias", "back", "cell_into", "cell_inner", "known"])
def test_arrays_that_do_not_fit_together_are_refused(broken: str) -> None:
    arrays = learnt().arrays()
    with pytest.raises(ValueError, match="recurrent network"):
        GruSignal.of({**arrays, broken: arrays[broken][1:]}, learnt().meta())
    with pytest.raises(ValueError, match="recurrent network"):
        GruSignal.of({name: array for name, array in arrays.items() if name != broken}, learnt().meta())


def test_weights_that_are_no_numbers_are_refused() -> None:
    arrays = learnt().arrays()
    with pytest.raises(ValueError, match="finite"):
        GruSignal.of({**arrays, "bias": np.full_like(arrays["bias"], np.nan)}, learnt().meta())


def test_what_was_never_learnt_is_passed_over_and_never_proposed() -> None:
    few = walk(300)
    signal = gru4rec.fit(replace(few, items=np.arange(ITEMS + 9)), replace(SMALL, epochs=1))
    scores = signal.scores(history_of(1, ITEMS, 2, ITEMS + 8))
    assert np.array_equal(scores, signal.scores(history_of(1, 2)))
    assert np.flatnonzero(scores).tolist() == list(range(ITEMS))
    assert not signal.scores(history_of(ITEMS)).any()
    assert not signal.scores(NOTHING).any()


@pytest.mark.parametrize("people", [[], [[[0]]], [[[0, 1, 2]]], [[[5]], [[5]]]])
def test_histories_without_a_second_step_teach_nothing(people: list[list[list[int]]]) -> None:
    signal = gru4rec.fit(histories_of(people))
    assert signal.scores(history_of(0, 5)).tolist() == [0.0] * ITEMS
    assert GruSignal.of(signal.arrays(), signal.meta()).scores(history_of(0)).shape == (ITEMS,)


def test_one_person_with_one_item_twice_is_enough_to_be_fitted() -> None:
    signal = gru4rec.fit(histories_of([[[0], [0]]], items=1), replace(SMALL, epochs=1))
    assert signal.scores(history_of(0)).tolist() == [1.0]


def test_a_bot_is_read_no_further_than_its_newest_events() -> None:
    bot = [[int(number)] for number in np.random.default_rng(4).integers(ITEMS, size=100_000)]
    kept = packing.lately(histories_of([bot, [[1], [2]]]), 500_000)
    assert kept.lengths.tolist() == [packing.MOST_OF_ONE, 2]
    assert kept.item[: packing.MOST_OF_ONE].tolist() == [visit[0] for visit in bot[-packing.MOST_OF_ONE :]]


def test_the_newest_people_are_read_when_there_are_too_many_events() -> None:
    kept = packing.lately(histories_of([[[1], [2]], [[3], [4], [5]], [[6], [7]]]), 5)
    assert kept.item.tolist() == [3, 4, 5, 6, 7]


def seen_in(histories: Histories, random: np.random.Generator) -> list[tuple[int, int]]:
    """Every (input, target) of one round of batches."""
    lessons = packing.lessons_of(histories)
    candidates = packing.Candidates(np.bincount(histories.item), lessons.events, 2 * packing.EVENTS, 0.5)
    found: list[tuple[int, int]] = []
    for batch in packing.batches(lessons, candidates, random):
        there = batch.weight > 0
        found += zip(batch.rows[batch.input[there]].tolist(), batch.rows[batch.target[there]].tolist(), strict=True)
    return found


def test_every_event_with_a_next_step_is_read_once() -> None:
    histories = histories_of([[[n % ITEMS] for n in range(length)] for length in (2, 5, 100, 33, 34, 1)])
    expected = [(n % ITEMS, (n + 1) % ITEMS) for length in (2, 5, 100, 33, 34, 1) for n in range(length - 1)]
    assert sorted(seen_in(histories, np.random.default_rng(0))) == sorted(expected)


def test_a_visit_with_several_items_learns_any_item_of_the_next_visit() -> None:
    histories = histories_of([[[0, 1], [2, 3], [4]]])
    rounds = [seen_in(histories, np.random.default_rng(seed)) for seed in range(40)]
    assert all(sorted(source for source, _ in found) == [0, 1, 2, 3] for found in rounds)
    pairs = {pair for found in rounds for pair in found}
    assert pairs == {(0, 2), (0, 3), (1, 2), (1, 3), (2, 4), (3, 4)}


def test_candidates_hold_the_own_items_once_and_their_chances_are_right() -> None:
    random = np.random.default_rng(7)
    counts = random.integers(1, 200, size=300)
    candidates = packing.Candidates(counts, 10**12, 60, 0.5)
    own = np.array([3, 250])
    drawn = [candidates.draw(own, random) for _ in range(3000)]
    assert all(len(set(rows.tolist())) == 60 and {3, 250} <= set(rows.tolist()) for rows, _ in drawn)
    often = np.bincount(np.concatenate([rows for rows, _ in drawn]), minlength=300) / len(drawn)
    told = np.zeros(300)
    for rows, log_chance in drawn:
        told[rows] += 1.0 / np.exp(log_chance)
    others = np.setdiff1d(np.arange(300), own)
    # The inverse of the chance, summed over the draws in which an item occurs, counts every draw once: so is it right.
    assert told[others].mean() / len(drawn) == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(often[others], counts[others] ** 0.5)[0, 1] > 0.9


def test_a_small_catalogue_is_told_apart_whole() -> None:
    candidates = packing.Candidates(np.ones(50, dtype=np.int64), 100, 2048, 0.5)
    rows, log_chance = candidates.draw(np.array([3]), np.random.default_rng(0))
    assert rows.tolist() == list(range(50))
    assert not log_chance.any()


def test_training_leaves_the_settings_of_jax_alone() -> None:
    before = jax.config.values.copy()
    gru4rec.fit(walk(300), replace(SMALL, epochs=1))
    assert jax.config.values == before
