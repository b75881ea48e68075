"""The e-mail page: makes the series with one click, shows how they stand, and keeps the look of the mails."""

from __future__ import annotations

import html
from collections.abc import Callable

import httpx
import pytest

from app import jobs
from app.core.email.flows.series import FLOWS
from app.core.email.names import Trigger
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.klaviyo_fixture import Twin
from tests.pages.conftest import signed, text_of

PATH = "/admin/email"
LOOK = {"colour": "#1f4f46", "logo": "", "static": "Hello"}


def send(app: RunningApp, devstore: DevStore, path: str, **form: str) -> httpx.Response:
    return app.http.post(path, data=form, headers=signed(devstore), follow_redirects=False)


def read(app: RunningApp, devstore: DevStore) -> str:
    return text_of(html.unescape(app.open(devstore, PATH).text))


def test_one_click_has_the_series_made(
    klaviyo_shop: Shop, twin: Twin, work: Callable[[], None], running_app: RunningApp, devstore: DevStore
) -> None:
    assert "Not made yet" in read(running_app, devstore)
    assert send(running_app, devstore, f"{PATH}/make").status_code == 303
    assert "load this page again" in read(running_app, devstore)
    work()
    shown = read(running_app, devstore)
    assert "Not made yet" not in shown
    assert shown.count("Draft") >= len(FLOWS)
    assert len(twin.account.flows) == len(FLOWS)


@pytest.mark.usefixtures("installed_shop")
def test_the_look_is_kept(running_app: RunningApp, devstore: DevStore) -> None:
    form = {**LOOK, "colour": "#aa3300"}
    assert send(running_app, devstore, f"{PATH}/look", **form).status_code == 303
    assert "#aa3300" in running_app.open(devstore, PATH).text


@pytest.mark.usefixtures("installed_shop")
@pytest.mark.parametrize("field", [{"colour": "red"}, {"logo": "http://shop.example/a.png"}, {"static": ""}])
def test_a_look_that_no_mail_can_have_is_refused(
    running_app: RunningApp, devstore: DevStore, field: dict[str, str]
) -> None:
    assert send(running_app, devstore, f"{PATH}/look", **{**LOOK, **field}).status_code == 422


@pytest.mark.usefixtures("installed_shop")
def test_without_an_account_the_page_says_what_to_do(running_app: RunningApp, devstore: DevStore) -> None:
    assert "Connect Klaviyo" in read(running_app, devstore)
    assert send(running_app, devstore, f"{PATH}/make").status_code == 409


@pytest.mark.usefixtures("installed_shop")
def test_everything_is_off_until_it_is_switched_on(
    running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, installed_shop: Shop
) -> None:
    assert not worker_wiring.mail_settings.of(installed_shop.id).push
    form = {"push": "on", "CART_LEFT": "on", "hold_out": "12,5"}
    assert send(running_app, devstore, f"{PATH}/settings", **form).status_code == 303
    settings = worker_wiring.mail_settings.of(installed_shop.id)
    assert (settings.push, set(settings.triggers), settings.hold_out) == (True, {Trigger.CART_LEFT}, 0.125)
    assert worker_wiring.due_work.waits(installed_shop.id, jobs.PUSH_DUE)
    assert send(running_app, devstore, f"{PATH}/settings", hold_out="10").status_code == 303
    settings = worker_wiring.mail_settings.of(installed_shop.id)
    assert (settings.push, set(settings.triggers)) == (False, set())


@pytest.mark.usefixtures("installed_shop")
@pytest.mark.parametrize("share", ["80", "-1", "many", "nan"])
def test_a_control_group_out_of_bounds_is_refused_and_nothing_is_saved(
    running_app: RunningApp, devstore: DevStore, worker_wiring: Worker, installed_shop: Shop, share: str
) -> None:
    answer = send(running_app, devstore, f"{PATH}/settings", push="on", hold_out=share)
    assert (answer.status_code, answer.json()["field"]) == (422, "hold_out")
    assert not worker_wiring.mail_settings.of(installed_shop.id).push
