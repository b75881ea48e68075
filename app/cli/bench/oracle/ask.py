"""Ask gbstats, GrowthBook's statistics: run by the Python of another environment, which knows nothing of Attune.

Reads cases as JSON from standard input and writes what gbstats says of each to standard output. A case has `kind`
("mean", "proportion", "ratio", "cuped" or "srm") and the arms' plain sums, or for "srm" the arms' sizes and weights.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.models.statistics import (
    ProportionStatistic,
    RatioStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
)
from gbstats.utils import check_srm


def main() -> None:
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)


def answer(case: dict[str, Any]) -> dict[str, float]:
    if case["kind"] == "srm":
        return {"p": float(check_srm(case["counts"], case["weights"]))}
    relative, difference = (_tested(case, kind) for kind in ("relative", "absolute"))
    return {
        "relative": float(relative.expected),
        "low": float(relative.ci[0]),
        "high": float(relative.ci[1]),
        "chance_to_win": float(relative.chance_to_win),
        "expected_loss_of_control": float(relative.risk[0]),
        "expected_loss": float(relative.risk[1]),
        "difference": float(difference.expected),
        "difference_low": float(difference.ci[0]),
        "difference_high": float(difference.ci[1]),
    }


def _tested(case: dict[str, Any], difference_type: str) -> Any:
    arms = [statistic(case["kind"], case[arm]) for arm in ("control", "treatment")]
    prior = case.get("prior")
    effect = GaussianPrior(prior["mean"], prior["sd"] ** 2, proper=True) if prior else GaussianPrior()
    config = EffectBayesianConfig(difference_type=difference_type, prior_effect=effect, prior_type="relative")
    return EffectBayesianABTest(*arms, config).compute_result()


def statistic(kind: str, sums: dict[str, Any]) -> Any:
    """gbstats' own form of an arm; its kinds of statistics tell means, proportions and ratios apart."""
    n, value = sums["n"], SampleMeanStatistic(n=sums["n"], sum=sums["x"], sum_squares=sums["xx"])
    if kind == "proportion":
        return ProportionStatistic(n=n, sum=sums["x"])
    if kind == "ratio":
        below = SampleMeanStatistic(n=n, sum=sums["d"], sum_squares=sums["dd"])
        return RatioStatistic(n=n, m_statistic=value, d_statistic=below, m_d_sum_of_products=sums["xd"])
    if kind == "cuped":
        before = SampleMeanStatistic(n=n, sum=sums["c"], sum_squares=sums["cc"])
        return RegressionAdjustedStatistic(
            n=n, post_statistic=value, pre_statistic=before, post_pre_sum_of_products=sums["xc"], theta=0
        )
    return value


if __name__ == "__main__":
    main()
