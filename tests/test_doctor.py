"""The doctor sees what is wrong, says what to do, and fails exactly when something must be repaired."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.adapters.redis import keys
from app.cli import commands
from app.cli.doctor import examine
from app.core.findings import Grade
from tests.devstore_fixture import DevStore, RunningApp


def grades(shop: str | None = None) -> dict[str, Grade]:
    return {finding.subject: finding.grade for finding in examine(shop)}


@pytest.fixture
def ready(installed_shop: object, work: Callable[[], None]) -> None:
    work()


@pytest.mark.usefixtures("ready")
def test_an_installed_shop_without_consent_is_told_so_and_passes_otherwise(devstore: DevStore) -> None:
    found = grades(devstore.shop_domain)
    assert found.pop("consent") is Grade.WARN
    assert found.pop("Shopify") is Grade.WARN  # A devstore stands in for it.
    assert set(found.values()) == {Grade.PASS}


@pytest.mark.usefixtures("ready")
def test_every_problem_comes_with_its_remedy(
    devstore: DevStore, running_app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    shop = running_app.wiring.shops.by_domain(devstore.shop_domain)
    assert shop is not None
    with running_app.wiring.database.shop(shop.id) as session:
        session.execute(text("UPDATE credentials SET scopes = 'read_products'"))
    findings = {finding.subject: finding for finding in examine(devstore.shop_domain)}
    assert findings["Redis"].grade is Grade.FAIL
    assert "read_all_orders" in findings["access"].detail
    assert all(finding.remedy for finding in findings.values() if finding.grade is not Grade.PASS)


def test_a_malformed_setting_is_the_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPIFY_TEST_ORIGIN", "http://shop.example.com")
    answer = CliRunner().invoke(commands, ["doctor"])
    assert answer.exit_code == 1
    assert "SHOPIFY_TEST_ORIGIN must be a loopback address" in " ".join(answer.output.split())


@pytest.mark.usefixtures("ready")
def test_a_role_that_can_bypass_row_level_security_fails(
    monkeypatch: pytest.MonkeyPatch, database_urls: tuple[str, str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls[0].replace("attune_app@", "postgres@"))
    assert grades()["database role"] is Grade.FAIL


@pytest.mark.usefixtures("ready")
def test_a_stream_that_nobody_reads_and_entries_that_nobody_could_store_are_told(running_app: RunningApp) -> None:
    connection = running_app.wiring.redis
    assert grades()["event stream"] is Grade.PASS
    connection.xadd(keys.EVENTS, {"kind": "event"}, id="1000-0")  # Long ago.
    connection.xadd(keys.DEAD_LETTERS, {"reason": "no entry of ours"})
    found = {finding.subject: finding for finding in examine(None)}
    assert (found["event stream"].grade, found["dead letters"].grade) == (Grade.WARN, Grade.WARN)
    assert "workers.stream" in found["event stream"].remedy


@pytest.mark.usefixtures("ready")
def test_a_pixel_that_waits_for_its_scopes_is_told(
    devstore: DevStore, running_app: RunningApp, work: Callable[[], None]
) -> None:
    devstore.post("scopes", granted=["read_products", "write_products"])
    devstore.flush()
    work()
    found = {finding.subject: finding for finding in examine(devstore.shop_domain)}
    assert found["web pixel"].grade is Grade.WARN
    assert "approves" in found["web pixel"].remedy
