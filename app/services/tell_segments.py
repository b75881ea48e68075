"""Tell Shopify which segments each customer is in: as metafields, as native segments, and how large audiences are.

What is told is a function of the counted segments, the customers' wishes and what stands there already, so a run that
was killed is simply run again. Only customers of whom something changed travel, in bulk, and before they do it is noted
that anything may stand there: nothing of ours is ever in the store without our knowing. Whoever may not be learnt from
is told nothing of, and what stood there is deleted; so is everything once the merchant switches it off.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.core.errors import Busy
from app.core.ids import CustomerId
from app.core.profiles.consent import Purpose, allowed
from app.core.segments.outlets import Outlet, Told, digest_of, keys_of, scores_of, told_of
from app.core.segments.outlets_audiences import AUDIENCES, Audience, audiences_of, may_be_put_on
from app.core.segments.rfm import Cuts
from app.core.shops import Shop
from app.ports import AdminApi, AdminApis, Claims, Clock, Consents
from app.ports.outlets import Audiences, AudienceSize, Outlets, Switch, Tellable, Tellables
from app.ports.segments import SegmentRegister
from app.services.bulk_metafields import Outcome, Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.tell_customers import UNSURE, delete_told, write_told
from app.services.tell_natives import tell_natives
from app.services.training_claim import has_consent

CLAIM: Final = "tell_segments"
CLAIM_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class Ports:
    outlets: Outlets
    people: Tellables
    audiences: Audiences
    segments: SegmentRegister
    consents: Consents
    admin: AdminApis
    claims: Claims
    clock: Clock


@dataclass(frozen=True, slots=True)
class Done:
    """Of how many customers something was written, taken away, and refused; and how many native segments changed."""

    written: int = 0
    removed: int = 0
    refused: int = 0
    natives: int = 0


def tell_segments(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Wait = time.sleep) -> Done:
    """Bring Shopify to what is known now; where it is switched off, take away what is ours.

    Raises:
        Busy: another worker is at it.
        Permanent: there is no usable token, or a scope is missing.
        Retryable: Shopify did not finish; what it did is recorded.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"Shopify is being told of the segments of {shop.domain} already")
        switches = ports.outlets.all(shop.id)
        is_on = _is_on(switches) and has_consent(shop, ports.consents)
        plan = _plan(shop, ports, is_on=is_on)
        ports.audiences.record(shop.id, plan.sizes, at=ports.clock.now())
        checkpoint("planned")
        if not plan and not switches:
            return Done()
        api = ports.admin.of(shop)
        written, removed, refused = _Telling(shop, ports, api, checkpoint, wait).carry_out(plan)
        natives = tell_natives(shop, api, switches, ports.outlets, ports.segments, is_on=is_on)
        checkpoint("natives_told")
        for switch in switches:
            if switch.outlet in (Outlet.METAFIELDS, Outlet.FLOW, Outlet.CHURN) and not switch.wanted and not refused:
                ports.outlets.gone(shop.id, switch)
        return Done(written, removed, refused, natives)


def _is_on(switches: Iterable[Switch]) -> bool:
    return any(switch.outlet is Outlet.METAFIELDS and switch.wanted for switch in switches)


def reachable(one: Tellable, now_s: int) -> tuple[list[Audience], bool]:
    """The audiences that a customer belongs to, and whether they may be put on them."""
    keys = frozenset(key for _, key in one.segments)
    return list(audiences_of(keys, one.last_s, now_s)), may_be_put_on(one.consent)


@dataclass(slots=True)
class _Plan:
    """What is to be written, which metafields are to go, and how large the audiences are."""

    changed: dict[CustomerId, Told] = field(default_factory=dict)
    stale: dict[CustomerId, frozenset[str]] = field(default_factory=dict)
    sizes: dict[str, AudienceSize] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changed or self.stale)

    def add(self, customer: CustomerId, told: Told, standing: str | None) -> None:
        wanted = digest_of(told) if told else None
        if wanted == standing:
            return
        if told:
            self.changed[customer] = told
        gone = keys_of(standing) - keys_of(wanted)
        if gone:
            self.stale[customer] = gone


def _plan(shop: Shop, ports: Ports, *, is_on: bool) -> _Plan:
    plan, counted = _Plan(), Counter[tuple[str, str]]()
    now_s, cuts = int(ports.clock.now().timestamp()), ports.people.cuts(shop.id)
    for one in ports.people.everybody(shop.id):
        audiences, may = reachable(one, now_s)
        for audience in audiences:
            counted[audience.key, "members"] += 1
            counted[audience.key, "allowed"] += may
            counted[audience.key, "with_email"] += may and one.has_email
        told = _told(one, audiences if may else [], cuts) if is_on else Told()
        plan.add(one.customer, told, one.digest)
    for customer, digest in ports.people.strangers(shop.id):
        plan.add(customer, Told(), digest)
    for audience in AUDIENCES:
        parts = (counted[audience.key, part] for part in ("members", "allowed", "with_email"))
        plan.sizes[audience.key] = AudienceSize(*parts)
    return plan


def _told(one: Tellable, audiences: Iterable[Audience], cuts: Cuts) -> Told:
    if not allowed(Purpose.LEARN, one.consent):
        return Told()
    scores = scores_of(one.orders, one.last_s or 0, one.net, cuts)
    return told_of(one.segments, (audience.handle for audience in audiences), scores, one.favourite)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One run: what changed is written, then what must no longer stand beside it is taken away."""

    shop: Shop
    ports: Ports
    api: AdminApi
    checkpoint: Checkpoint
    wait: Wait

    def carry_out(self, plan: _Plan) -> tuple[int, int, int]:
        """How many customers were written, emptied, and refused."""
        self._record(dict.fromkeys(plan.changed.keys() | plan.stale.keys(), UNSURE))
        self.checkpoint("noted")
        written = refused = removed = 0
        stale = dict(plan.stale)
        for outcome in write_told(self.api, plan.changed, wait=self.wait):
            self.checkpoint("written")
            accepted = [one for one in outcome.accepted if one not in stale]
            self._record({one: digest_of(plan.changed[one]) for one in accepted})
            written += len(outcome.accepted)
            refused += self._refused(outcome)
            for one in (*outcome.refused, *outcome.unsure):
                stale.pop(one, None)
            self.checkpoint("recorded")
        for outcome in delete_told(self.api, stale, wait=self.wait):
            self.checkpoint("deleted")
            emptied = [one for one in outcome.accepted if one not in plan.changed]
            self._record({one: digest_of(plan.changed[one]) for one in outcome.accepted if one in plan.changed})
            self.ports.people.remove(self.shop.id, emptied)
            removed += len(emptied)
            refused += self._refused(outcome)
        return written, removed, refused

    def _record(self, digests: Mapping[CustomerId, str]) -> None:
        if digests:
            self.ports.people.record(self.shop.id, digests, at=self.ports.clock.now())

    def _refused(self, outcome: Outcome[CustomerId]) -> int:
        """They stay noted as unsure, so the next run tries them again."""
        said = outcome.refused | outcome.unsure
        if said:
            self.ports.people.complain(self.shop.id, said, at=self.ports.clock.now())
        return len(said)
