"""Ranking metrics in the field's terms, each with its published definition.

Ranks are 1 for the best. Ties count against the model: an item's rank is that of the last of all items with its score,
because a model that scores everything alike knows nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.int64]
FEW = 32
"""Up to so many targets are counted one by one, which is quicker than sorting the catalogue."""


def rank_of_best(
    scores: npt.NDArray[np.floating[Any]],
    targets: npt.NDArray[np.int64],
    left_out: npt.NDArray[np.int64],
    among: npt.NDArray[np.bool_] | None = None,
) -> int:
    """The rank of the best-ranked target in the whole catalogue, ties against it.

    Args:
        scores: one score for every item, [N].
        targets: positions in `scores`, at least one; other targets do not stand in the best one's way.
        left_out: positions that are not ranked because the question contains them; none is a target.
        among: where given, bool [N], only these items are ranked; the targets are among them.
    """
    in_front = scores >= scores[targets].max()
    if among is not None:
        in_front &= among
    in_front[targets] = False
    in_front[left_out] = False
    return int(np.count_nonzero(in_front)) + 1


def ranks_of(scores: npt.NDArray[np.float64], targets: npt.NDArray[np.int64], left_out: npt.NDArray[np.int64]) -> Ranks:
    """The rank of every target in the whole catalogue, ties against it, ascending."""
    rivals = np.delete(scores, np.append(targets, left_out).astype(np.int64))
    own = np.sort(scores[targets])[::-1]
    in_front = len(rivals) - np.searchsorted(np.sort(rivals), own, side="left")
    return np.asarray(in_front + np.arange(1, len(own) + 1), dtype=np.int64)


def target_ranks(
    scores: npt.NDArray[np.float32], targets: npt.NDArray[np.int32], left_out: npt.NDArray[np.int32]
) -> Ranks:
    """The rank of every target in the whole catalogue, ties against it, in the order of `targets`.

    Targets don't stand in each other's way but by coming first: the best one's rank counts other items alone.

    Args:
        scores: one score for every item, float32 [N], no NaN.
        left_out: positions that are not ranked; none is a target.
    """
    rivals = scores.copy()
    own = scores[targets]
    # Nothing compares with NaN.
    rivals[targets] = np.nan
    rivals[left_out] = np.nan
    order = np.argsort(-own, kind="stable")
    if len(own) <= FEW:
        in_front = np.array([np.count_nonzero(rivals >= score) for score in own[order]], dtype=np.int64)
    else:
        ascending = np.sort(rivals[~np.isnan(rivals)])
        in_front = len(ascending) - np.searchsorted(ascending, own[order], side="left")
    ranks = np.empty(len(own), dtype=np.int64)
    ranks[order] = in_front + np.arange(1, len(own) + 1)
    return ranks


def hit_rate(ranks: Ranks, k: int) -> float:
    """HR@k: the share of questions whose best target is among the first k (Deshpande and Karypis, TOIS 2004).

    Args:
        ranks: the best target's rank for every question.
    """
    return float(np.mean(ranks <= k)) if len(ranks) else 0.0


def reciprocal_rank(ranks: Ranks, k: int) -> float:
    """MRR@k: the mean of 1 / rank, 0 beyond k (Voorhees, TREC-8 question answering track, 1999)."""
    return float(np.mean(np.where(ranks <= k, 1.0 / ranks, 0.0))) if len(ranks) else 0.0


def recall(target_ranks: Ranks, k: int) -> float:
    """Recall@k of one question: targets among the first k ÷ number of targets."""
    return float(np.count_nonzero(target_ranks <= k) / len(target_ranks)) if len(target_ranks) else 0.0


def ndcg(target_ranks: Ranks, k: int) -> float:
    """NDCG@k of one question with binary gains (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002).

    The ideal ranking has all targets in front, at most k of them.
    """
    if not len(target_ranks):
        return 0.0
    gain = float(np.sum(1.0 / np.log2(1.0 + target_ranks[target_ranks <= k])))
    ideal = float(np.sum(1.0 / np.log2(1.0 + np.arange(1, min(len(target_ranks), k) + 1))))
    return gain / ideal
