"""Every call that the adapter makes is accepted by a mock of Klaviyo's published OpenAPI document."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from app.adapters.db.claims import DbClaims
from app.adapters.klaviyo.api import KlaviyoSdkApi
from app.adapters.klaviyo.apis import KlaviyoSdkApis
from app.adapters.klaviyo.tokens import Tokens
from app.core.email.properties import emptied
from app.core.email.rates import RATES
from tests.extensions.node import ROOT, node_binary, unavailable
from tests.klaviyo.conftest import Linked
from tests.klaviyo.flow_schema import SPEC, check_flow
from tests.klaviyo.openapi_repair import NOT_MOCKED, repaired
from tests.patience import PATIENCE_S, eventually
from tests.ports import free_port

pytestmark = [pytest.mark.realdata, pytest.mark.node]

PRISM = ROOT / "node_modules/@stoplight/prism-cli/dist/index.js"


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the mock listens; it takes most of a minute to start, hence one a session."""
    if not SPEC.exists():
        pytest.skip(f"{SPEC.name} is not beside the repository")
    if not PRISM.exists():
        unavailable("node_modules holds no @stoplight/prism-cli")
    folder = tmp_path_factory.mktemp("prism")
    document, port = folder / "klaviyo.json", free_port()
    document.write_text(json.dumps(repaired(json.loads(SPEC.read_bytes()))))
    with (folder / "prism.log").open("w") as log:
        command = [str(node_binary()), str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), str(document)]
        # In a session of its own: the wheel's node is a wrapper, and a signal to it alone would leave the mock behind.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            origin = f"http://127.0.0.1:{port}"
            eventually(lambda: _listens(origin, process, folder / "prism.log"), "the mock listens")
            yield origin
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _listens(origin: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        httpx.get(f"{origin}/api/accounts")
    except httpx.TransportError:
        return False
    return True


@pytest.fixture
def api(mock: str, linked: Linked) -> KlaviyoSdkApi:
    """The adapter, pointed at the mock."""
    stored = linked.links.secret(linked.shop.id)
    assert stored is not None
    database = linked.links._database
    connection: redis.Redis = linked.apis._redis
    connection.flushdb()
    tokens = Tokens(linked.gate, linked.links, DbClaims(database))
    return KlaviyoSdkApis(tokens, connection, origin=mock, timeout_s=(5.0, 60.0)).of(linked.shop)


EVENT = {
    "metric": {"data": {"type": "metric", "attributes": {"name": "Attune Win-Back"}}},
    "profile": {"data": {"type": "profile", "attributes": {"external_id": "7"}}},
    "properties": {"arm": "attune", "items": [{"id": "7", "title": "Mug", "price": "12.00 EUR"}]},
    "unique_id": "one",
}
URL = "https://attune.example.com/feeds/x/attune_trending.json"


def test_every_call_is_accepted(api: KlaviyoSdkApi) -> None:
    recommendations = [{"id": "7", "title": "Mug", "pos": 1}]
    profile = {"attributes": {"external_id": "7", "properties": {"attune_recs": recommendations}}}
    api.account()
    job = api.import_profiles([profile, emptied("01H")])
    api.import_job(job)
    api.import_problems(job)
    api.find_profile(external_id="7")
    api.find_profiles(["ada@example.com"])
    api.unset("01H", ["attune_recs"])
    api.metrics()
    api.send_event(EVENT)
    api.send_events([EVENT])
    api.events("AbC123", since=datetime(2026, 11, 1, tzinfo=UTC), cursor="bmV4dA")
    template = api.create_template("Attune", "<p>Hello</p>", "Hello")
    api.update_template(template, name="Attune", html="<p>Hello</p>", text="Hello")
    api.template(template)
    api.templates_named("Attune")
    api.flows_named("Attune")
    api.render(template, {"first_name": "Ada"})
    api.lists()
    api.feeds()
    feed = api.create_feed("attune_trending", URL)
    api.update_feed(feed, name="attune_trending", url=URL)
    api.delete_feed(feed)
    webhook = api.create_webhook("Attune", URL, "s" * 32, ["event:klaviyo.opened_email"])
    api.delete_webhook(webhook)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("events", {"data": {"type": "event", "attributes": {**EVENT, "value": "much"}}}),
        ("events", {"data": {"type": "event", "attributes": {"properties": {}}}}),
        ("profile-bulk-import-jobs", {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": []}}}),
        ("web-feeds", {"data": {"type": "web-feed", "attributes": {"name": "attune_trending"}}}),
    ],
)
def test_the_mock_refuses_what_is_wrong(mock: str, path: str, body: dict[str, object]) -> None:
    headers = {"Authorization": "Klaviyo-API-Key pk_x", "revision": "2026-07-15"}
    headers["Content-Type"] = "application/vnd.api+json"
    answer = httpx.post(f"{mock}/api/{path}", content=json.dumps(body), headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 422


def test_the_mock_holds_every_call_that_has_a_quota() -> None:
    if not SPEC.exists():
        pytest.skip(f"{SPEC.name} is not beside the repository")
    document = repaired(json.loads(SPEC.read_bytes()))
    held = {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    assert held == set(RATES) - NOT_MOCKED


def test_flows_are_checked_against_the_schema_itself() -> None:
    mail = {"name": "x", "subject_line": "s", "template_id": "TPL", "from_email": "a@b.c", "from_label": "S"}
    good = {
        "triggers": [{"type": "metric", "id": "AbC123"}],
        "entry_action_id": "a1",
        "actions": [
            {
                "temporary_id": "a1",
                "type": "send-email",
                "links": {"next": None},
                "data": {"status": "draft", "message": mail},
            }
        ],
    }
    assert check_flow(good) == []
    assert check_flow({**good, "triggers": [{"type": "visit"}]}) != []
    assert check_flow({**good, "actions": "none"}) != []
