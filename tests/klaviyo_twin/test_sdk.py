"""Klaviyo's own Python client against the twin: what the app calls is understood on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devstore.klaviyo.records import CatalogItem
from tests.klaviyo_twin.wire import Wire, bulk_events, event, imported, named, resource, running

if TYPE_CHECKING:
    from klaviyo_api import KlaviyoAPI

pytest.importorskip("klaviyo_api")
TIMEOUT = (3, 30)
NUMBER = {"type": "numeric", "operator": "equals", "value": 1}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


@pytest.fixture
def sdk(wire: Wire) -> KlaviyoAPI:
    return client(wire)


def client(wire: Wire, token: str | None = None, *, typed: bool = False) -> KlaviyoAPI:
    from klaviyo_api import KlaviyoAPI
    from openapi_client.api_arg_options import USE_DICTIONARY_FOR_RESPONSE_DATA

    from devstore.klaviyo.credentials import PRIVATE_KEY

    return KlaviyoAPI(
        None if token else PRIVATE_KEY,
        access_token=token,
        test_host=str(wire.http.base_url).rstrip("/"),
        max_retries=1,
        max_delay=1,
        options={USE_DICTIONARY_FOR_RESPONSE_DATA: not typed},
    )


def test_profiles_are_upserted_found_patched_and_refused_twice(sdk: KlaviyoAPI) -> None:
    from openapi_client.exceptions import ApiException

    made: Any = sdk.Profiles.create_or_update_profile(
        resource("profile", email="a@b.co", properties={"x": [1]}), _request_timeout=TIMEOUT
    )
    name = made["data"]["id"]
    body = resource("profile", name)
    body["data"]["meta"] = {"patch_properties": {"unset": ["x"]}}
    sdk.Profiles.update_profile(name, body, _request_timeout=TIMEOUT)
    found: Any = sdk.Profiles.get_profiles(filter='equals(email,"a@b.co")', _request_timeout=TIMEOUT)
    assert found["data"][0]["attributes"]["properties"] == {}
    with pytest.raises(ApiException) as refused:
        sdk.Profiles.create_profile(resource("profile", email="a@b.co"), _request_timeout=TIMEOUT)
    assert refused.value.status == 409


def test_a_bulk_import_is_polled_to_its_end(sdk: KlaviyoAPI, wire: Wire) -> None:
    job: Any = sdk.Profiles.bulk_import_profiles(
        imported({"email": "a@b.co"}, {"email": "x"}), _request_timeout=TIMEOUT
    )
    wire.done()
    name = job["data"]["id"]
    polled: Any = sdk.Profiles.get_bulk_import_profiles_job(name, _request_timeout=TIMEOUT)
    errors: Any = sdk.Profiles.get_errors_for_bulk_import_profiles_job(name, _request_timeout=TIMEOUT)
    assert polled["data"]["attributes"]["status"] == "complete"
    assert errors["data"][0]["attributes"]["code"] == "invalid"


def test_events_are_sent_and_read_back_page_by_page(sdk: KlaviyoAPI, wire: Wire) -> None:
    sdk.Events.create_event(resource("event", **event("a@b.co", "Seen", unique_id="0")), _request_timeout=TIMEOUT)
    many = bulk_events("a@b.co", *(named("Seen", unique_id=str(n)) for n in range(1, 250)))
    sdk.Events.bulk_create_events(many, _request_timeout=TIMEOUT)
    wire.done()
    metrics: Any = sdk.Metrics.get_metrics(_request_timeout=TIMEOUT)
    wanted = f'equals(metric_id,"{metrics["data"][0]["id"]}")'
    first: Any = sdk.Events.get_events(filter=wanted, sort="datetime", include=["profile"], _request_timeout=TIMEOUT)
    cursor = parse_qs(urlsplit(first["links"]["next"]).query)["page[cursor]"][0]
    second: Any = sdk.Events.get_events(filter=wanted, sort="datetime", page_cursor=cursor, _request_timeout=TIMEOUT)
    names = {one["id"] for page in (first, second) for one in page["data"]}
    assert (len(first["data"]), len(names)) == (200, 250)


def test_flows_templates_feeds_and_webhooks_are_made(sdk: KlaviyoAPI, wire: Wire) -> None:
    template: Any = sdk.Templates.create_template(
        resource("template", name="t", editor_type="CODE", html="<p>{{ event.x }}</p>"), _request_timeout=TIMEOUT
    )
    name = template["data"]["id"]
    rendered: Any = sdk.Templates.render_template(
        resource("template", name, context={"event": {"x": "1"}}), _request_timeout=TIMEOUT
    )
    message = {"name": "m", "subject_line": "s", "template_id": name, "from_email": "a@b.co", "from_label": "S"}
    action = {"temporary_id": "a", "type": "send-email", "links": {"next": None}, "data": {"message": message}}
    trigger = {"type": "metric", "id": wire.account.metric("Cart Left").id}
    definition = {"triggers": [trigger], "entry_action_id": "a", "actions": [action]}
    flow: Any = sdk.Flows.create_flow(resource("flow", name="f", definition=definition), _request_timeout=TIMEOUT)
    sdk.Web_Feeds.create_web_feed(
        resource("web-feed", name="f", url="https://a.example", request_method="get", content_type="json"),
        _request_timeout=TIMEOUT,
    )
    assert rendered["data"]["attributes"]["html"] == "<p>1</p>"
    assert flow["data"]["attributes"]["status"] == "draft"
    assert len(wire.account.web_feeds) == 1
    assert wire.get("/_dev/requests")["unknown"] == []


def test_an_oauth_token_is_changed_on_the_running_client(wire: Wire) -> None:
    from openapi_client.exceptions import UnauthorizedException

    old = wire.tokens(code=wire.allow("accounts:read")).json()
    sdk = client(wire, token=old["access_token"])
    account: Any = sdk.Accounts.get_accounts(_request_timeout=TIMEOUT)
    new = wire.tokens(refresh=old["refresh_token"]).json()
    with pytest.raises(UnauthorizedException):
        sdk.Accounts.get_accounts(_request_timeout=TIMEOUT)
    sdk.configuration.access_token = new["access_token"]
    assert sdk.Accounts.get_accounts(_request_timeout=TIMEOUT) == account


READS: list[tuple[str, str, dict[str, Any]]] = [
    ("Accounts", "get_accounts", {}),
    ("Profiles", "get_profiles", {"additional_fields_profile": ["subscriptions"]}),
    ("Metrics", "get_metrics", {}),
    ("Events", "get_events", {"include": ["metric", "profile"]}),
    ("Lists", "get_lists", {}),
    ("Segments", "get_segments", {}),
    ("Templates", "get_templates", {}),
    ("Flows", "get_flows", {}),
    ("Web_Feeds", "get_web_feeds", {}),
    ("Coupons", "get_coupons", {}),
    ("Coupons", "get_coupon_codes", {"filter": 'equals(coupon.id,"C")'}),
    ("Tracking_Settings", "get_tracking_settings", {}),
    ("Webhooks", "get_webhook_topics", {}),
    ("Catalogs", "get_catalog_items", {}),
]


def test_every_collection_has_the_shape_that_the_typed_client_demands(wire: Wire) -> None:
    """In its typed mode the client refuses an answer that lacks a field or has a value of another kind."""
    fill(wire)
    sdk = client(wire, typed=True)
    for family, method, parameters in READS:
        found = getattr(getattr(sdk, family), method)(**parameters, _request_timeout=TIMEOUT)
        assert found.data, method


def test_single_resources_have_the_shape_that_the_typed_client_demands(wire: Wire) -> None:
    fill(wire)
    sdk, account = client(wire, typed=True), wire.account
    profile, joined, flow = (next(iter(held)) for held in (account.profiles, account.lists, account.flows))
    job = wire.post("/api/profile-bulk-import-jobs", imported({"email": "no mail"}))["data"]["id"]
    wire.done()
    assert sdk.Profiles.get_profile(profile, additional_fields_profile=["subscriptions", "predictive_analytics"]).data
    assert sdk.Profiles.get_bulk_import_profiles_job(job).data
    assert sdk.Profiles.get_errors_for_bulk_import_profiles_job(job).data
    assert sdk.Lists.get_profiles_for_list(joined).data
    assert sdk.Flows.get_flow(flow, additional_fields_flow=["definition"]).data
    assert sdk.Client.get_client_ip_allowlist("integration-egress").data


def fill(wire: Wire) -> None:
    """One of each in the account."""
    account = wire.account
    profile = account.upsert({"email": "a@b.co"}, {"first_name": "A"}, {"x": 1})
    account.set_consent(profile, "SUBSCRIBED")
    account.join(profile, account.new_list("Newsletter"))
    account.record(profile, "Seen", {"q": "1"}, value=2.5)
    account.catalog["1"] = CatalogItem("1", "Shoe", "https://s.example/shoe", "https://s.example/shoe.jpg", "9.50")
    is_set = {"type": "profile-property", "property": "properties['x']", "filter": NUMBER}
    group = {"condition_groups": [{"conditions": [is_set]}]}
    wire.post("/api/segments", resource("segment", name="s", definition=group))
    template = wire.post("/api/templates", resource("template", name="t", editor_type="CODE", html="x"))["data"]["id"]
    message = {"name": "m", "subject_line": "s", "template_id": template, "from_email": "a@b.co", "from_label": "S"}
    action = {"temporary_id": "a", "type": "send-email", "links": {"next": None}, "data": {"message": message}}
    trigger = {"type": "metric", "id": account.metric("Seen").id}
    definition = {"triggers": [trigger], "entry_action_id": "a", "actions": [action]}
    wire.post("/api/flows", resource("flow", name="f", definition=definition))
    feed = {"name": "f", "url": "https://a.example", "request_method": "get", "content_type": "json"}
    wire.post("/api/web-feeds", resource("web-feed", **feed))
    wire.post("/api/coupons", resource("coupon", external_id="C"))
    code = resource("coupon-code", unique_code="A")["data"]
    wire.post(
        "/api/coupon-codes", {"data": {**code, "relationships": {"coupon": {"data": {"type": "coupon", "id": "C"}}}}}
    )
