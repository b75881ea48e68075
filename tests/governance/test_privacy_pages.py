"""The privacy pages: receipts, terms, every field, who looked, what shoppers allow; and no opening without a line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import commands
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Access
from app.services.erase_customer import erase_customer
from app.services.export_customer import export_customer
from app.wiring.worker import Worker
from tests.conftest import REPOSITORY
from tests.devstore_fixture import DevStore, RunningApp, environment
from tests.governance.conftest import rows
from tests.pages.conftest import signed, text_of
from tests.platform.people import ADA, BOB, EMAILS, settle

MAY_OPEN = {
    "app/adapters/db/access_log.py": "the reader itself, which writes the line first",
    "app/adapters/db/erasure.py": "exports, whose service writes the line first",
    "app/adapters/db/privacy.py": "finds other hashes of the same address; nobody sees it",
    "app/adapters/db/resealing.py": "changes the key; nobody sees it",
    "app/adapters/db/inbox.py": "hands a webhook to its handler; nobody sees it",
    "app/adapters/db/credentials.py": "tokens of the shop, about nobody",
    "app/adapters/db/segment_outlets.py": "addresses of an audience, whose service writes the line first",
    "app/adapters/db/source_deliveries.py": "an uploaded file, for the import; nobody sees it",
    "app/adapters/db/klaviyo_askings.py": "what a merchant gave to connect Klaviyo, about nobody else",
    "app/adapters/db/klaviyo_pushes.py": "the worker finds the Klaviyo profile that it wrote",
    "app/adapters/db/klaviyo_connections.py": "keys, tokens and the sender of the merchant's own account",
    "app/adapters/db/shop_secrets.py": "the keys of the stock system and of the product feeds, about nobody",
    "app/adapters/db/engagement.py": "the secret of Klaviyo's webhook, about nobody",
    "app/adapters/db/mail_people.py": "addresses on their way to Klaviyo, which has them; nobody sees them",
    "app/adapters/db/mail_triggers.py": "the same for events",
    "app/adapters/db/mail_history.py": "the same for past orders",
    "app/adapters/db/mail_previews.py": "a mail without name or address; its service writes the line first",
    "app/services/forget_browser.py": "the id of a browser that is to be forgotten",
}
"""Who opens boxes, and why that needs no line of its own."""


@pytest.fixture
def people(installed_shop: Shop, worker_wiring: Worker) -> Shop:
    """Ada and Bob have bought something."""
    settle(worker_wiring.database, worker_wiring.sealer, installed_shop.id)
    return installed_shop


def page(app: RunningApp, devstore: DevStore, path: str) -> str:
    answer = app.open(devstore, path)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def post(app: RunningApp, devstore: DevStore, path: str, **form: str) -> tuple[int, str]:
    answer = app.http.post(path, data=form, headers=signed(devstore), follow_redirects=False)
    return answer.status_code, answer.text


def export(worker: Worker, shop: Shop) -> None:
    access = Access("Shopify", "customers/data_request")
    export_customer(shop.id, CustomerId(ADA), request_id="w-1", access=access, ports=worker.exporting_customer)


def test_a_new_shop_is_told_what_to_do(running_app: RunningApp, devstore: DevStore, installed_shop: Shop) -> None:
    told = page(running_app, devstore, "/admin/privacy")
    assert "Nobody has asked for anything yet." in told
    assert "The first report appears after the first night" in told
    assert "Nobody has opened any personal fields." in page(running_app, devstore, "/admin/privacy/access")
    assert "No change is known yet." in page(running_app, devstore, "/admin/privacy/consent")


def test_a_receipt_is_shown_place_by_place(
    running_app: RunningApp, devstore: DevStore, people: Shop, worker_wiring: Worker
) -> None:
    erase_customer(people.id, CustomerId(ADA), request_id="w-9", ports=worker_wiring.erasing_customer)
    told = page(running_app, devstore, "/admin/privacy")
    assert "places that can name anybody were read again and are empty." in told
    told = page(running_app, devstore, "/admin/privacy/receipt?id=w-9")
    assert f"Erase a customer: Customer {ADA}" in told
    assert "Customers In order 1 record, read again: empty" in told
    assert re.search(r"nothing to read again: .*Sliders", told)
    assert running_app.open(devstore, "/admin/privacy/receipt?id=none").status_code == 404


def test_a_request_that_is_not_finished_stands_at_the_top(
    running_app: RunningApp, devstore: DevStore, people: Shop, worker_wiring: Worker
) -> None:
    with worker_wiring.database.shop(people.id) as session:
        session.execute(
            text(
                "INSERT INTO receipts (shop_id, id, kind, subject, requested_at, places) VALUES (:shop, 'w-2', "
                "'customer_erasure', '11', now(), '{\"lake\": {\"records\": 4, \"left\": 2}}')"
            ),
            {"shop": people.id},
        )
    told = page(running_app, devstore, "/admin/privacy")
    assert "1 privacy request is not finished" in told
    assert "Still holds something: What visitors did (event log). It is tried again by itself." in told


def test_who_downloads_an_export_is_written_down_first(
    running_app: RunningApp, devstore: DevStore, people: Shop, worker_wiring: Worker
) -> None:
    export(worker_wiring, people)
    assert "Download" in page(running_app, devstore, "/admin/privacy")
    assert "Downloaded" not in page(running_app, devstore, "/admin/privacy/access")
    status, body = post(running_app, devstore, "/admin/privacy/export", id="w-1")
    assert status == 200
    assert orjson.loads(body)["database.customers"][0]["contact"]["email"] == EMAILS[ADA]
    told = page(running_app, devstore, "/admin/privacy/access")
    assert f"Shopify user 1 Customer {ADA} the export Downloaded the export that the customer asked for" in told
    assert EMAILS[ADA] not in told
    assert f"Customer {ADA}" in page(running_app, devstore, f"/admin/privacy/access?customer={ADA}")
    assert "Nobody has opened this customer" in page(running_app, devstore, f"/admin/privacy/access?customer={BOB}")
    assert post(running_app, devstore, "/admin/privacy/export", id="none")[0] == 404


def test_an_export_on_the_command_line_is_written_down(
    people: Shop, worker_wiring: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(worker_wiring.settings)
    ran = CliRunner(env=env).invoke(commands, ["export", people.domain, "--customer", str(ADA), "--by", "Grace"])
    assert EMAILS[ADA] in ran.output
    ((reader, subject, why),) = rows(worker_wiring, people, "SELECT reader, subject_id, why FROM access_log")
    assert (reader, subject, why) == ("Grace", str(ADA), "attune export")


def test_nobody_opens_a_box_but_those_who_have_a_reason() -> None:
    found = {path for path in _opening() if path not in MAY_OPEN}
    assert found == set(), "open personal fields through app.adapters.db.access_log.Reader"
    assert MAY_OPEN.keys() <= set(_opening()), "a reason stands there for nobody"


def _opening() -> list[str]:
    """The modules in which a box is opened: a call of ``open`` with a shop before anything else."""
    found = []
    for path in sorted((REPOSITORY / "app").rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        if any(_opens(call) for call in calls):
            found.append(str(path.relative_to(REPOSITORY)))
    return found


def _opens(call: ast.Call) -> bool:
    of_whom = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "open" else None
    name = of_whom.attr if isinstance(of_whom, ast.Attribute) else of_whom.id if isinstance(of_whom, ast.Name) else ""
    return "sealer" in name.lower() or "boxes" in name.lower()


def test_a_box_that_a_page_opened_would_be_found(tmp_path: Path) -> None:
    call = ast.parse("wiring.sealer.open(shop.id, 'customers.contact', row.contact)").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert _opens(call.value)


def test_terms_are_changed_within_their_bounds(
    running_app: RunningApp, devstore: DevStore, people: Shop, worker_wiring: Worker
) -> None:
    status, told = post(running_app, devstore, "/admin/privacy/terms", days="10")
    assert status == 422
    assert "What visitors did: give whole days from 30 to 800" in told
    assert post(running_app, devstore, "/admin/privacy/terms", days="90", access="365")[0] == 303
    assert {str(term): days for term, days in worker_wiring.retention.terms(people.id).items()} | {
        "days": 90,
        "access": 365,
    } == {str(term): days for term, days in worker_wiring.retention.terms(people.id).items()}
    assert 'name="days" value="90"' in running_app.open(devstore, "/admin/privacy").text


def test_fields_are_searched_and_taken_along_as_a_file(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    assert "email_hash" in page(running_app, devstore, "/admin/privacy/fields?q=customers&who=people")
    assert "No field holds these words." in page(running_app, devstore, "/admin/privacy/fields?q=quagga")
    status, file = post(running_app, devstore, "/admin/privacy/fields/file", q="clicks", who="people")
    assert status == 200
    assert "database.clicks,Clicks on recommendations,visitor," in file


def test_what_shopify_says_of_a_customer_is_history(
    running_app: RunningApp, devstore: DevStore, people: Shop, worker_wiring: Worker
) -> None:
    with worker_wiring.database.shop(people.id) as session:
        session.execute(text(f"UPDATE customers SET email_marketing = 'UNSUBSCRIBED' WHERE id = {ADA}"))
        session.execute(text(f"UPDATE customers SET opted_out = true WHERE id = {BOB}"))
    told = page(running_app, devstore, "/admin/privacy/consent")
    assert f"Customer {ADA} E-mail marketing" in told
    assert f"Customer {BOB} Opted out of data use no → yes Shopify" in told
    assert f"Customer {BOB}" not in page(running_app, devstore, f"/admin/privacy/consent?customer={ADA}")
