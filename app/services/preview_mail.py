"""A mail of the series as one shopper would get it now: the page asks, a job has Klaviyo fill in the template.

The event is built by the functions that build it for sending, and products are chosen as for sending. But no decision
goes on record, no event is sent and no code is given out: looking at a mail counts for nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app import jobs
from app.core.email.care import care_of
from app.core.email.flows.plan import FlowPlan, Mail
from app.core.email.hold_out import arm_of
from app.core.email.names import ARM, Arm
from app.core.email.offers import PREFIX, day_in_words, end_of, last_day_of
from app.core.email.picked import Picked
from app.core.email.previewed import EXAMPLE, example, mail_of, subject_of
from app.core.email.triggers import Occasion, about_of, ask_of, cared_for, event_of, objects_of
from app.core.errors import DomainError
from app.core.ids import CustomerId
from app.core.profiles.consent import Purpose, why_not
from app.core.shop_days import zone_of
from app.core.shops import Shop
from app.errors import KlaviyoDisconnected, KlaviyoRefused, Retryable
from app.ports import Access, AccessLog, Clock, Installations, Jobs
from app.ports.care import CareShelf
from app.ports.flows import MadeFlows
from app.ports.klaviyo import KlaviyoApis, KlaviyoConnections
from app.ports.mail import MailGoods, MailSettingsStore
from app.ports.mail_previews import MailPreview, MailPreviews, PreviewOccasions, PreviewState
from app.ports.push import MailPerson
from app.services.hand_out_offer import OFFERED
from app.services.pick_by_arm import first_of_rails
from app.services.pick_for_mail import PickPorts, desk_of

WHY: Final = "preview of a mail"
FIELDS: Final = "products chosen for a mail"
UNKNOWN: Final = "They are not known any more."
NO_ADDRESS: Final = "No e-mail address is known of them."
NOT_MADE: Final = "This mail does not stand in Klaviyo yet. Make the drafts first."
GONE: Final = "This mail’s template is gone in Klaviyo. Look again, and make what is missing."
NO_ORDER: Final = "There is nothing to show: they have not ordered, and the mail is about a product."
DISCONNECTED: Final = "Klaviyo is not connected, or does not answer to Attune at present. Look at the Klaviyo page."
SILENT: Final = "Klaviyo does not answer at present. Try it again in a minute."
BROKE: Final = "The preview could not be made. Try it again; if it fails once more, look at Data."
OFF: Final = "This occasion is switched off, so that nothing is sent of it."
AS_EXAMPLE: Final = "Nothing of the kind has come about for them: as an example, take what they ordered last."
AS_EXAMPLE_BARE: Final = "Nothing of the kind has come about for them: this is what they would get if it did now."
UNCHOSEN: Final = "Nothing could be chosen for them, so that the best sellers of your feed stand there."
CODE: Final = f"{PREFIX}EXAMPLE"
NO_CODE: Final = "The code is an example: each shopper gets one of their own when it is due, while your budget lasts."
IN_CONTROL: Final = "They are in the control group: of the two, they get the mail without Attune’s products."
NOT_IN_CONTROL: Final = "They are not in the control group: of the two, they get the mail with Attune’s products."


@dataclass(frozen=True, slots=True)
class Asking:
    previews: MailPreviews
    access: AccessLog
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class Ports:
    previews: MailPreviews
    occasions: PreviewOccasions
    made: MadeFlows
    settings: MailSettingsStore
    connections: KlaviyoConnections
    apis: KlaviyoApis
    picking: PickPorts
    goods: MailGoods
    installations: Installations
    care: CareShelf
    clock: Clock


class CannotShow(DomainError):
    """The shopper would get no such mail; the sentence says why."""


def ask_preview(shop: Shop, customer: CustomerId, mail: str, arm: Arm, *, by: str, ports: Asking) -> str:
    """Have it made; returns the id by which it is found. That somebody looked is in the access log first.

    Raises:
        DomainError: there is no such mail.
    """
    if mail_of(mail) is None:
        raise DomainError("choose one of the mails")
    now, id = ports.clock.now(), secrets.token_urlsafe(12)
    whose = {"subject_kind": "customer", "subject_id": str(customer)}
    ports.access.note(shop.id, Access(by, WHY), **whose, fields=FIELDS, at=now)
    ports.previews.ask(shop.id, MailPreview(id, customer, mail, arm), at=now)
    ports.jobs.enqueue(jobs.PREVIEW_MAIL, shop.id, id)
    return id


def preview_mail(shop: Shop, id: str, ports: Ports) -> MailPreview | None:
    """Make it and keep it; None where nobody waits for it any more."""
    asked = ports.previews.one(shop.id, id, at=ports.clock.now())
    if asked is None or asked.state is not PreviewState.WAITING:
        return None
    try:
        answer = _made(shop, asked, ports)
    except CannotShow as reason:
        answer = replace(asked, state=PreviewState.NONE, complaint=str(reason))
    except KlaviyoRefused as refusal:
        gone = GONE if refusal.status == 404 else f"Klaviyo could not fill it in: {refusal}"
        answer = replace(asked, state=PreviewState.FAILED, complaint=gone)
    except KlaviyoDisconnected:
        answer = replace(asked, state=PreviewState.FAILED, complaint=DISCONNECTED)
    except Retryable:
        answer = replace(asked, state=PreviewState.FAILED, complaint=SILENT)
    except Exception:
        # The page waits for an answer, whatever went wrong; the job fails all the same.
        ports.previews.answer(shop.id, replace(asked, state=PreviewState.FAILED, complaint=BROKE))
        raise
    ports.previews.answer(shop.id, answer)
    return answer


def _made(shop: Shop, asked: MailPreview, ports: Ports) -> MailPreview:
    plan, mail = _named(asked)
    template = ports.made.templates(shop.id).get(mail.template_key(asked.arm))
    if template is None:
        raise CannotShow(NOT_MADE)
    person = _willing(ports.picking.people.of(shop.id, [asked.customer]).get(asked.customer))
    occasion = _occasion(shop, plan, person, ports)
    picked = first_of_rails(desk_of(shop, ports.picking), ask_of(occasion), person).picked
    properties = _properties(shop, occasion, asked.arm, picked, ports)
    shown = ports.apis.of(shop).render(template.template, {"event": properties, "person": {ARM: asked.arm.value}})
    connection = ports.connections.of(shop.id)
    return replace(
        asked,
        state=PreviewState.DONE,
        subject=subject_of(mail, connection.name if connection else "", properties),
        sender=connection.sender_name if connection else "",
        html=shown.html,
        notes=_notes(shop, plan, asked, occasion, picked, ports),
    )


def _named(asked: MailPreview) -> tuple[FlowPlan, Mail]:
    found = mail_of(asked.mail)
    if found is None:
        raise CannotShow("There is no such mail any more.")
    return found


def _willing(person: MailPerson | None) -> MailPerson:
    """The shopper, if mails may be sent to them: what is asked before sending is asked here."""
    if person is None:
        raise CannotShow(UNKNOWN)
    why = why_not(Purpose.EMAIL, person.consent) or why_not(Purpose.PERSONALISE, person.consent)
    if why or not person.address:
        raise CannotShow(why or NO_ADDRESS)
    return person


def _occasion(shop: Shop, plan: FlowPlan, person: MailPerson, ports: Ports) -> Occasion:
    """The newest that has come about, or one as it might."""
    now: datetime = ports.clock.now()
    found = ports.occasions.newest(shop.id, plan.trigger, person.customer, now=now)
    made_up = found or example(plan.trigger, person.customer, next(iter(person.orders), None), now)
    if made_up is None:
        raise CannotShow(NO_ORDER)
    return made_up


def _properties(shop: Shop, occasion: Occasion, arm: Arm, picked: Picked, ports: Ports) -> dict[str, object]:
    """Of the event that would be sent; without the address, which no template needs."""
    about = objects_of(occasion, ports.goods.items(shop, about_of(occasion)))
    care = care_of(cared_for(occasion), ports.care.of(shop, cared_for(occasion)))
    offer = _example_offer(shop, occasion, arm, ports)
    ours = picked if arm is Arm.ATTUNE else None
    event = event_of(occasion, email="", arm=arm, picked=ours, about=about, offer=offer, care=care)
    properties: dict[str, object] = event["properties"]
    return properties


def _example_offer(shop: Shop, occasion: Occasion, arm: Arm, ports: Ports) -> dict[str, str] | None:
    """What an offer by the terms as they are would say, with a code that is none: real ones cost the budget."""
    terms = ports.settings.of(shop.id).offer
    if occasion.trigger not in OFFERED or arm is not Arm.ATTUNE or not terms.is_on:
        return None
    profile = ports.installations.profile(shop.id)
    zone, currency = (zone_of(profile.timezone), profile.currency) if profile else (ZoneInfo("UTC"), "")
    ends = end_of(last_day_of(ports.clock.now(), terms.days, zone), zone)
    return {"offer_code": CODE, "offer_ends": day_in_words(ends, zone), "offer_text": terms.words(currency)}


def _notes(
    shop: Shop, plan: FlowPlan, asked: MailPreview, occasion: Occasion, picked: Picked, ports: Ports
) -> list[str]:
    settings = ports.settings.of(shop.id)
    theirs = arm_of(settings.salt, asked.customer, share=settings.hold_out)
    notes = [IN_CONTROL if theirs is Arm.CONTROL else NOT_IN_CONTROL] if settings.salt and settings.hold_out else []
    if plan.trigger not in settings.triggers:
        notes.append(OFF)
    if occasion.key == EXAMPLE:
        notes.append(AS_EXAMPLE if about_of(occasion) else AS_EXAMPLE_BARE)
    if asked.arm is Arm.ATTUNE and not picked.items:
        notes.append(UNCHOSEN)
    if _example_offer(shop, occasion, asked.arm, ports):
        notes.append(NO_CODE)
    return notes
