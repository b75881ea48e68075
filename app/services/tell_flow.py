"""Tell Shopify Flow who has entered a segment, and whose risk of leaving rose, so that the merchant's workflows begin.

Each entry is told once: it stands in an outbox until Shopify has taken it. A worker that is killed between Shopify's
answer and the note of it leaves the entry there, and the next one tells it again; twice is the most. Until there are
predictions of churn, a rising risk is a stage of life: somebody has become at risk, or is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.errors import Busy
from app.core.profiles.consent import Purpose, why_not
from app.core.segments.outlets import RISING, handle_of
from app.core.shops import Shop
from app.ports import AdminApi, AdminApis, Claims, Clock, Json
from app.ports.outlets import Entry, FlowOutbox
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "tell_flow"
CLAIM_S: Final = 120.0
AT_A_TIME: Final = 200
NO_CUSTOMER: Final = "Nobody of the store's customers is behind it any more."


@dataclass(frozen=True, slots=True)
class Ports:
    outbox: FlowOutbox
    admin: AdminApis
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Done:
    fired: int = 0
    withheld: int = 0
    refused: int = 0


def tell_flow(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> Done:
    """Tell all entries that are new.

    Raises:
        Busy: another worker is at it; it looks again before it ends.
        Permanent: there is no usable token.
        Retryable: Shopify does not answer; what was told is noted.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"Flow is being told of {shop.domain} already")
        states = {"fired": 0, "withheld": 0, "refused": 0}
        ports.outbox.collect(shop.id, now=ports.clock.now())
        checkpoint("collected")
        while entries := ports.outbox.waiting(shop.id, limit=AT_A_TIME):
            for entry in entries:
                states[_tell(shop, entry, ports, checkpoint)] += 1
            ports.outbox.collect(shop.id, now=ports.clock.now())
        return Done(**states)


def _tell(shop: Shop, entry: Entry, ports: Ports, checkpoint: Checkpoint) -> str:
    """Settle one entry and return its new state."""
    why = why_not(Purpose.LEARN, entry.consent) if entry.customer is not None else NO_CUSTOMER
    state = "withheld" if why else "fired"
    if not why:
        why = _fire(ports.admin.of(shop), entry)
        state = "refused" if why else "fired"
        checkpoint("fired")
    ports.outbox.settle(shop.id, entry, state, at=ports.clock.now(), complaint=why or "")
    checkpoint("settled")
    return state


def _fire(api: AdminApi, entry: Entry) -> str:
    """What Shopify objects to; empty if it took the entry."""
    answer = api.run("flow_trigger", {"handle": entry.handle, "payload": payload_of(entry)})["flowTriggerReceive"]
    return "; ".join(str(error["message"]) for error in answer["userErrors"])


def payload_of(entry: Entry) -> Json:
    """The fields as extensions/flow-triggers declares them."""
    own: Json = {"customer_id": entry.customer}
    if entry.handle == "churn-risk-rose":
        return {**own, "Stage": RISING.get(entry.key, entry.name)}
    return {**own, "Segment": entry.name, "Handle": handle_of(entry.segment, entry.key)}
