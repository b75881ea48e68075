"""The account's records as JSON:API resources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from devstore.klaviyo.records import OWN_FIELDS, Event, Flow, Job, ListOf, Metric, Profile, Segment, Template, WebFeed

Json = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def resource(kind: str, name: str, attributes: Json, relationships: Json | None = None) -> Json:
    made: Json = {"type": kind, "id": name, "attributes": attributes}
    if relationships:
        made["relationships"] = relationships
    made["links"] = {"self": f"https://a.klaviyo.com/api/{kind}s/{name}"}
    return made


def related(kind: str, names: Iterable[str]) -> Json:
    return {"data": [{"type": kind, "id": name} for name in names]}


def profile(one: Profile, *, subscriptions: bool = False, predictions: bool = False) -> Json:
    attributes: Json = {
        "email": one.email,
        "phone_number": one.phone_number,
        "external_id": one.external_id,
        **{name: one.attributes.get(name) for name in OWN_FIELDS},
        "created": iso(one.created),
        "updated": iso(one.updated),
        "last_event_date": iso(one.last_event),
        "properties": one.properties,
    }
    if subscriptions:
        attributes["subscriptions"] = _subscriptions(one)
    if predictions:
        # The twin's account is too young for Klaviyo's own predictions, as most new ones are.
        attributes["predictive_analytics"] = None
    return resource("profile", one.id, attributes)


def _subscriptions(one: Profile) -> Json:
    stamp = iso(one.updated)
    marketing = {
        "can_receive_email_marketing": one.can_receive,
        "consent": one.consent,
        "consent_timestamp": None if one.consent == "NEVER_SUBSCRIBED" else stamp,
        "last_updated": stamp,
        "method": None,
        "method_detail": None,
        "custom_method_detail": None,
        "double_optin": None,
        "suppression": [{"reason": reason, "timestamp": stamp} for reason in one.suppressions],
        "list_suppressions": [],
    }
    return {"email": {"marketing": marketing}, "sms": None, "mobile_push": None, "whatsapp": None}


def event(one: Event) -> Json:
    properties = dict(one.properties)
    if one.value is not None:
        properties["$value"] = one.value
    if one.value_currency:
        properties["$value_currency"] = one.value_currency
    if one.unique_id:
        properties["$event_id"] = one.unique_id
    attributes = {
        "timestamp": int(one.at.timestamp()),
        "event_properties": properties,
        "datetime": one.at.isoformat(sep=" ", timespec="seconds"),
        "uuid": one.uuid,
    }
    relationships = {
        "profile": {"data": {"type": "profile", "id": one.profile_id}},
        "metric": {"data": {"type": "metric", "id": one.metric_id}},
        "attributions": {"data": []},
    }
    return resource("event", one.id, attributes, relationships)


def metric(one: Metric) -> Json:
    integration = {
        "object": "integration",
        "id": one.integration.id,
        "name": one.integration.name,
        "key": one.integration.key,
        "category": {"id": one.integration.key, "name": one.integration.category},
    }
    attributes = {
        "name": one.name,
        "created": iso(one.created),
        "updated": iso(one.updated),
        "integration": integration,
    }
    return resource("metric", one.id, attributes)


def list_of(one: ListOf) -> Json:
    attributes = {
        "name": one.name,
        "created": iso(one.created),
        "updated": iso(one.updated),
        "opt_in_process": one.opt_in_process,
    }
    return resource("list", one.id, attributes)


def segment(one: Segment) -> Json:
    attributes = {
        "name": one.name,
        "definition": one.definition,
        "created": iso(one.created),
        "updated": iso(one.updated),
        "is_active": True,
        "is_processing": False,
        "is_starred": one.is_starred,
    }
    return resource("segment", one.id, attributes)


def template(one: Template) -> Json:
    attributes = {
        "name": one.name,
        "editor_type": one.editor_type,
        "html": one.html,
        "text": one.text,
        "amp": None,
        "created": iso(one.created),
        "updated": iso(one.updated),
    }
    return resource("template", one.id, attributes)


def flow(one: Flow, *, definition: bool = False) -> Json:
    attributes = {
        "name": one.name,
        "status": one.status,
        "archived": False,
        "created": iso(one.created),
        "updated": iso(one.updated),
        "trigger_type": one.trigger_type,
    }
    if definition:
        attributes["definition"] = one.definition
    actions = [str(action.get("id", "")) for action in one.definition.get("actions", ())]
    return resource("flow", one.id, attributes, {"flow-actions": related("flow-action", actions)})


def web_feed(one: WebFeed) -> Json:
    attributes = {
        "name": one.name,
        "url": one.url,
        "request_method": one.request_method,
        "content_type": one.content_type,
        "created": iso(one.created),
        "updated": iso(one.updated),
        "status": one.status,
    }
    return resource("web-feed", one.id, attributes)


def job(one: Job) -> Json:
    attributes: Json = {
        "status": one.status,
        "created_at": iso(one.created),
        "total_count": one.total,
        "completed_count": one.completed,
        "failed_count": one.failed,
        "completed_at": iso(one.finished),
        "expires_at": None,
    }
    if one.kind == "profile-bulk-import-job":
        attributes["started_at"] = iso(one.started)
        return resource(one.kind, one.id, attributes, {"lists": related("list", one.list_ids)})
    attributes["errors"] = [
        {"id": f"{one.id}-{n}", "code": f.code, "title": f.title, "detail": f.detail, "source": {"pointer": f.pointer}}
        for n, f in enumerate(one.failures)
    ]
    return resource(one.kind, one.id, attributes)
