"""One model, fitted and graded in a process of its own, so that its peak memory is its own.

The process is spawned, never forked (JAX has threads), and reports over a pipe. The production blend is published as an
artefact into a temporary folder, read back from it, and graded by the NumPy code that the web process runs.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from app.cli.evaluation import trade_off
from app.cli.evaluation.results import OURS, Result
from app.core.errors import DomainError
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.histories import History
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models.baselines import FITS
from app.core.recommend.models.roster import Material
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.protocols.grading import Scorer, grade
from app.core.recommend.signals.types import Scores, Signal

KIB = 1024.0
SEED = 20100301


class Failed(DomainError):
    """A model's process ended without a result."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is asked to do. `measured`: metrics in place of the protocol's own.

    `trade_off`: whether it is also measured what the sliders cost and bring.
    """

    model: str
    exam: Exam
    ks: tuple[int, ...]
    measured: tuple[str, ...] | None = None
    trade_off: bool = False


Told = Callable[[str, int], None]
"""Is told the stage ("fit", "score") and how many questions are done."""


def run(job: Job, told: Told = lambda _stage, _done: None) -> Result:
    """Fit and grade the model in a spawned process.

    Raises:
        Failed: the process ended without a result; the message holds the reason.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(theirs,), name=f"evaluate-{job.model}", daemon=True)
    child.start()
    theirs.close()
    try:
        # Over the pipe: as an argument it would be written before our copy of the other end is closed, and a process
        # that died while starting would be waited for forever.
        ours.send(job)
        while True:
            said = ours.recv()
            if isinstance(said, Result):
                return said
            if isinstance(said, str):
                raise Failed(f"{job.model}: {said}")
            told(*said)
    except (EOFError, ConnectionError) as error:
        child.join()
        raise Failed(
            f"{job.model}: its process died (exit code {child.exitcode}), perhaps for lack of memory."
        ) from error
    finally:
        ours.close()
        child.kill()
        child.join()


def work(pipe: Connection) -> None:
    """The process: is sent its job; sends stages as pairs, then a `Result`, or a sentence about what went wrong."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    job: Job = pipe.recv()
    try:
        pipe.send(evaluated(job, lambda stage, done: pipe.send((stage, done))))
    except DomainError as error:
        pipe.send(str(error))
    except Exception:
        pipe.send(f"failed:\n{traceback.format_exc()}")


def _die_with_parent() -> None:
    """A command that is killed leaves no model behind that goes on learning."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def evaluated(job: Job, told: Told) -> Result:
    """Fit, then ask every question once."""
    exam = job.exam
    with tempfile.TemporaryDirectory(prefix="attune-evaluate-") as folder:
        told("fit", 0)
        began = time.perf_counter()
        scorer = ours(exam, Path(folder)) if job.model == OURS else baseline(job.model, exam)
        fit_s = time.perf_counter() - began
        grades = grade(
            scorer, exam.cases, exam.task, job.ks, metrics=job.measured, told=lambda done: told("score", done)
        )
        peak_mb = _peak_mb()
        found = trade_off.measured(exam, scorer, seed=SEED) if job.trade_off else {}
    each, coverage = dict(grades.each), dict(grades.coverage)
    return Result(job.model, each, coverage, fit_s, grades.score_s, grades.asked, peak_mb, found)


def baseline(name: str, exam: Exam) -> Scorer:
    """One of the baselines, fitted."""
    facts = ItemFacts.unknown(len(exam.names)) if exam.facts is None else exam.facts
    return as_scorer(FITS[name](Material(exam.training, exam.task, facts, SEED)))


def as_scorer(signal: Signal) -> Scorer:
    """A signal scores every item alike, whether known items are ranked or not."""

    def scores(history: History, *, only_new: bool) -> Scores:
        del only_new
        return signal.scores(history)

    return scores


def ours(exam: Exam, folder: Path) -> Scorer:
    """The production blend as a web process has it: through an artefact, mapped into memory."""
    from app.adapters.artefacts import FileArtefacts
    from app.core.recommend.blend import Blend
    from app.core.recommend.models import blending

    fitted = blending.fit(exam.training, exam.task, facts=exam.facts)
    artefacts, shop, version = FileArtefacts(folder.as_uri()), ShopId(0), ModelVersion("evaluated")
    artefacts.write(shop, version, fitted.arrays(), fitted.meta())
    del fitted
    served = Blend.of(*artefacts.read(shop, version))
    return served.scores


def _peak_mb() -> float:
    """The most memory that this process has had resident, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / KIB if sys.platform != "darwin" else peak / KIB / KIB
