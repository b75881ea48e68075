"""What mails are made of, over the twin's HTTP API: templates, flows, segments, web feeds and coupons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.klaviyo_twin.wire import Wire, error, resource, running

Json = dict[str, Any]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


def template(wire: Wire, html: str = "<p>{{ event.word }}</p>") -> str:
    made = wire.post("/api/templates", resource("template", name="t", editor_type="CODE", html=html))
    return str(made["data"]["id"])


def mail(template_id: str, name: str = "a", following: str | None = None) -> Json:
    message = {
        "name": "m", "subject_line": "s", "template_id": template_id, "from_email": "a@b.co", "from_label": "S",
    }  # fmt: skip
    return {"temporary_id": name, "type": "send-email", "links": {"next": following}, "data": {"message": message}}


def flow(wire: Wire, *actions: Json, **definition: Any) -> Any:
    metric = wire.account.metric("Cart Left").id
    whole = {
        "triggers": [{"type": "metric", "id": metric}], "entry_action_id": "a", "actions": list(actions), **definition,
    }  # fmt: skip
    return wire.http.post("/api/flows", json=resource("flow", name="Ours", definition=whole))


def test_a_template_is_rendered_with_the_context_that_is_given(wire: Wire) -> None:
    body = resource("template", template(wire), context={"event": {"word": "hello"}})
    assert wire.post("/api/template-render", body)["data"]["attributes"]["html"] == "<p>hello</p>"


def test_a_template_with_an_unknown_tag_is_refused(wire: Wire) -> None:
    body = resource("template", name="t", editor_type="CODE", html="{% personalise %}")
    refused = wire.http.post("/api/templates", json=body)
    assert (refused.status_code, error(refused)["source"]) == (400, {"pointer": "/data/attributes/html"})


def test_an_account_holds_a_thousand_templates(wire: Wire) -> None:
    kept = wire.account.templates[template(wire)]
    wire.account.templates.update({str(number): kept for number in range(999)})
    body = resource("template", name="t", editor_type="CODE", html="x")
    assert error(wire.http.post("/api/templates", json=body))["code"] == "limit_reached"


def test_a_flow_is_made_as_a_draft_and_read_back_with_ids_of_klaviyo(wire: Wire) -> None:
    delay = {"temporary_id": "b", "type": "time-delay", "links": {"next": None}, "data": {"unit": "days", "value": 2}}
    made = flow(wire, mail(template(wire), following="b"), delay).json()["data"]
    name = made["id"]
    read = wire.get(f"/api/flows/{name}", **{"additional-fields[flow]": "definition"})["data"]["attributes"]
    first, second = read["definition"]["actions"]
    assert (read["status"], read["trigger_type"]) == ("draft", "Metric")
    assert read["definition"]["entry_action_id"] == first["id"]
    assert first["links"]["next"] == second["id"]
    assert "temporary_id" not in first
    assert "definition" not in wire.get(f"/api/flows/{name}")["data"]["attributes"]


def test_a_mail_of_a_flow_has_a_copy_of_the_template(wire: Wire) -> None:
    original = template(wire, "<p>old</p>")
    action = flow(wire, mail(original)).json()["data"]["attributes"]["definition"]["actions"][0]
    changed = wire.http.patch(f"/api/templates/{original}", json=resource("template", original, html="<p>new</p>"))
    copied = wire.get(f"/api/templates/{action['data']['message']['template_id']}")["data"]["attributes"]["html"]
    assert changed.status_code == 200
    assert copied == "<p>old</p>"
    assert len(wire.get("/api/templates")["data"]) == 1


def test_a_whole_flow_goes_live_by_its_status(wire: Wire) -> None:
    name = flow(wire, mail(template(wire))).json()["data"]["id"]
    live = wire.http.patch(f"/api/flows/{name}", json=resource("flow", name, status="live")).json()
    assert live["data"]["attributes"]["status"] == "live"
    assert wire.account.flows[name].definition["actions"][0]["data"]["status"] == "live"
    assert wire.http.patch(f"/api/flows/{name}", json=resource("flow", name, status="on")).status_code == 400


@pytest.mark.parametrize(
    ("action", "definition"),
    [
        ({}, {"triggers": []}),
        ({}, {"triggers": [{"type": "metric", "id": "nobody"}]}),
        ({}, {"entry_action_id": "z"}),
        ({"links": {"next": "z"}}, {}),
        ({"id": "a"}, {}),
        ({"type": "send-sms"}, {}),
        ({"data": {"message": {"template_id": "nobody"}}}, {}),
    ],
    ids=["no trigger", "no such metric", "no such entry", "no such link", "an id", "not simulated", "no template"],
)
def test_a_definition_that_klaviyo_would_refuse_is_refused(wire: Wire, action: Json, definition: Json) -> None:
    assert flow(wire, {**mail(template(wire)), **action}, **definition).status_code == 400
    assert not wire.account.flows


def feed(name: str) -> Json:
    url = "https://app.example/feeds/x.json"
    return resource("web-feed", name=name, url=url, request_method="get", content_type="json")


def test_a_web_feed_is_made_changed_and_deleted(wire: Wire) -> None:
    name = wire.post("/api/web-feeds", feed("attune_trending"))["data"]["id"]
    changed = wire.http.patch(f"/api/web-feeds/{name}", json=resource("web-feed", name, url="https://app.example/y"))
    assert changed.json()["data"]["attributes"]["url"] == "https://app.example/y"
    assert wire.http.delete(f"/api/web-feeds/{name}").status_code == 204
    assert wire.get("/api/web-feeds")["data"] == []


def test_names_of_web_feeds_are_checked_and_there_are_ten_at_most(wire: Wire) -> None:
    for number in range(10):
        wire.post("/api/web-feeds", feed(f"feed_{number}"))
    assert wire.http.post("/api/web-feeds", json=feed("feed_11")).status_code == 400
    wire.account.web_feeds.popitem()
    assert wire.http.post("/api/web-feeds", json=feed("best-sellers")).status_code == 400
    assert wire.http.post("/api/web-feeds", json=feed("feed_0")).status_code == 409


def test_a_segment_with_conditions_that_are_not_simulated_is_refused(wire: Wire) -> None:
    odd = {"condition_groups": [{"conditions": [{"type": "profile-predictive-analytics"}]}]}
    refused = wire.http.post("/api/segments", json=resource("segment", name="s", definition=odd))
    assert refused.status_code == 400


def coupon_code(coupon: str, code: str) -> Json:
    body = resource("coupon-code", unique_code=code, expires_at="2026-12-24T00:00:00+00:00")["data"]
    return {**body, "relationships": {"coupon": {"data": {"type": "coupon", "id": coupon}}}}


def test_codes_come_in_bulk_and_a_repeated_one_is_named(wire: Wire) -> None:
    coupon = wire.post("/api/coupons", resource("coupon", external_id="ATTUNE_WINBACK"))["data"]["id"]
    codes = [coupon_code(coupon, name) for name in ("A1", "A2", "A1")]
    body = resource("coupon-code-bulk-create-job", **{"coupon-codes": {"data": codes}})
    job = wire.post("/api/coupon-code-bulk-create-jobs", body)["data"]["id"]
    wire.done()
    told = wire.get(f"/api/coupon-code-bulk-create-jobs/{job}")["data"]["attributes"]
    found = wire.get("/api/coupon-codes", filter=f'equals(coupon.id,"{coupon}")')["data"]
    assert (told["completed_count"], told["failed_count"], told["errors"][0]["code"]) == (2, 1, "duplicate")
    assert [one["attributes"]["unique_code"] for one in found] == ["A1", "A2"]


def test_tracking_parameters_are_read_and_changed(wire: Wire) -> None:
    name = wire.get("/api/accounts")["data"][0]["id"]
    change = resource(
        "tracking-setting",
        name,
        custom_parameters=[{"name": "who", "flow": {"type": "dynamic", "value": "profile_id"}}],
    )
    assert wire.http.patch(f"/api/tracking-settings/{name}", json=change).status_code == 200
    custom = wire.get("/api/tracking-settings")["data"][0]["attributes"]["custom_parameters"]
    value = {"type": "dynamic", "value": "profile_id"}
    assert custom == [{"name": "who", "flow": value, "campaign": value}]
