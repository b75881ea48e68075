"""Agreement with gbstats, GrowthBook's statistics, asked live: an environment of its own, made once and kept.

The package is no dependency of Attune; `oracle/requirements.txt` pins what the environment holds. Case by case, the
largest relative deviation (absolute below 1) of any figure is what counts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.cli.bench.statistics_retail import ROOT
from app.core.experiments.health import sample_ratio
from app.core.experiments.lift import lift
from app.core.experiments.priors import FLAT, Prior
from app.core.experiments.sums import Sums
from app.errors import Permanent

PACKAGE = "gbstats==0.8.0"
HERE = Path(__file__).parent / "oracle"
PINS, SCRIPT = HERE / "requirements.txt", HERE / "ask.py"

Case = Mapping[str, Any]
Run = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`figure` names where the deviation is largest."""

    cases: int
    figures: int
    deviation: float
    figure: str


def agreement(cases: Sequence[Case], folder: Path) -> Agreement:
    """Ask both sides every case.

    Args:
        folder: where the environment stands, or is made.

    Raises:
        Permanent: the environment cannot be made, or does not answer.
    """
    asked = [_plain(case) for case in cases]
    answers = ask(environment(folder), asked)
    deviations = [
        (_deviation(ours[name], theirs), f"{case['name']}: {name}")
        for case, ours, answer in zip(cases, map(our_answer, asked), answers, strict=True)
        for name, theirs in answer.items()
    ]
    deviation, figure = max(deviations)
    return Agreement(len(cases), len(deviations), deviation, figure)


def our_answer(case: Case) -> dict[str, float]:
    """What core says of a case."""
    if case["kind"] == "srm":
        return {"p": sample_ratio(case["counts"], case["weights"])}
    prior = Prior(**case["prior"]) if case["prior"] else FLAT
    control, treatment = Sums(**case["control"]), Sums(**case["treatment"])
    found = lift(control, treatment, prior=prior, adjust=case["kind"] == "cuped")
    names = ("relative", "low", "high", "chance_to_win", "expected_loss", "expected_loss_of_control")
    return {name: getattr(found, name) for name in (*names, "difference", "difference_low", "difference_high")}


def ask(python: Path, cases: Sequence[Case]) -> list[dict[str, float]]:
    """What gbstats says of the cases.

    Raises:
        Permanent: it does not answer.
    """
    done = subprocess.run([str(python), str(SCRIPT)], input=orjson.dumps(cases), capture_output=True, check=False)
    if done.returncode:
        raise Permanent(f"gbstats does not answer; delete {python.parents[1]} and run again:\n{_tail(done.stderr)}")
    answers: list[dict[str, float]] = orjson.loads(done.stdout)
    return answers


def environment(folder: Path) -> Path:
    """The Python of the environment with gbstats; made where it is missing, or made of other pins.

    Raises:
        Permanent: it can't be made; the message says what to do.
    """
    python, made = folder / "bin" / "python", folder / "made-of.txt"
    wanted = f"{PACKAGE}\n{PINS.read_text()}"
    if python.exists() and made.exists() and made.read_text() == wanted:
        return python
    troubles: list[str] = []
    for name, make in _ways(folder, python):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            make()
        except (OSError, subprocess.CalledProcessError) as error:
            troubles.append(f"{name}: {_tail(getattr(error, 'stderr', None) or str(error).encode())}")
            continue
        made.write_text(wanted)
        return python
    raise Permanent(
        f"can't make an environment with {PACKAGE} in {folder}. It needs uv, or Python with venv, and a package index:"
        " install one of them or set the index (UV_DEFAULT_INDEX, PIP_INDEX_URL), then run again.\n"
        + "\n".join(troubles)
    )


def _ways(folder: Path, python: Path) -> list[tuple[str, Callable[[], None]]]:
    """By uv where there is one, otherwise by venv and pip."""
    own = ROOT / ".tools" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.exists() else None)

    def with_uv() -> None:
        _run([uv or "uv", "venv", "--quiet", "--python", sys.executable, str(folder)])
        install = [uv or "uv", "pip", "install", "--quiet", "--python", str(python)]
        _run([*install, "-r", str(PINS)])
        _run([*install, "--no-deps", PACKAGE])

    def with_pip() -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, "-r", str(PINS)])
        _run([*install, "--no-deps", PACKAGE])

    return [*([("uv", with_uv)] if uv else []), ("pip", with_pip)]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _tail(output: bytes) -> str:
    return output.decode(errors="replace").strip()[-500:]


def _plain(case: Case) -> dict[str, Any]:
    """The case as JSON."""
    prior = case.get("prior")
    plain = {"kind": case["kind"], "prior": {"mean": prior.mean, "sd": prior.sd} if prior and prior.sd else None}
    if case["kind"] == "srm":
        return plain | {"counts": list(case["counts"]), "weights": list(case["weights"])}
    return plain | {arm: case[arm].as_json() for arm in ("control", "treatment")}


def _deviation(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / max(abs(theirs), 1.0)
