"""Code discounts: which code is valid for which cart and customer, what it takes off, and how often it was used.

A shop opens with WELCOME10 and with every code that its history holds, each at ten per cent for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devstore.clock import StoreClock
from devstore.model import AppliedDiscount, Customer, Discount, RedeemCode, World
from devstore.store.jobs import Job
from devstore.store.pricing import PricedLine, allocate, entitled, meets_minimum
from devstore.store.records import Unknown
from devstore.store.segments import SegmentChanges

OPENING_PERCENTAGE = 0.10
MAX_CODE = 255
_OPENING_ID = 1_190_000_001


class CodeRefused(Unknown):
    """The discount code does not exist, or is not for this cart, this customer or this day; the text says which."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one code takes off each line of a cart, in the order of the lines."""

    discount: Discount
    redeem_code: RedeemCode
    parts: tuple[int, ...]

    def applied(self, line_ids: Sequence[int]) -> AppliedDiscount:
        discount = self.discount
        kept = tuple((line_id, part) for line_id, part in zip(line_ids, self.parts, strict=True) if part)
        return AppliedDiscount(
            self.redeem_code.code, discount.id, discount.percentage, discount.each, discount.entitled_only, kept
        )


@dataclass(slots=True)
class CodeBatch:
    """Codes that are being added to a discount."""

    id: int
    discount_id: int
    created_at: datetime
    codes: tuple[str, ...]
    outcomes: list[RedeemCode | tuple[str, str]] = field(default_factory=list)
    """For each code, as it is done: what was made of it, or message and error code."""
    job: Job = field(default_factory=lambda: Job(""))


class DiscountChanges(SegmentChanges):
    """The shop's code discounts. Codes are found whatever their case, as at Shopify's checkout."""

    def __init__(self, world: World, clock: StoreClock | None = None) -> None:
        super().__init__(world, clock)
        self.discounts: dict[int, Discount] = {d.id: d for d in _opening_discounts(world)}
        self.code_batches: dict[int, CodeBatch] = {}
        self._codes: dict[str, tuple[int, RedeemCode]] = {}
        for discount in self.discounts.values():
            self._index(discount, discount.codes)

    def discount_by_code(self, code: str) -> Discount | None:
        found = self._codes.get(code.strip().casefold())
        return self.discounts[found[0]] if found else None

    def add_discount(self, discount: Discount) -> None:
        with self.lock:
            self.discounts[discount.id] = discount
            self._index(discount, discount.codes)

    def add_codes(self, discount: Discount, codes: Sequence[str]) -> list[RedeemCode]:
        """Give a discount more codes; the caller has checked that they are free."""
        with self.lock:
            made = [RedeemCode(self.next_id(), code) for code in codes]
            discount.codes.extend(made)
            self._index(discount, made)
            return made

    def add_codes_later(self, discount: Discount, codes: Sequence[str]) -> CodeBatch:
        """Give a discount more codes as a job does; each code has an outcome of its own."""
        batch = CodeBatch(self.next_id(), discount.id, self.clock.now(), tuple(codes))
        self.code_batches[batch.id] = batch

        def work() -> None:
            for code in batch.codes:
                if problem := self.code_problem(code):
                    batch.outcomes.append(problem)
                elif discount.id not in self.discounts:
                    batch.outcomes.append(("Discount does not exist", "INVALID"))
                else:
                    batch.outcomes.extend(self.add_codes(discount, [code.strip()]))

        batch.job = self.jobs.start(work)
        return batch

    def code_problem(self, code: str, own: Discount | None = None) -> tuple[str, str] | None:
        """Message and DiscountErrorCode of what is wrong with a new code; `own` may have it already."""
        if not code.strip():
            return "Code can't be blank", "BLANK"
        if len(code) > MAX_CODE:
            return f"Code is too long (maximum is {MAX_CODE} characters)", "TOO_LONG"
        if re.search(r"[\r\n]", code):
            return "Code cannot contain newline characters.", "INVALID"
        if self.discount_by_code(code) not in (None, own):
            return "Code must be unique. Please try a different code.", "TAKEN"
        return None

    def drop_codes(self, discount: Discount, codes: Sequence[RedeemCode]) -> None:
        with self.lock:
            for gone in codes:
                self._codes.pop(gone.code.casefold(), None)
                discount.codes.remove(gone)

    def delete_discount(self, discount_id: int) -> bool:
        """Whether there was one to delete."""
        with self.lock:
            gone = self.discounts.pop(discount_id, None)
            for code in gone.codes if gone else ():
                self._codes.pop(code.code.casefold(), None)
            return gone is not None

    def quote(
        self, lines: Sequence[tuple[int, int]], codes: Sequence[str], customer: Customer | None
    ) -> list[Reduction]:
        """What the codes take off a cart of (variant id, quantity), products before whole orders.

        Raises:
            CodeRefused: one of them is not valid for this cart and customer, or does not go with the others.
        """
        with self.lock:
            priced = [PricedLine(self.variants[variant_id], quantity) for variant_id, quantity in lines]
            found = [self._valid(code, priced, customer) for code in dict.fromkeys(c.strip() for c in codes)]
            _check_combination([discount for discount, _ in found])
            # A code for products comes before one for the order, which counts on what is left.
            found.sort(key=lambda pair: pair[0].kind != "PRODUCT")
            return list(self._reductions(found, priced))

    def _reductions(
        self, found: Sequence[tuple[Discount, RedeemCode]], lines: Sequence[PricedLine]
    ) -> Iterator[Reduction]:
        left = [line.gross for line in lines]
        for discount, redeem_code in found:
            parts = allocate(discount, lines, entitled(discount, lines, self.collections.values()), left)
            left = [rest - part for rest, part in zip(left, parts, strict=True)]
            yield Reduction(discount, redeem_code, tuple(parts))

    def _valid(self, code: str, lines: Sequence[PricedLine], customer: Customer | None) -> tuple[Discount, RedeemCode]:
        discount_id, redeem_code = self._codes.get(code.casefold(), (0, None))
        if redeem_code is None:
            raise CodeRefused(f"no discount code {code}")
        discount = self.discounts[discount_id]
        if discount.status(self.clock.now()) != "ACTIVE":
            raise CodeRefused(f"the discount code {code} is not active")
        if discount.usage_limit is not None and redeem_code.uses >= discount.usage_limit:
            raise CodeRefused(f"the discount code {code} has reached its usage limit")
        if not self._may_use(discount, customer):
            raise CodeRefused(f"the discount code {code} is not for this customer")
        if discount.once_per_customer and customer is not None and self._has_used(discount, customer):
            raise CodeRefused(f"this customer has used the discount code {code} before")
        places = entitled(discount, lines, self.collections.values())
        if not places:
            raise CodeRefused(f"the discount code {code} is for none of these products")
        if not meets_minimum(discount, lines, places):
            raise CodeRefused(f"the cart is too small for the discount code {code}")
        return discount, redeem_code

    def _may_use(self, discount: Discount, customer: Customer | None) -> bool:
        if discount.customer_ids is not None:
            return customer is not None and customer.id in discount.customer_ids
        if discount.segment_ids is not None:
            return customer is not None and any(
                self.in_segment(customer, segment) for i in discount.segment_ids if (segment := self.segments.get(i))
            )
        return True

    def _has_used(self, discount: Discount, customer: Customer) -> bool:
        own = {code.code for code in discount.codes}
        orders = (self.orders[i] for i in self.orders_of.get(customer.id, ()) if i in self.orders)
        return any(own.intersection(order.discount_codes) for order in orders)

    def _index(self, discount: Discount, codes: Sequence[RedeemCode]) -> None:
        for code in codes:
            self._codes[code.code.casefold()] = discount.id, code


def _check_combination(discounts: Sequence[Discount]) -> None:
    """Two codes stand together only where each allows the other's class."""
    for i, one in enumerate(discounts):
        for other in discounts[i + 1 :]:
            if one.id == other.id or other.kind not in one.combines_with or one.kind not in other.combines_with:
                raise CodeRefused(f"the discounts {one.title} and {other.title} cannot be combined")


def _opening_discounts(world: World) -> Iterator[Discount]:
    uses: dict[str, int] = {"WELCOME10": 0}
    for order in world.orders:
        for code in order.discount_codes:
            uses[code] = uses.get(code, 0) + 1
    opened = min((p.created_at for p in world.products), default=world.now) - timedelta(days=1)
    for place, (code, count) in enumerate(uses.items()):
        made = _OPENING_ID + 2 * place
        yield Discount(
            made, code, opened, opened, opened, codes=[RedeemCode(made + 1, code, count)],
            percentage=OPENING_PERCENTAGE,
        )  # fmt: skip
