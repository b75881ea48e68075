"""Lineage and model cards: what a version was learnt from, by which code, and how it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.adapters.code_version import code_version, commit_of
from app.core.recommend.canary import Stage, Trial
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.model_card import CodeVersion, Subject, as_markdown, card, lineage
from app.services.tell_model import card_as_markdown
from app.services.train_models import train_models
from tests.models.store import Installed
from tests.models.test_commands import succeed

CODE = CodeVersion("1.2.3", "a" * 40, "0123456789ab")
AT = datetime(2026, 3, 2, 3, tzinfo=UTC)


def baskets(*rows: tuple[int, int, int, int]) -> Baskets:
    """Of (basket, product, day, customer)."""
    basket, product, day, customer = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return baskets_of(basket, product, day.astype(np.int32), customer=customer)


def test_lineage_counts_people_without_naming_them() -> None:
    orders = baskets((1, 10, 20_000, 1), (1, 11, 20_000, 1), (2, 10, 20_005, 2), (3, 12, 20_009, 0))
    told = lineage(orders, orders.part(0, 0), code=CODE, recipe="v9", seed=7, seconds=1.26)
    assert told["orders"] == {"count": 3, "first": "2024-10-04", "last": "2024-10-13"}
    assert told["sessions"] == {"count": 0, "first": None, "last": None}
    assert (told["customers"], told["orders_of_guests"], told["products_bought"]) == (2, 1, 3)
    assert (told["code"]["commit"], told["recipe"], told["seed"], told["seconds"]) == ("a" * 40, "v9", 7, 1.3)


def test_a_training_keeps_where_its_version_comes_from(trained: Installed) -> None:
    version = train_models(trained.shop, trained.wiring.training).version
    assert version is not None
    record = trained.wiring.models.one(trained.shop.id, version)
    assert record is not None
    assert record.lineage["orders"]["count"] == record.orders == 1500
    assert record.lineage["code"] == {
        "version": code_version().version, "commit": code_version().commit, "digest": code_version().digest
    }  # fmt: skip
    first, last = (datetime.fromisoformat(record.lineage["orders"][end]) for end in ("first", "last"))
    assert timedelta(days=98) <= last - first <= timedelta(days=101)
    told = card_as_markdown(record, trained.wiring.trials.one(trained.shop.id, version))
    assert f"# Model {version}" in told
    for heading in ("Where it came from", "Exams", "Parameters", "With shoppers", "Left out", "Limits"):
        assert f"## {heading}\n" in told
    assert "- **Often bought together**: neighbours in orders: " in told
    assert "Also viewed: the exam needs 200 sessions" in told
    assert "The shop's first model." in told


def test_the_command_prints_the_card_of_the_model_in_use_or_of_any(trained: Installed) -> None:
    succeed(trained, "train", "hearth-and-fern.myshopify.com")
    version = trained.wiring.models.current(trained.shop.id)
    told = succeed(trained, "train", "hearth-and-fern.myshopify.com", "--card")
    assert str(version) in told
    assert told == succeed(trained, "train", "hearth-and-fern.myshopify.com", "--card", str(version))


def test_a_version_that_is_older_than_lineage_has_a_card_all_the_same() -> None:
    subject = Subject("v1", "item_item", AT, {}, "", {})
    trial = Trial("v1", None, Stage.CANARY, 0.1, 20.0, AT, reason="Nothing is known of it yet.")  # type: ignore[arg-type]
    told = as_markdown(subject, card(subject, trial))
    assert "older than lineage" in told
    assert "10% of visitors from 2026-03-02 03:00" in told
    assert "## Exams" not in told


@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_of_a_checkout_is_read_from_its_files(tmp_path: Path, packed: bool) -> None:
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    if packed:
        (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/other\n{'a' * 40} refs/heads/main\n")
    else:
        (git / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert commit_of(tmp_path) == "a" * 40
    (git / "HEAD").write_text("c" * 40 + "\n")
    assert commit_of(tmp_path) == "c" * 40
    assert commit_of(tmp_path / "elsewhere") is None
