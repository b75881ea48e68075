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

from app.core.email.hold_out import arm_of
from app.core.email.names import Arm
from app.core.email.picked import Picked
from app.core.email.products import MailItem
from app.core.email.settings import MailSettings
from app.core.email.triggers import RULES, Occasion, ask_of, event_of
from app.core.errors import Busy
from app.core.ids import ProductId
from app.core.profiles.consent import Purpose, why_not
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.ports import Claims, Clock, Json
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis
from app.ports.mail import Fate, MailGoods, MailSettingsStore, MailTriggers, Occasions, Picks, Waiting
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "start_flows"
CLAIM_S: Final = 120.0
AT_A_TIME: Final = 100
NO_ADDRESS: Final = "No e-mail address is known."
TOO_OLD: Final = "It waited for so long that it is no occasion any more."
SWITCHED_OFF: Final = "It was switched off before."


@dataclass(frozen=True, slots=True)
class Ports:
    settings: MailSettingsStore
    occasions: Occasions
    triggers: MailTriggers
    goods: MailGoods
    pick: Picks
    klaviyo: KlaviyoApis
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
    about = ports.goods.items(shop, {product for one in willing for product in _about(one.occasion)})
    for one, arm, picked in zip(willing, arms, ports.pick(shop, asks), strict=True):
        event = _event(one, arm, picked, about)
        fate, complaint = _told(api, event)
        checkpoint("sent")
        rid = str(picked.request_id)
        ports.triggers.settle(shop.id, one.occasion, fate, at=now, arm=arm, request_id=rid, complaint=complaint)
        checkpoint("settled")
        fates.append(fate)
    return fates


def _event(one: Waiting, arm: Arm, picked: Picked, about: Mapping[ProductId, MailItem]) -> Json:
    ours = picked if arm is Arm.ATTUNE else None
    return event_of(one.occasion, email=one.email, arm=arm, picked=ours, about=_objects(one.occasion, about))


def _why_not(one: Waiting, settings: MailSettings, now: datetime) -> str:
    """Why nothing is sent; empty where something is."""
    if one.occasion.trigger not in settings.triggers:
        return SWITCHED_OFF
    if not one.email:
        return NO_ADDRESS
    if one.occasion.at < now - 2 * RULES[one.occasion.trigger].stale:
        return TOO_OLD
    return why_not(Purpose.EMAIL, one.consent) or why_not(Purpose.PERSONALISE, one.consent) or ""


def _about(occasion: Occasion) -> tuple[ProductId, ...]:
    return occasion.cart or ((occasion.product,) if occasion.product else ())


def _objects(occasion: Occasion, items: Mapping[ProductId, MailItem]) -> list[Json]:
    """The products of the occasion as the mail shows them; no decision of ours chose them."""
    return [items[product].as_json("", place) for place, product in enumerate(_about(occasion), 1) if product in items]


def _told(api: KlaviyoApi, event: Json) -> tuple[Fate, str]:
    try:
        api.send_event(event)
    except KlaviyoRefused as refusal:
        return Fate.REFUSED, str(refusal)
    return Fate.SENT, ""
