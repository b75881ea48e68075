"""Have codes for win-backs ready at Shopify before anybody needs one, as many as the budget pays for.

One discount holds the codes of a week, because Shopify ends all codes of a discount together. It is noted with its
first code before Shopify is asked to make it, so a run that was killed finds it again by that code. Codes that Shopify
made in a killed run and that were not noted are known to nobody, and cost nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.email.offers import HAND_OUT, MOST_READY, OfferTerms, end_of, last_day_of, new_code
from app.core.errors import Busy
from app.core.money import plain
from app.core.shop_days import zone_of
from app.core.shops import Shop
from app.errors import AccessDenied, Retryable
from app.ports import AdminApi, AdminApis, Claims, Clock, Installations
from app.ports.mail import MailSettingsStore
from app.ports.offers import OfferDiscount, Offers
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "issue_offers"
CLAIM_S: Final = 120.0
AT_A_TIME: Final = 250
"""Codes that Shopify takes in one request."""
POLL_S: Final = 0.5
MOST_POLLS: Final = 240
ENDED: Final = "You ended this discount in Shopify, so no more of its codes are given out."
Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Ports:
    settings: MailSettingsStore
    offers: Offers
    admin: AdminApis
    installations: Installations
    claims: Claims
    clock: Clock


def issue_offers(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Wait = time.sleep) -> int:
    """Count what was used, and have as many codes ready as are wanted and paid for; how many are new.

    Raises:
        Busy: another worker is at it.
        Permanent: there is no usable token.
        Retryable: Shopify did not finish; what it did is noted or known to nobody.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"codes for {shop.domain} are being made already")
        now, terms = ports.clock.now(), ports.settings.of(shop.id).offer
        ports.offers.count_used(shop.id, now=now)
        if not terms.is_on:
            return 0
        try:
            return _Issuing(shop, terms, ports, ports.admin.of(shop), checkpoint, wait).fill()
        except AccessDenied:
            return 0  # What was granted a moment ago may not be known here yet, so Shopify is asked, and again later.


@dataclass(frozen=True, slots=True)
class _Issuing:
    shop: Shop
    terms: OfferTerms
    ports: Ports
    api: AdminApi
    checkpoint: Checkpoint
    wait: Wait

    def fill(self) -> int:
        """Refill when half of what is wanted is gone, so that few requests bring many codes."""
        offers, now = self.ports.offers, self.ports.clock.now()
        standing = offers.newest(self.shop.id, self.terms, now=now)
        if standing is not None and standing.trouble:
            return 0
        ledger = offers.ledger(self.shop.id, self.terms, now=now)
        wanted = min(ledger.affordable(self.terms), MOST_READY)
        if not wanted:
            return 0
        discount = self._standing(standing) if standing else self._made(self._begun())
        ready = ledger.ready if standing and standing.gid else 1
        if discount is None or 2 * ready > wanted:
            return 0
        return sum(self._added(discount, count) for count in _parts(wanted - ready))

    def _standing(self, discount: OfferDiscount) -> OfferDiscount | None:
        """The discount as Shopify has it; None where the merchant has ended it."""
        node = self.api.run("offer_discount", {"code": discount.first_code})["codeDiscountNodeByCode"]
        if not discount.gid:
            return self._noted(discount, node["id"]) if node else self._made(discount)
        if node is None or node["id"] != discount.gid or node["codeDiscount"].get("status") == "EXPIRED":
            self.ports.offers.troubled(self.shop.id, discount, ENDED)
            return None
        return discount

    def _begun(self) -> OfferDiscount:
        now, profile = self.ports.clock.now(), self.ports.installations.profile(self.shop.id)
        zone, currency = (zone_of(profile.timezone), profile.currency) if profile else (ZoneInfo("UTC"), "")
        until = now + HAND_OUT
        begun = OfferDiscount(
            new_code(secrets.choice),
            self.terms.key,
            self.terms.words(currency),
            self.terms.greatest_cost,
            until,
            end_of(last_day_of(until, self.terms.days, zone), zone),
        )
        self.ports.offers.begin(self.shop.id, begun, at=now)
        self.checkpoint("begun")
        return begun

    def _made(self, discount: OfferDiscount) -> OfferDiscount | None:
        profile = self.ports.installations.profile(self.shop.id)
        currency = profile.currency if profile else ""
        given = discount_of(self.terms, discount, currency, starts_at=self.ports.clock.now().isoformat())
        answer = self.api.run("create_offer", {"discount": given})["discountCodeBasicCreate"]
        if answer["userErrors"]:
            self.ports.offers.troubled(self.shop.id, discount, _complaint(answer))
            return None
        self.checkpoint("made")
        return self._noted(discount, answer["codeDiscountNode"]["id"])

    def _noted(self, discount: OfferDiscount, gid: str) -> OfferDiscount:
        self.ports.offers.made(self.shop.id, discount, gid)
        self.checkpoint("noted")
        return replace(discount, gid=gid)

    def _added(self, discount: OfferDiscount, count: int) -> int:
        codes = [{"code": new_code(secrets.choice)} for _ in range(count)]
        answer = self.api.run("add_offer_codes", {"discount": discount.gid, "codes": codes})[
            "discountRedeemCodeBulkAdd"
        ]
        if answer["userErrors"]:
            self.ports.offers.troubled(self.shop.id, discount, _complaint(answer))
            return 0
        self.checkpoint("asked")
        made = self._finished(answer["bulkCreation"]["id"])
        self.ports.offers.add(self.shop.id, discount, made)
        self.checkpoint("added")
        return len(made)

    def _finished(self, creation: str) -> list[str]:
        """The codes that Shopify made, once it is done."""
        for _ in range(MOST_POLLS):
            found = self.api.run("offer_codes", {"id": creation})["discountRedeemCodeBulkCreation"]
            if found is not None and found["done"]:
                return [str(node["code"]) for node in found["codes"]["nodes"] if node["discountRedeemCode"]]
            self.wait(POLL_S)
        raise Retryable("Shopify has not finished making codes")


def discount_of(terms: OfferTerms, discount: OfferDiscount, currency: str, *, starts_at: str) -> dict[str, Any]:
    """`DiscountCodeBasicInput`: each code is good once, and goes with no other discount.

    https://shopify.dev/docs/api/admin-graphql/2026-10/input-objects/DiscountCodeBasicInput
    """
    amount = {"discountAmount": {"amount": plain(terms.amount, currency), "appliesOnEachItem": False}}
    least = {"subtotal": {"greaterThanOrEqualToSubtotal": plain(terms.least_order, currency)}}
    return {
        "title": f"Attune win-back: {discount.words} ({discount.first_code})",
        "code": discount.first_code,
        "startsAt": starts_at,
        "endsAt": discount.ends_at.isoformat(),
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"all": "ALL"},
        "combinesWith": {"orderDiscounts": False, "productDiscounts": False, "shippingDiscounts": False},
        "customerGets": {
            "items": {"all": True},
            "value": {"percentage": terms.percent / 100} if terms.percent else amount,
        },
        **({"minimumRequirement": least} if terms.least_order else {}),
    }


def _parts(count: int) -> Iterable[int]:
    return (min(AT_A_TIME, count - start) for start in range(0, count, AT_A_TIME))


def _complaint(answer: dict[str, Any]) -> str:
    return "Shopify refused it: " + "; ".join(str(error["message"]) for error in answer["userErrors"])
