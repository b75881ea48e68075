"""The e-mail page: makes the series with one click, shows how they stand, and keeps the look of the mails."""

from __future__ import annotations

import html
from collections.abc import Callable

import httpx
import pytest

from app.core.email.flows.series import FLOWS
from app.core.shops import Shop
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
