"""Webhooks that go wrong: lost, late, twice, swapped, stale."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.devstore.core.receiver import Receiver, receiving
from tests.patience import DELAYS_S


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def rename(app: Receiver, product: int, title: str) -> None:
    assert app.shop.dev("PATCH", f"products/{product}", title=title).status_code == 200


def titles(app: Receiver) -> list[str]:
    app.flush()
    return [webhook.body["title"] for webhook in app.received]


def fault(app: Receiver, mode: str, **more: object) -> None:
    assert app.shop.dev("POST", "faults", webhooks={"mode": mode, **more}).status_code == 200


def test_a_lost_webhook_never_comes(app: Receiver) -> None:
    fault(app, "lose", count=2)
    for n in (1, 2, 3):
        rename(app, n, f"T{n}")
    assert titles(app) == ["T3"]
    assert app.shop.dev("GET", "state").get_json()["webhooks"]["lost"] == 2


def test_a_late_webhook_is_overtaken(app: Receiver) -> None:
    for delay_s in DELAYS_S:
        app.received.clear()
        fault(app, "late", delay_s=delay_s)
        started = time.monotonic()
        rename(app, 1, f"late by {delay_s} s")
        rename(app, 2, f"after {delay_s} s")
        came = titles(app)
        assert len(came) == 2
        assert time.monotonic() - started >= delay_s
        if came[0].startswith("after"):
            return
    pytest.fail("a webhook that was half a minute late was not overtaken")


def test_twice_means_the_same_id_twice(app: Receiver) -> None:
    fault(app, "twice")
    rename(app, 1, "again")
    assert titles(app) == ["again", "again"]
    assert len({w.webhook_id for w in app.received}) == 1


def test_swapped_webhooks_change_places(app: Receiver) -> None:
    fault(app, "swap")
    rename(app, 1, "first")
    rename(app, 1, "second")
    assert titles(app) == ["second", "first"]


def test_a_swapped_webhook_without_a_follower_comes_with_the_flush(app: Receiver) -> None:
    fault(app, "swap")
    rename(app, 1, "alone")
    assert titles(app) == ["alone"]


def test_a_stale_webhook_tells_an_older_state_under_a_new_id(app: Receiver) -> None:
    rename(app, 1, "old")
    fault(app, "stale")
    rename(app, 1, "new")
    assert titles(app) == ["old", "new", "old"]
    new, stale = app.received[1:]
    assert new.webhook_id != stale.webhook_id
    assert datetime.fromisoformat(stale.body["updated_at"]) <= datetime.fromisoformat(new.body["updated_at"])


def test_a_fault_may_hit_some_topics_only(app: Receiver) -> None:
    fault(app, "lose", topics=["orders/create"])
    rename(app, 1, "kept")
    assert titles(app) == ["kept"]


def test_faults_can_be_cleared(app: Receiver) -> None:
    fault(app, "lose", count=99)
    app.shop.dev("DELETE", "faults")
    rename(app, 1, "kept")
    assert titles(app) == ["kept"]
