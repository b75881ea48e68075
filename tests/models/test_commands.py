"""The commands around models, as a merchant's developer uses them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from app.cli import commands
from app.core.errors import DomainError, NoConsent, NotEnoughData
from app.core.recommend.explain import reason_text
from app.core.recommend.types import Rail, Reason, ReasonCode
from app.wiring.worker import current, worker
from tests.models.store import SHOP_DOMAIN, Installed
from workers.jobs import publish as publish_job
from workers.jobs import train as train_job


def attune(installed: Installed, *arguments: str) -> Result:
    return CliRunner(env={**installed.env, "COLUMNS": "200"}).invoke(commands, arguments)


def succeed(installed: Installed, *arguments: str) -> str:
    result = attune(installed, *arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(installed: Installed, *arguments: str) -> BaseException | None:
    result = attune(installed, *arguments)
    assert result.exit_code != 0
    return result.exception


def test_train_prints_the_exam_beside_the_floor_and_publishes_the_lists(trained: Installed) -> None:
    output = succeed(trained, "train", SHOP_DOMAIN)
    assert "HR@10" in output
    for rail in Rail:
        assert rail.replace("_", " ") in output
    assert "Note: Also viewed: the exam needs 200 sessions" in output
    assert "floor" in output
    assert "item_item" in output
    assert len(trained.state()["published"]) > 0
    assert "0 written" in succeed(trained, "train", SHOP_DOMAIN)


def test_train_says_why_the_floor_is_shown(installed: Installed) -> None:
    installed.planted_orders(orders=150)
    installed.consent()
    assert "the exam needs 200 orders" in succeed(installed, "train", SHOP_DOMAIN)


def test_train_refuses_without_consent(installed: Installed) -> None:
    assert isinstance(refused(installed, "train", SHOP_DOMAIN), NoConsent)


def test_roll_back_without_an_earlier_version_says_so(trained: Installed) -> None:
    succeed(trained, "train", SHOP_DOMAIN)
    assert isinstance(refused(trained, "train", SHOP_DOMAIN, "--roll-back"), NotEnoughData)


def test_roll_back_names_the_version_that_is_used_again(trained: Installed) -> None:
    succeed(trained, "train", SHOP_DOMAIN)
    first = trained.wiring.models.current(trained.shop.id)
    trained.order(99_999, trained.products[:2], days_ago=0.01)
    succeed(trained, "train", SHOP_DOMAIN)
    assert str(first) in succeed(trained, "train", SHOP_DOMAIN, "--roll-back")


def test_recommend_shows_a_rail_with_reasons(trained: Installed) -> None:
    succeed(trained, "train", SHOP_DOMAIN)
    first, second, *_ = trained.products
    asked = ("recommend", SHOP_DOMAIN, "--placement", "product", "--product", str(first))
    titles = {card.product_id: card.title for card in trained.wiring.catalog.cards(trained.shop.id)}
    plain = succeed(trained, *asked, "--limit", "3")
    assert reason_text(Reason(ReasonCode.BOUGHT_TOGETHER, (first,)), titles) in plain  # type: ignore[arg-type]
    assert str(second) in plain
    with_cart = succeed(trained, *asked, "--cart", str(second), "--explain", "--visitor", "a" * 32)
    assert "Strategy item_item" in with_cart
    assert "source item_item" in with_cart
    assert "signals: item_item +" in with_cart
    assert "propensity 1.000 (nothing is drawn)" in with_cart
    shown = [line.split("│")[2].strip() for line in with_cart.splitlines() if line.startswith("│")]
    assert str(second) not in shown


def test_recommend_without_a_model_says_what_to_do(installed: Installed) -> None:
    error = refused(installed, "recommend", SHOP_DOMAIN, "--placement", "product", "--product", "1")
    assert isinstance(error, DomainError)
    assert "attune train" in str(error)


def test_a_cart_that_is_no_list_of_ids_is_refused(trained: Installed) -> None:
    assert attune(trained, "recommend", SHOP_DOMAIN, "--placement", "product", "--cart", "1,x").exit_code == 2


def test_consent_is_recorded_with_its_name_and_text(installed: Installed) -> None:
    output = succeed(installed, "consent", SHOP_DOMAIN, "grant", "--by", "Alice")
    decision = installed.wiring.consents.current(installed.shop.id)
    assert decision is not None
    assert (decision.granted, decision.by) == (True, "Alice")
    assert decision.text_version in output
    succeed(installed, "consent", SHOP_DOMAIN, "withdraw", "--by", "Alice")
    assert [d.granted for d in installed.wiring.consents.history(installed.shop.id)] == [False, True]


@pytest.mark.parametrize("arguments", [("grant",), ("grant", "--by", " "), ("perhaps", "--by", "Alice")])
def test_consent_needs_a_decision_and_a_name(installed: Installed, arguments: tuple[str, ...]) -> None:
    assert attune(installed, "consent", SHOP_DOMAIN, *arguments).exit_code == 2
    assert installed.wiring.consents.current(installed.shop.id) is None


def test_the_jobs_train_publish_and_forget(trained: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in trained.env.items():
        monkeypatch.setenv(name, value)
    worker.cache_clear()
    try:
        trained.wiring.due_work.put(trained.shop.id, "train_models")
        train_job.train_models(trained.shop.id)
        assert not trained.wiring.due_work.waits(trained.shop.id, "train_models")
        queued = [job.func_name for job in trained.wiring.jobs._queue("default").jobs]
        assert queued == ["workers.jobs.publish.publish_lists", "workers.jobs.news.learn_news"]
        publish_job.publish_lists(trained.shop.id)
        assert len(trained.state()["published"]) > 0
        trained.consent(granted=False)
        train_job.train_models(trained.shop.id)
        train_job.forget_models(trained.shop.id)
        assert trained.state()["published"] == []
        for job in (train_job.train_models, train_job.forget_models, publish_job.publish_lists):
            job(trained.shop.id + 1)
    finally:
        current().close()
        worker.cache_clear()
