"""Off-policy estimates held against what is known: the Open Bandit log, and simulated rails.

`attune bench statistics` prints what is measured here. Open Bandit has one week of the same shop under two policies,
so that the estimate for one of them from the other's log stands beside what really happened.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.experiments.click_model import ClickModel
from app.core.experiments.explore import draw
from app.core.experiments.off_policy import Estimates, estimate
from app.core.experiments.replay import LoggedAnswers, replay

RANDOM_LOG: Final = "random_men.parquet"
BANDIT_LOG: Final = "bts_men.parquet"

# One simulated rail: each product's page has its own candidates, and its own truth of what is clicked there.
QUESTIONS: Final = 20
CANDIDATES: Final = 12
PLACES: Final = 4
ANSWERS: Final = 3000
VISITORS: Final = 1500
EPSILON: Final = 0.4
BY_PLACE: Final = np.array([0.10, 0.08, 0.06, 0.05])
SEED: Final = 20240611

Log = dict[str, npt.NDArray[Any]]


def measure(data_dir: Path | None, *, runs: int) -> dict[str, float]:
    """All measures of this part.

    Args:
        data_dir: the folder of the Open Bandit log; None leaves its measures out.
        runs: how many rails are simulated.

    Returns:
        `off_policy_coverage_<estimator>`: the share of simulated rails whose 95 % interval holds the truth;
        `off_policy_bias_<estimator>`: the mean error relative to the truth; `open_bandit_*`: click rates.
    """
    measures = simulated(runs)
    return measures if data_dir is None else {**measures, **open_bandit(data_dir)}


# -- Open Bandit -----------------------------------------------------------------------------------------------------


def open_bandit(folder: Path) -> dict[str, float]:
    """The click rate of Bernoulli Thompson sampling from the log of the random policy, beside its logged one.

    Three places are filled independently, and a row is one place. The bandit's chances changed by the hour and were
    logged for what it chose only; what it did over the week, the share of each product in each place, is the policy
    whose rate was logged. Those shares are counted from its choices: none of its clicks enters the estimate.
    """
    log, other = _read(folder / RANDOM_LOG), _read(folder / BANDIT_LOG)
    products = 1 + int(max(log["item_id"].max(), other["item_id"].max()))
    places = 1 + int(max(log["position"].max(), other["position"].max()))
    shares = np.zeros((products, places))
    np.add.at(shares, (other["item_id"], other["position"]), 1.0)
    shares /= np.maximum(shares.sum(axis=0), 1.0)
    predicted, expected = _cross_fitted(log, shares)
    target = shares[log["item_id"], log["position"]]
    found = estimate(log["click"], log["propensity_score"], target, predicted, expected)
    return {
        "open_bandit_truth": float(other["click"].mean()),
        "open_bandit_random": found.logged.value,
        **_by_estimator("open_bandit", found),
        "open_bandit_effective_sample_size": found.effective_sample_size,
    }


def _read(file: Path) -> Log:
    import pyarrow.parquet as pq

    table = pq.read_table(file, columns=["item_id", "position", "click", "propensity_score"])
    columns = {name: table[name].to_numpy() for name in table.column_names}
    # Places are numbered from 1 there.
    return {**columns, "position": columns["position"] - 1}


def _cross_fitted(log: Log, shares: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """What a click model of the other rows expects of what was shown, and of what the bandit would show there."""
    products, places = shares.shape
    predicted, expected = np.zeros(len(log["click"])), np.zeros(len(log["click"]))
    for fold in range(2):
        own = np.arange(len(predicted)) % 2 == fold
        place, product = log["position"][~own], log["item_id"][~own]
        model = ClickModel.fit(
            place, product, log["click"][~own] > 0, places=places, product_of_pair=np.arange(products)
        )
        table = np.minimum(model.by_pair[:, None] * model.by_place[None, :], 1.0)
        predicted[own] = model.rate(log["position"][own], log["item_id"][own])
        expected[own] = (shares * table).sum(axis=0)[log["position"][own]]
    return predicted, expected


def _by_estimator(name: str, found: Estimates) -> dict[str, float]:
    measures: dict[str, float] = {}
    for kind, one in (("ips", found.ips), ("snips", found.snips), ("dr", found.dr)):
        if one is not None:
            measures |= {f"{name}_{kind}": one.value, f"{name}_{kind}_low": one.low, f"{name}_{kind}_high": one.high}
    return measures


# -- Simulated rails -------------------------------------------------------------------------------------------------


def simulated(runs: int, *, seed: int = SEED) -> dict[str, float]:
    """How often the intervals hold the truth on simulated rails, and how far the estimates are off on average."""
    hits: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for run in range(runs):
        found, truth = simulated_rail(np.random.default_rng([seed, run]))
        for kind, one in (("ips", found.ips), ("snips", found.snips), ("dr", found.dr)):
            if one is not None:
                hits[kind] += one.low <= truth <= one.high
                errors[kind] += (one.value - truth) / truth  # type: ignore[assignment]
    covered = {f"off_policy_coverage_{kind}": hits[kind] / runs for kind in errors}
    return {**covered, **{f"off_policy_bias_{kind}": errors[kind] / runs for kind in errors}}


def simulated_rail(generator: np.random.Generator) -> tuple[Estimates, float]:
    """One rail's log under exploration, what `replay` says of another strategy on it, and the truth."""
    liking = generator.lognormal(sigma=0.6, size=(QUESTIONS, CANDIDATES))
    catalogue = [generator.choice(60, CANDIDATES, replace=False) + 1 for _ in range(QUESTIONS)]
    ours, theirs = (np.argsort(-liking * generator.lognormal(sigma=0.8, size=liking.shape)) for _ in range(2))
    chance = np.minimum(liking[:, :, None] * BY_PLACE, 1.0)
    truth = np.mean([[chance[q, theirs[q, k], k] for k in range(PLACES)] for q in range(QUESTIONS)])
    question = generator.integers(QUESTIONS, size=ANSWERS)
    shown, propensity = _drawn(ours, question, _coins(generator))
    answer, place = np.repeat(np.arange(ANSWERS), PLACES), np.tile(np.arange(PLACES), ANSWERS)
    clicked = generator.random(len(answer)) < chance[question[answer], shown, place]
    logged = LoggedAnswers(
        question=question + 1,
        browser=generator.integers(VISITORS, size=ANSWERS),
        request=np.arange(ANSWERS),
        answer=answer,
        place=place,
        product=np.array(catalogue)[question[answer], shown],
        propensity=propensity,
        clicked=clicked,
    )
    lists = {q + 1: catalogue[q][theirs[q, :PLACES]].tolist() for q in range(QUESTIONS)}
    return replay(logged, lists), float(truth)


def _coins(generator: np.random.Generator) -> Random:
    """A generator of the kind that the server draws with."""
    return Random(int(generator.integers(2**32)))  # noqa: S311 - it decides about simulated shoppers


def _drawn(
    ranked: npt.NDArray[np.intp], question: npt.NDArray[np.int64], generator: Random
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    orders = ranked.tolist()
    drawn = [draw(orders[one], PLACES, EPSILON, generator) for one in question.tolist()]
    items = np.array([one.items for one in drawn], dtype=np.int64).ravel()
    return items, np.array([one.propensities for one in drawn]).ravel()
