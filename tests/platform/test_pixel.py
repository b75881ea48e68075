"""The web pixel is connected with the shop's own settings, once, whatever happens on the way; its state is known."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app import jobs
from app.core.shops import Shop
from app.errors import Permanent
from app.services import connect_pixel as pixels
from app.services.connect_pixel import PixelState, connect_changed_pixels, connect_pixel, pixel_state
from app.services.install_shop import finish_install
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from workers.jobs import install

ROOT = Path(__file__).resolve().parents[2]
BEFORE_THE_PIXEL = [
    "read_products", "write_products", "read_inventory", "read_orders", "read_all_orders", "read_customers",
]  # fmt: skip


@pytest.fixture
def ports(worker_wiring: Worker) -> pixels.Ports:
    return worker_wiring.connecting_pixels


def standing(devstore: DevStore) -> Any:
    """The pixel as the store has it."""
    return devstore.get("state")["web_pixel"]


def due(wiring: Worker, shop: Shop) -> dict[str, float]:
    """What is due in the shop, and in how many seconds."""
    statement = "SELECT kind, extract(epoch FROM due_at - clock_timestamp()) FROM due_work WHERE shop_id = :shop"
    with wiring.database.open() as connection:
        return {kind: float(s) for kind, s in connection.execute(text(statement), {"shop": shop.id}).all()}


def without_scopes(devstore: DevStore, work: Callable[[], None]) -> None:
    """As a shop that installed the app before it asked for the pixel's scopes."""
    devstore.post("scopes", granted=BEFORE_THE_PIXEL)
    devstore.flush()
    work()


def test_the_installation_connects_the_pixel(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    assert pixel_state(installed_shop, ports.known) is PixelState.NOT_CONNECTED
    finish_install(installed_shop.id, worker_wiring.set_up)
    assert "pixel" in due(worker_wiring, installed_shop)
    install.connect_pixel(installed_shop.id)
    profile = worker_wiring.installations.profile(installed_shop.id)
    assert profile is not None
    assert standing(devstore)["settings"] == {
        "collect": f"{worker_wiring.settings.app_url}/collect",
        "key": profile.collect_key,
        "shop": devstore.shop_domain,
    }
    assert pixel_state(installed_shop, ports.known) is PixelState.CONNECTED
    assert "pixel" not in due(worker_wiring, installed_shop)


def test_the_settings_are_those_that_the_extension_defines(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore
) -> None:
    connect_pixel(installed_shop.id, ports)
    extension = tomllib.loads((ROOT / "extensions/pixel/shopify.extension.toml").read_text())
    assert set(standing(devstore)["settings"]) == set(extension["settings"]["fields"])


def test_connecting_again_changes_nothing(installed_shop: Shop, ports: pixels.Ports, devstore: DevStore) -> None:
    connect_pixel(installed_shop.id, ports)
    before = standing(devstore)
    assert connect_pixel(installed_shop.id, ports) is PixelState.CONNECTED
    assert standing(devstore) == before


def test_what_a_kill_left_half_done_is_finished(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, worker_wiring: Worker
) -> None:
    connect_pixel(installed_shop.id, ports)
    before = standing(devstore)
    ports.known.pixels.forget(installed_shop.id)  # Shopify knows it, we were killed before we could write that down.
    assert connect_pixel(installed_shop.id, ports) is PixelState.CONNECTED
    assert standing(devstore) == before
    assert pixel_state(installed_shop, ports.known) is PixelState.CONNECTED


def test_another_address_of_the_app_is_found_and_told_to_shopify(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, worker_wiring: Worker
) -> None:
    connect_pixel(installed_shop.id, ports)
    first = standing(devstore)
    moved = replace(ports, known=replace(ports.known, app_url="https://moved.example.com"))
    assert pixel_state(installed_shop, moved.known) is PixelState.NOT_CONNECTED
    assert connect_changed_pixels(moved) == 1
    assert "pixel" in due(worker_wiring, installed_shop)
    connect_pixel(installed_shop.id, moved)
    assert standing(devstore)["id"] == first["id"]
    assert standing(devstore)["settings"]["collect"] == "https://moved.example.com/collect"
    assert connect_changed_pixels(moved) == 0


def test_another_key_is_found_and_told_to_shopify(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, worker_wiring: Worker
) -> None:
    connect_pixel(installed_shop.id, ports)
    with worker_wiring.database.shop(installed_shop.id) as session:
        session.execute(text("UPDATE shop_profiles SET collect_key = 'another'"))
    assert connect_changed_pixels(ports) == 1
    connect_pixel(installed_shop.id, ports)
    assert standing(devstore)["settings"]["key"] == "another"


def test_a_shop_that_has_not_approved_the_scopes_yet_waits_and_says_so(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    without_scopes(devstore, work)
    assert connect_pixel(installed_shop.id, ports) is PixelState.MISSING_SCOPE
    assert pixel_state(installed_shop, ports.known) is PixelState.MISSING_SCOPE
    assert standing(devstore) is None
    assert due(worker_wiring, installed_shop)["pixel"] > 3000
    assert connect_changed_pixels(ports) == 0, "asking Shopify again and again would not help"


def test_the_approval_has_the_pixel_connected(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, work: Callable[[], None]
) -> None:
    without_scopes(devstore, work)
    devstore.post("scopes", granted=[*BEFORE_THE_PIXEL, "read_pixels", "write_pixels", "read_customer_events"])
    devstore.flush()
    work()
    assert pixel_state(installed_shop, ports.known) is PixelState.CONNECTED
    assert standing(devstore) is not None


def test_scopes_that_were_taken_away_are_known(
    installed_shop: Shop, ports: pixels.Ports, devstore: DevStore, work: Callable[[], None]
) -> None:
    connect_pixel(installed_shop.id, ports)
    without_scopes(devstore, work)
    assert pixel_state(installed_shop, ports.known) is PixelState.MISSING_SCOPE


def test_a_refusal_of_shopifys_is_tried_again_in_an_hour(
    installed_shop: Shop, ports: pixels.Ports, worker_wiring: Worker
) -> None:
    worker_wiring.due_work.put(installed_shop.id, "pixel")
    wrong = replace(ports, known=replace(ports.known, app_url="\n"))
    with pytest.raises(Permanent):
        connect_pixel(installed_shop.id, wrong)
    assert due(worker_wiring, installed_shop)["pixel"] > 3000
    assert pixel_state(installed_shop, wrong.known) is PixelState.NOT_CONNECTED


def test_a_re_installed_app_connects_its_pixel_anew(
    installed_shop: Shop,
    ports: pixels.Ports,
    running_app: RunningApp,
    devstore: DevStore,
    work: Callable[[], None],
) -> None:
    connect_pixel(installed_shop.id, ports)
    devstore.post("uninstall")
    devstore.flush()
    work()
    assert standing(devstore) is None
    connect_pixel(installed_shop.id, ports)  # A job that comes late finds nothing to do.
    devstore.post("clock", advance_s=60)
    assert running_app.open(devstore).status_code == 200
    assert pixel_state(installed_shop, ports.known) is PixelState.NOT_CONNECTED
    work()
    assert pixel_state(installed_shop, ports.known) is PixelState.CONNECTED
    assert standing(devstore) is not None


def test_the_jobs_have_the_names_by_which_they_are_asked_for() -> None:
    assert jobs.DUE["pixel"].job == jobs.CONNECT_PIXEL
    for name in (jobs.CONNECT_PIXEL, jobs.CONNECT_CHANGED_PIXELS):
        module, _, function = name.rpartition(".")
        assert module == install.__name__
        assert callable(getattr(install, function))
