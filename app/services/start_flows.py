"""Send an event to Klaviyo for each occasion, with its products, so that the merchant's flows begin.

Both sides of the hold-out get the event, so both are counted at the same moment; the control's carries none of our
products. An occasion waits until Klaviyo has taken it. A worker that is killed in between leaves it waiting, and the
next one sends it again under the same id, which Klaviyo ignores: each occasion starts one flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.email.care import Care, care_of
from app.core.email.hold_out import arm_of
from app.core.email.names import Arm
from app.core.email.picked import Picked
from app.core.email.settings import MailSettings
from app.core.email.triggers import RULES, about_of, ask_of, cared_for, event_of, lines_of, objects_of
from app.core.errors import Busy
from app.core.profiles.consent import Purpose, why_not
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.ports import Claims, Clock, Json
from app.ports.care import CareShelf
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis
from app.ports.mail import Fate, MailGoods, MailSettingsStore, MailTriggers, Occasions, Picks, Waiting
from app.ports.push import Push, Pushes
from app.services import hand_out_offer
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "start_flows"
CLAIM_S: Final = 120.0
AT_A_TIME: Final = 100
NO_ADDRESS: Final = "No e-mail address is known."
TOO_OLD: Final = "It waited for so long that it is no occasion any more."
NOTHING_TO_SHOW: Final = "There was no product that the mail could have shown."
SWITCHED_OFF: Final = "It was switched off before."


@dataclass(frozen=True, slots=True)
class Ports:
    settings: MailSettingsStore
    occasions: Occasions
    triggers: MailTriggers
    pushes: Pushes
    goods: MailGoods
    care: CareShelf
    pick: Picks
    klaviyo: KlaviyoApis
    handing_out: hand_out_offer.Ports
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Done:
    sent: int = 0
    withheld: int = 0
    refused: int = 0


def start_flows(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> Done:
    """Find what is due and send all of it.

    Raises:
        Busy: another worker is at it.
        KlaviyoDisconnected: no account is connected; what was found waits.
        Retryable: Klaviyo does not answer; what was sent is noted.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the flows of {shop.domain} are being started already")
        settings, now = ports.settings.of(shop.id), ports.clock.now()
        if settings.offer.is_on:
            ports.handing_out.offers.count_used(shop.id, now=now)
        ports.occasions.collect(shop.id, settings, now=now)
        checkpoint("collected")
        fates = dict.fromkeys(Fate, 0)
        while waiting := ports.triggers.waiting(shop.id, limit=AT_A_TIME):
            for fate in _send(shop, waiting, settings, now, ports, checkpoint):
                fates[fate] += 1
        return Done(**{fate.value: number for fate, number in fates.items()})


def _send(
    shop: Shop,
    waiting: Sequence[Waiting],
    settings: MailSettings,
    now: datetime,
    ports: Ports,
    checkpoint: Checkpoint,
) -> list[Fate]:
    """Settle them all, each as soon as Klaviyo has it."""
    api, fates = ports.klaviyo.of(shop), list[Fate]()
    willing: list[Waiting] = []
    for one in waiting:
        if why := _why_not(one, settings, now):
            ports.triggers.settle(shop.id, one.occasion, Fate.WITHHELD, at=now, complaint=why)
            fates.append(Fate.WITHHELD)
        else:
            willing.append(one)
    arms = [arm_of(settings.salt, one.occasion.customer, share=settings.hold_out) for one in willing]
    asks = [(ask_of(one.occasion), arm) for one, arm in zip(willing, arms, strict=True)]
    about = ports.goods.items(shop, {product for one in willing for product in about_of(one.occasion)})
    cares = ports.care.of(shop, {product for one in willing for product in cared_for(one.occasion)})
    # The event writes the arm into the profile, which is to be found again when the shopper is erased.
    begun = {one.occasion.customer: Push(one.occasion.customer, "", one.address, (), one.email) for one in willing}
    ports.pushes.begun(shop.id, list(begun.values()), at=now)
    for one, arm, picked in zip(willing, arms, ports.pick(shop, asks), strict=True):
        shown, care = objects_of(one.occasion, about), care_of(cared_for(one.occasion), cares)
        if not picked.items and not shown and care is None:
            # Neither arm: those who are compared are the same people on both sides.
            ports.triggers.settle(shop.id, one.occasion, Fate.WITHHELD, at=now, complaint=NOTHING_TO_SHOW)
            fates.append(Fate.WITHHELD)
            continue
        offer = hand_out_offer.hand_out_offer(shop, one.occasion, arm, settings.offer, ports.handing_out, now=now)
        checkpoint("reserved")
        lines = lines_of(one.occasion)
        cart_url = ports.goods.cart_url(shop, lines) if lines else ""
        event = _event(one, arm, picked, shown, offer, care, cart_url)
        fate, complaint = _told(api, event)
        checkpoint("sent")
        rid = str(picked.request_id)
        items = [item.product_id for item in picked.items] if arm is Arm.ATTUNE else []
        ports.triggers.settle(
            shop.id, one.occasion, fate, at=now, arm=arm, request_id=rid, complaint=complaint, items=items
        )
        checkpoint("settled")
        fates.append(fate)
    return fates


def _event(
    one: Waiting,
    arm: Arm,
    picked: Picked,
    about: Sequence[Json],
    offer: Mapping[str, str] | None,
    care: Care | None,
    cart_url: str,
) -> Json:
    ours = picked if arm is Arm.ATTUNE else None
    return event_of(
        one.occasion, email=one.email, arm=arm, picked=ours, about=about, offer=offer, care=care, cart_url=cart_url
    )


def _why_not(one: Waiting, settings: MailSettings, now: datetime) -> str:
    """Why nothing is sent; empty where something is."""
    if one.occasion.trigger not in settings.triggers:
        return SWITCHED_OFF
    if not one.email:
        return NO_ADDRESS
    if one.occasion.at < now - 2 * RULES[one.occasion.trigger].stale:
        return TOO_OLD
    return why_not(Purpose.EMAIL, one.consent) or why_not(Purpose.PERSONALISE, one.consent) or ""


def _told(api: KlaviyoApi, event: Json) -> tuple[Fate, str]:
    try:
        api.send_event(event)
    except KlaviyoRefused as refusal:
        return Fate.REFUSED, str(refusal)
    return Fate.SENT, ""
