"""`attune evaluate … --trade-off`: what the sliders cost and bring with the production blend, on one's own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from app.cli.evaluate import command
from app.cli.evaluation.trade_off import described
from app.core.recommend.diversify import UNKNOWN
from app.core.recommend.item_facts import attributes_of
from app.core.recommend.tradeoff import SETTINGS, SHOWN

PEOPLE, KINDS, OF_A_KIND = 120, 6, 8


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """People who keep to a kind, with an item of another one now and then; items are described by their kind."""
    draw = np.random.default_rng(1)
    lines = ["user,items"]
    for person in range(PEOPLE):
        own = person % KINDS * OF_A_KIND + draw.permutation(OF_A_KIND)[:5]
        lines.append(f"{person},{' '.join(map(str, [*own, draw.integers(KINDS * OF_A_KIND)]))}")
    described = [f"{item},kind{item // OF_A_KIND} no{item % 3}" for item in range(KINDS * OF_A_KIND)]
    sequences, items = tmp_path / "sequences.csv", tmp_path / "items.csv"
    sequences.write_text("\n".join(lines))
    items.write_text("\n".join(["item,attributes", *described]))
    return str(sequences), str(items)


def test_every_slider_has_its_line_beside_none_in_print_and_in_json(files: tuple[str, str], tmp_path: Path) -> None:
    sequences, items = files
    out = tmp_path / "out.json"
    asked = [sequences, "--protocol", "sequence", "--items", items, "--models", "attune", "--trade-off"]
    answer = CliRunner(env={"OMP_NUM_THREADS": "1"}).invoke(command, [*asked, "--json", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "| diversity 0.25 |" in answer.output
    (result,) = orjson.loads(out.read_bytes())["results"]
    off, *ways = result["trade_off"]["new"]
    assert (off["sliders"], off["ndcg_change"]) == ({}, None)
    assert len(ways) == 4 * len(SETTINGS)
    assert set(off["metrics"]) == set(SHOWN)
    varied = next(way for way in ways if way["sliders"] == {"diversity": 1.0})
    assert varied["metrics"]["alike"] < off["metrics"]["alike"]
    assert varied["metrics"]["kinds"] > off["metrics"]["kinds"]
    assert result["metrics"]["ndcg@10"] == pytest.approx(off["metrics"]["ndcg"]), "the same questions, the same answers"


def test_it_needs_the_model_that_is_steered(files: tuple[str, str]) -> None:
    answer = CliRunner().invoke(command, [files[0], "--protocol", "sequence", "--models", "popular", "--trade-off"])
    assert answer.exit_code != 0
    assert "which is not among the models" in answer.output


def test_an_item_is_of_the_rarest_of_the_common_kinds_that_it_has() -> None:
    item, attribute = np.array([0, 0, 1, 2, 3, 3, 4]), np.array([1, 2, 1, 1, 2, 9, 9])
    items = attributes_of(item, attribute, items=20)
    kind, vectors = described(items)
    assert kind is not None
    assert vectors is not None
    assert kind[:5].tolist() == [1, 0, 0, 2, 2]
    assert (kind[5:] == UNKNOWN).all()
    assert (vectors[5:] == 0.0).all()
    assert np.linalg.norm(vectors[:5], axis=1) == pytest.approx(1.0, abs=1e-5)


def test_attributes_that_tell_nothing_make_no_kinds() -> None:
    everybody = attributes_of(np.arange(5), np.zeros(5, dtype=np.int64), items=5)
    assert described(everybody) == (None, None)
