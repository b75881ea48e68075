"""Make the four series in the merchant's Klaviyo: metrics, templates, then flows as drafts that they set live.

A second run changes nothing that is as it should be: each thing is noted as soon as Klaviyo has given its id, a flow
that the merchant deleted is made anew, and a template that they edited is left to them. What a killed run made and did
not note is found again by its name, so that nothing stands there twice. Nothing else of the account is read or touched.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final

from app import jobs
from app.core.email.flows.definition import Names, definition_of
from app.core.email.flows.plan import FlowPlan
from app.core.email.flows.series import FLOWS
from app.core.email.look import Look
from app.core.email.names import Arm, Trigger
from app.core.email.templates.campaign import campaign
from app.core.email.templates.mail import VERSION, Template, digest_of, template_of
from app.core.errors import Busy
from app.core.shops import Shop
from app.errors import KlaviyoRefused, KlaviyoTrouble
from app.ports import Claims, Clock, DueWork, Jobs, Json
from app.ports.flows import MadeFlow, MadeFlows, MadeTemplate, MailLooks
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis, KlaviyoConnections
from app.services.flow_refusals import NO_SENDER, in_words

CLAIM: Final = "make_flows"
CLAIM_S: Final = 120.0
PLACED_ORDER: Final = "Placed Order"
SHOPIFY: Final = "Shopify"
SEED: Final = "attune-setup"
"""The profile that makes a metric known. It has no address, so that nobody can write to it."""
UNKNOWN_YET: Final = "Klaviyo does not know Attune’s new metrics yet, which takes it a minute or so."
SEED_PAUSE_S: Final = 20.0
"""Klaviyo takes in events after it has answered; a metric is there soon after."""


@dataclass(frozen=True, slots=True)
class Ports:
    apis: KlaviyoApis
    connections: KlaviyoConnections
    made: MadeFlows
    looks: MailLooks
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class AskPorts:
    """What the page needs."""

    due: DueWork
    jobs: Jobs


def ask(shop: Shop, ports: AskPorts) -> None:
    """Have the flows made, or looked at again."""
    ports.due.put(shop.id, jobs.FLOWS_DUE)
    ports.jobs.enqueue(jobs.MAKE_FLOWS, shop.id)


def make_flows(shop: Shop, ports: Ports) -> int:
    """Make what is missing; returns how many of the flows stand in Klaviyo now.

    Raises:
        Busy: another worker is at it.
        KlaviyoDisconnected: no account is connected, or it takes nothing any more.
        Retryable: Klaviyo doesn't answer, or doesn't know a metric yet that it was just told.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the flows of {shop.domain} are being made already")
        return _all(shop, ports)


def _all(shop: Shop, ports: Ports) -> int:
    connection = ports.connections.of(shop.id)
    api = ports.apis.of(shop)
    sender = (connection.sender_email, connection.sender_name) if connection else ("", "")
    if not sender[0]:
        return _none(shop, NO_SENDER, ports)
    try:
        metrics = _metrics(api)
    except KlaviyoRefused as error:
        return _none(shop, in_words(error), ports)
    look, standing = ports.looks.of(shop.id), 0
    for plan in FLOWS:
        try:
            made = _made(shop, plan, metrics, sender, look, api, ports)
        except KlaviyoRefused as error:
            made = _complained(shop, plan, in_words(error), ports)
        ports.made.put_flow(shop.id, made)
        standing += bool(made.flow)
    _campaign(shop, look, api, ports)
    return standing


def _none(shop: Shop, complaint: str, ports: Ports) -> int:
    """Nothing can be made, for the same reason; what stands already goes on standing."""
    complained = [_complained(shop, plan, complaint, ports) for plan in FLOWS]
    for one in complained:
        ports.made.put_flow(shop.id, one)
    return sum(bool(one.flow) for one in complained)


def _complained(shop: Shop, plan: FlowPlan, complaint: str, ports: Ports) -> MadeFlow:
    before = ports.made.flows(shop.id).get(plan.key, MadeFlow(plan.key))
    return replace(before, complaint=complaint, seen_at=ports.clock.now())


def _campaign(shop: Shop, look: Look, api: KlaviyoApi, ports: Ports) -> None:
    """The template for the merchant's own campaigns. Who may not make it may make no other, and reads that there."""
    wanted = campaign(look)
    with contextlib.suppress(KlaviyoRefused):
        _template(shop, wanted, ports.made.templates(shop.id).get(wanted.key), api, ports)


def template_ids(flow: object) -> dict[str, str]:
    """The templates of a flow's messages by the message's name; empty where Klaviyo shows no definition."""
    definition = _attribute(flow, "definition")
    actions = definition.get("actions") if isinstance(definition, dict) else None
    messages = [_message(one) for one in actions] if isinstance(actions, list) else []
    return {str(one["name"]): str(one["template_id"]) for one in messages if one.get("name") and one.get("template_id")}


def _metrics(api: KlaviyoApi) -> dict[str, str]:
    """Ids by name, of ours and Shopify's order; what of ours is unknown is made known, and starts no flow."""
    found = _known(api)
    missing = [trigger for plan in FLOWS if (trigger := plan.trigger) not in found]
    for trigger in missing:
        api.send_event(_seed(trigger))
    if missing:
        found = _known(api)
        if any(trigger not in found for trigger in missing):
            raise KlaviyoTrouble("Klaviyo does not know the new metrics yet", plain=UNKNOWN_YET, after_s=SEED_PAUSE_S)
    return found


def _known(api: KlaviyoApi) -> dict[str, str]:
    metrics = api.metrics()
    found = {one.name: one.id for one in metrics if one.name in set(Trigger)}
    placed = [one.id for one in metrics if one.name == PLACED_ORDER and one.integration == SHOPIFY]
    return {**found, PLACED_ORDER: placed[0]} if placed else found


def _seed(trigger: Trigger) -> dict[str, Any]:
    return {
        "metric": {"data": {"type": "metric", "attributes": {"name": trigger.value}}},
        "profile": {"data": {"type": "profile", "attributes": {"external_id": SEED}}},
        "properties": {"note": "Sent once by Attune, so that flows can begin with this metric"},
        "unique_id": f"{SEED}:{trigger.value}",
        "backfill": True,
    }


def _made(
    shop: Shop,
    plan: FlowPlan,
    metrics: dict[str, str],
    sender: tuple[str, str],
    look: Look,
    api: KlaviyoApi,
    ports: Ports,
) -> MadeFlow:
    """The plan's flow as it stands now, made if it wasn't there."""
    found = _standing(plan, ports.made.flows(shop.id).get(plan.key), api)
    if found is not None:
        _adopt(shop, plan, found, api, ports)
        _templates(shop, plan, look, api, ports)
        return MadeFlow(plan.key, str(found["id"]), str(_attribute(found, "status") or "draft"), "", ports.clock.now())
    templates = _templates(shop, plan, look, api, ports)
    names = Names(metrics[plan.trigger], metrics.get(PLACED_ORDER, ""), templates, *sender)
    made = MadeFlow(
        plan.key, api.create_flow(plan.name, definition_of(plan, names)), "draft", "", seen_at=ports.clock.now()
    )
    ports.made.put_flow(shop.id, made)
    if (standing := api.flow(made.flow)) is not None:
        _adopt(shop, plan, standing, api, ports)
    return made


def _standing(plan: FlowPlan, before: MadeFlow | None, api: KlaviyoApi) -> Json | None:
    """The plan's flow as Klaviyo has it: the one that was noted, or one that was made and could not be noted."""
    noted = api.flow(before.flow) if before and before.flow else None
    if noted is not None:
        return noted
    return next((flow for one in api.flows_named(plan.name) if (flow := api.flow(str(one["id"])))), None)


def _adopt(shop: Shop, plan: FlowPlan, flow: object, api: KlaviyoApi, ports: Ports) -> None:
    """Klaviyo gives each message a copy of its template: from now on the copy is what we renew, and look at."""
    copies, known = template_ids(flow), ports.made.templates(shop.id)
    for mail in plan.mails:
        for arm in Arm:
            held, copy = known.get(mail.template_key(arm)), copies.get(mail.template_name(arm), "")
            if held is None or not copy or copy == held.template:
                continue
            shown = api.template(copy)
            if shown is not None:
                digest = digest_of(str(_attribute(shown, "html")))
                ports.made.put_template(shop.id, MadeTemplate(held.key, copy, held.version, digest))


def _templates(shop: Shop, plan: FlowPlan, look: Look, api: KlaviyoApi, ports: Ports) -> dict[str, str]:
    """The ids of the plan's templates by key, made or renewed where that is ours to do."""
    known = ports.made.templates(shop.id)
    ids = {}
    for mail in plan.mails:
        for arm in Arm:
            wanted = template_of(mail, arm, look)
            ids[wanted.key] = _template(shop, wanted, known.get(wanted.key), api, ports)
    return ids


def _template(shop: Shop, wanted: Template, known: MadeTemplate | None, api: KlaviyoApi, ports: Ports) -> str:
    version = _version(wanted)
    held = api.template(known.template) if known else None
    if known is None or held is None:
        id = _unnoted(wanted, api) or api.create_template(wanted.name, wanted.html, wanted.text)
    elif known.digest and digest_of(str(_attribute(held, "html"))) != known.digest:
        ports.made.put_template(shop.id, replace(known, edited=True))
        return known.template
    elif known.version == version:
        return known.template
    else:
        id = known.template
        api.update_template(id, name=wanted.name, html=wanted.html, text=wanted.text)
    # Noted twice: a kill before Klaviyo has shown what it keeps must not make the template a second time.
    ports.made.put_template(shop.id, MadeTemplate(wanted.key, id, version, ""))
    kept = api.template(id)
    digest = digest_of(str(_attribute(kept, "html"))) if kept else wanted.digest
    ports.made.put_template(shop.id, MadeTemplate(wanted.key, id, version, digest))
    return id


def _unnoted(wanted: Template, api: KlaviyoApi) -> str:
    """A template that was made and could not be noted: it has our name, and holds exactly what we would write."""
    mine = (one for one in api.templates_named(wanted.name) if digest_of(str(_attribute(one, "html"))) == wanted.digest)
    return next((str(one["id"]) for one in mine), "")


def _version(wanted: Template) -> str:
    """Changes with the code's version of the templates and with the merchant's look."""
    return f"{VERSION}.{hashlib.sha256((wanted.html + wanted.text).encode()).hexdigest()[:16]}"


def _attribute(resource: object, name: str) -> object:
    attributes = resource.get("attributes") if isinstance(resource, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None


def _message(action: object) -> dict[str, Any]:
    data = action.get("data") if isinstance(action, dict) else None
    message = data.get("message") if isinstance(data, dict) else None
    return message if isinstance(message, dict) else {}
