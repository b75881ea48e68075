"""The public data sets on which others have published figures, and the figures that ours must reach.

A set is recognised by what it holds, never by the name of a file. Published figures are for orientation, because their
protocols differ in detail; what is recomputed in the same run is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.cli.evaluation.results import OURS, Result
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.tasks import Task


@dataclass(frozen=True, slots=True)
class Figure:
    """What a model must reach: `bound`, and `times` the best of the models in `over`, whichever is more."""

    metric: str
    bound: float = 0.0
    over: tuple[str, ...] = ()
    times: float = 1.0
    model: str = OURS

    def floor(self, metrics: Mapping[str, Mapping[str, float]]) -> float:
        """Given the metrics of all models by name."""
        rivals = [metrics[name][self.metric] for name in self.over if self.metric in metrics.get(name, {})]
        return max([self.bound, *(self.times * figure for figure in rivals)])

    @property
    def words(self) -> str:
        names = ", ".join(self.over)
        parts = [f"{self.bound:g}"] if self.bound else []
        parts += [f"{self.times:g} × the best of {names}"] if self.over else []
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A public set: its size under its protocol, what was published, and what must be reached."""

    key: str
    title: str
    task: Task
    questions: int
    events: int
    published: str
    figures: tuple[Figure, ...]
    files: tuple[str, ...]
    options: tuple[str, ...] = ()


RIVALS = ("popular", "own", "own_popular", "als", "item_item", "linear")
KNOWN: Sequence[KnownSet] = (
    KnownSet(
        "beauty",
        "Amazon Beauty (S3-Rec's files)",
        Task.SEQUENCE,
        22_363,
        176_139,
        "HR@10/NDCG@10 S3-Rec .0647/.0327 and ICLRec .0744/.0403 (their papers), DuoRec .0851/.0441 and "
        "ICSRec .0960/.0579 (quoted by later papers)",
        (
            Figure("hr@10", 0.0757, ("linear", "item_item")),
            Figure("ndcg@10", 0.0439, ("linear", "item_item")),
        ),
        ("amazon_s3rec/beauty_sequences.parquet",),
    ),
    KnownSet(
        "retailrocket",
        "RetailRocket (COTREC's files)",
        Task.SESSION,
        15_132,
        685_984,
        "HR@20/MRR@20 NARM .5022/.2459, SR-GNN .5032/.2657, GCE-GNN .5578/.2872, COTREC .5617/.2997 "
        "(quoted by later papers)",
        (
            Figure("hr@20", 0.58),
            Figure("mrr@20", 0.32),
            Figure("hr@20", 0.0, ("session_neighbours",), 0.95, model="gru4rec"),
        ),
        ("retailrocket_sessions/train_sessions.parquet", "retailrocket_sessions/test_prefix_target.parquet"),
    ),
    KnownSet(
        "tafeng",
        "Ta-Feng (the next-basket reality check's files)",
        Task.BASKET,
        13_858,
        480_611,
        "Recall/NDCG/PHR@10 TIFU-KNN .1303/.1050/.4008 (measured on a fifth of these users); "
        "Recall/NDCG .1301/.1011 (quoted, other file)",
        (
            Figure("recall@10", 0.1303, ("tifu_knn",)),
            Figure("ndcg@10", 0.1080, ("tifu_knn",)),
            Figure("phr@10", 0.4008, ("tifu_knn",)),
        ),
        ("tafeng_nbr/baskets.parquet",),
    ),
    KnownSet(
        "online-retail",
        "Online Retail (UCI 352), 28 days from 2011-11-10",
        Task.TIME,
        1_330,
        320_790,
        "nothing under this protocol",
        (
            Figure("ndcg@10", 0.0, RIVALS, 1.05),
            Figure("new_ndcg@10", 0.0, RIVALS, 1.10),
            Figure("coverage@10", 0.40),
        ),
        ("online_retail/online_retail_2010_2011.parquet",),
        ("--until", "2011-11-10", "--days", "28"),
    ),
    KnownSet(
        "beauty-cold",
        "Amazon Beauty, 5 % of the items hidden",
        Task.SEQUENCE,
        0,
        0,
        "nothing under this protocol",
        (
            Figure("recall@100", 0.0, ("random",), 5.0),
            Figure("recall@100", 0.0, ("tfidf",)),
        ),
        ("amazon_s3rec/beauty_sequences.parquet",),
        ("--items", "amazon_s3rec/beauty_item_attributes.parquet", "--cold", "0.05"),
    ),
)


def known_set(exam: Exam) -> KnownSet | None:
    """The public set that this exam was made from, if it is one."""
    size = (exam.task, len(exam.cases), len(exam.training.item))
    return next((one for one in KNOWN if one.questions and (one.task, one.questions, one.events) == size), None)


def metrics_of(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """By model, its metrics."""
    return {result.model: result.metrics for result in results}
