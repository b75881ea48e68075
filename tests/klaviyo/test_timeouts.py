"""No call waits for ever: each one that the adapter knows gives up on an answer that does not come."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import redis

from app.adapters.klaviyo.apis import KlaviyoSdkApis
from app.adapters.klaviyo.oauth import OAuthClient
from app.config import Settings
from app.errors import KlaviyoTrouble
from app.ports.klaviyo import KlaviyoApi, LinkKind
from app.ports.klaviyo_link import KlaviyoGate, KlaviyoSecret
from tests.klaviyo.conftest import CALLBACK, Linked
from tests.klaviyo_fixture import Twin

HANG_S = 3.0
PATIENCE_S = 0.4
PROFILE = {"attributes": {"external_id": "7"}}
EVENT = {
    "metric": {"data": {"type": "metric", "attributes": {"name": "Attune Win-Back"}}},
    "profile": {"data": {"type": "profile", "attributes": {"external_id": "7"}}},
    "properties": {"arm": "attune"},
    "unique_id": "one",
}
URL = "https://attune.example.com/feeds/x/attune_trending.json"
CALLS: dict[str, Callable[[Any], object]] = {
    "account": lambda api: api.account(),
    "import_profiles": lambda api: api.import_profiles([PROFILE]),
    "import_job": lambda api: api.import_job("J"),
    "imports_under_way": lambda api: api.imports_under_way(),
    "import_problems": lambda api: api.import_problems("J"),
    "find_profile": lambda api: api.find_profile(external_id="7"),
    "find_profiles": lambda api: api.find_profiles(["nobody@example.com"]),
    "unset": lambda api: api.unset("P", ["attune_recs"]),
    "metrics": lambda api: api.metrics(),
    "send_event": lambda api: api.send_event(EVENT),
    "send_events": lambda api: api.send_events([EVENT]),
    "events": lambda api: api.events("M", since=datetime(2026, 1, 1, tzinfo=UTC)),
    "create_template": lambda api: api.create_template("Attune", "<p>Hello</p>", "Hello"),
    "update_template": lambda api: api.update_template("T", name="Attune", html="<p>Hello</p>", text="Hello"),
    "template": lambda api: api.template("T"),
    "templates_named": lambda api: api.templates_named("Attune"),
    "render": lambda api: api.render("T", {}),
    "create_flow": lambda api: api.create_flow("Attune", {"triggers": [], "actions": [], "entry_action_id": "a1"}),
    "flow": lambda api: api.flow("F"),
    "flows_named": lambda api: api.flows_named("Attune"),
    "lists": lambda api: api.lists(),
    "feeds": lambda api: api.feeds(),
    "create_feed": lambda api: api.create_feed("attune_trending", URL),
    "update_feed": lambda api: api.update_feed("F", name="attune_trending", url=URL),
    "delete_feed": lambda api: api.delete_feed("F"),
    "create_webhook": lambda api: api.create_webhook("Attune", URL, "s" * 32, ["event:klaviyo.opened_email"]),
    "delete_webhook": lambda api: api.delete_webhook("W"),
}


def methods(port: type) -> set[str]:
    return {name for name, one in vars(port).items() if inspect.isfunction(one) and not name.startswith("_")}


def test_every_call_gives_up_on_an_answer_that_does_not_come(linked: Linked, twin: Twin, settings: Settings) -> None:
    assert methods(KlaviyoApi) <= CALLS.keys(), "a call that this test does not know"
    assert settings.redis_url is not None
    connection = redis.Redis.from_url(settings.redis_url)
    apis = KlaviyoSdkApis(linked.tokens, connection, origin=twin.origin, timeout_s=(PATIENCE_S, PATIENCE_S))
    api = apis.of(linked.shop)
    twin.fault("hang", count=len(CALLS), seconds=HANG_S)

    def outcome(name: str) -> str:
        try:
            CALLS[name](api)
        except KlaviyoTrouble as trouble:
            return trouble.plain
        except Exception as error:
            return repr(error)
        return "it answered"

    names = sorted(methods(KlaviyoApi))
    with ThreadPoolExecutor(len(names)) as pool:
        said = dict(zip(names, pool.map(outcome, names), strict=True))
    assert said == dict.fromkeys(names, "Klaviyo did not answer in time.")
    connection.close()


def test_so_does_every_question_of_the_connection(twin: Twin) -> None:
    gate = OAuthClient(
        client_id="a", client_secret="b", redirect_uri=CALLBACK, test_origin=twin.origin, timeout=httpx.Timeout(0.4)
    )
    key = KlaviyoSecret(LinkKind.KEY, twin.key)
    pair = KlaviyoSecret(LinkKind.OAUTH, "access", "refresh", datetime(2026, 1, 1, tzinfo=UTC))
    asked: dict[str, Callable[[], object]] = {
        "exchange": lambda: gate.exchange("code", "verifier"),
        "refresh": lambda: gate.refresh(pair),
        "revoke": lambda: gate.revoke(pair),
        "look": lambda: gate.look(key),
        "may": lambda: gate.may(key),
        "unhook": lambda: gate.unhook(key, "W"),
    }
    assert methods(KlaviyoGate) <= asked.keys(), "a question that this test does not know"
    for path in ("/api/", "/oauth/"):
        twin.fault("hang", count=3, seconds=HANG_S, path=path)
    for ask in asked.values():
        with pytest.raises(KlaviyoTrouble, match="did not answer"):
            ask()
    gate.close()
