"""The Data pages, loaded as the Shopify admin loads them: overview, a source, a file from the page to its report."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import httpx
import pytest

from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.contracts import CONTRACTS
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import signed, text_of
from tests.sources.conftest import table

Work = Callable[[], None]


def send(app: RunningApp, devstore: DevStore, source: str, content: bytes, name: str = "tickets.csv") -> httpx.Response:
    return app.http.post(
        f"/admin/data/{source}/file",
        files={"file": (name, io.BytesIO(content), "text/csv")},
        data={"order": ""},
        headers=signed(devstore),
        follow_redirects=False,
    )


def tickets(*addresses: str) -> bytes:
    return table(
        [
            {"Ticket ID": place, "Created at": "2026-01-05 10:00", "Requester email": address, "Tags": "delivery"}
            for place, address in enumerate(addresses)
        ]
    )


@pytest.mark.parametrize("path", ["/admin/data", *(f"/admin/data/{source}" for source in Source)])
def test_before_anything_came_every_page_says_what_to_do(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, path: str
) -> None:
    page = running_app.open(devstore, path)
    assert page.status_code == 200
    brought = path == "/admin/data" or CONTRACTS[Source(path.rpartition("/")[2])].imported
    assert ("Nothing yet" if brought else "Not measured yet") in text_of(page.text)


def test_what_was_only_not_measured_is_not_called_empty(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    shown = text_of(running_app.open(devstore, "/admin/data").text)
    assert "It is measured after the import" in shown
    assert "Nothing has come yet" not in shown


def test_every_field_of_a_contract_stands_on_its_page(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    for source, contract in CONTRACTS.items():
        shown = html.unescape(running_app.open(devstore, f"/admin/data/{source}").text)
        assert [field.name for field in contract.fields if field.meaning not in shown] == []


def test_a_file_goes_from_the_page_through_a_worker_to_its_report(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, work: Work, worker_wiring: Worker
) -> None:
    work()
    answer = send(running_app, devstore, "tickets", tickets("a@example.com", "broken", "b@example.com"))
    assert answer.status_code == 303
    assert "Waiting" in running_app.open(devstore, "/admin/data/tickets").text
    work()
    overview = running_app.open(devstore, "/admin/data").text
    assert "2 of 3 rows taken, 1 refused" in text_of(overview)
    link = re.search(r'href="(/admin/data/delivery\?id=\w+)', html.unescape(overview))
    assert link
    report = text_of(running_app.open(devstore, link[1]).text)
    assert "The e-mail field holds no address." in report
    assert "broken" not in report
    assert worker_wiring.uploads.waiting(installed_shop.id) == []
    send(running_app, devstore, "tickets", tickets("a@example.com", "broken", "b@example.com"), name="again.csv")
    work()
    assert "again.csv" not in running_app.open(devstore, "/admin/data").text, "the same content is the same delivery"


def test_a_file_that_is_none_of_this_source_is_told_so(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, work: Work
) -> None:
    work()
    send(running_app, devstore, "ad-spend", b"What,is,this\n1,2,3\n", name="odd.csv")
    work()
    page = text_of(running_app.open(devstore, "/admin/data/ad-spend").text)
    assert "Not usable" in page
    assert "has no column for “day”" in html.unescape(page)


def test_what_cannot_be_a_file_is_refused_at_the_field(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    empty = send(running_app, devstore, "tickets", b"")
    assert (empty.status_code, empty.json()["field"]) == (400, "file")
    assert send(running_app, devstore, "shopify", b"x").status_code == 404
    assert send(running_app, devstore, "nothing", b"x").status_code == 404
    assert running_app.http.post("/admin/data/tickets/file", files={"file": b"x"}).status_code == 401


def test_the_merchant_decides_whose_stock_counts(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop, work: Work
) -> None:
    work()

    def post(path: str, **form: str) -> httpx.Response:
        return running_app.http.post(
            f"/admin/data/stock/{path}", data=form, headers=signed(devstore), follow_redirects=False
        )

    assert post("rule", winner="outside", product="", location="900").status_code == 303
    assert "The outside system, for all products at location 900" in text_of(
        running_app.open(devstore, "/admin/data/stock").text
    )
    assert post("rule", winner="outside", product="no such").json()["field"] == "product"
    assert post("rule", winner="everybody").json()["field"] == "winner"
    assert post("rule/remove", product="0", location="900").status_code == 303
    assert running_app.wiring.stock_rules.all(installed_shop.id) == []
    assert post("secret").status_code == 303
    assert "attune_stock_" in running_app.open(devstore, "/admin/data/stock").text
