"""``DiscountCodeBasicInput``: what of it Shopify refuses, and the discount that it makes or changes.

Fields that are left out keep their value on an update; lists are given as what to add and what to remove.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import BadInput, NotSimulated, user_error
from devstore.admin_api.gid import number
from devstore.model import Discount

PREFIX = "basicCodeDiscount"
MAX_TITLE = 255
Problem = tuple[str, str, str]
"""(path below the input, message, DiscountErrorCode)"""
Input = dict[str, Any]


class Refused(Exception):
    """The input is refused; `errors` are its userErrors."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("refused")
        self.errors = [
            user_error(message, [PREFIX, *path.split(".")], code, extraInfo=None) for path, message, code in problems
        ]


def read_discount(given: Input, ctx: Context, old: Discount | None) -> Discount:
    """The discount that the input describes, `old` with its changes where there is one; its codes are not touched.

    Raises:
        Refused: with every problem that was found.
        NotSimulated: the input asks for subscriptions, markets or tagged combinations.
    """
    _check_simulated(given)
    now = ctx.store.clock.now()
    if problems := [*_problems(given, ctx, old)]:
        raise Refused(problems)
    base = old or Discount(ctx.store.next_id(), "", now, now, now)
    changes = {**_plain_changes(given), **_value(given, ctx), **_items(given, base), **_buyers(given, base)}
    changes |= _minimum(given, ctx)
    made = replace(base, **changes, updated_at=now)
    if made.ends_at is not None and made.ends_at <= made.starts_at:
        raise Refused([("endsAt", "Ends at needs to be after starts_at", "END_DATE_BEFORE_START_DATE")])
    return made


def _check_simulated(given: Input) -> None:
    gets, combines = given.get("customerGets") or {}, given.get("combinesWith") or {}
    wanted = {
        "discounts for subscriptions": gets.get("appliesOnSubscription") or given.get("recurringCycleLimit"),
        "discounts for markets": (given.get("context") or {}).get("markets"),
        "productDiscountsWithTagsOnSameCartLine": combines.get("productDiscountsWithTagsOnSameCartLine"),
    }
    for what, asked in wanted.items():
        if asked:
            raise NotSimulated(what)


def _problems(given: Input, ctx: Context, old: Discount | None) -> Iterator[Problem]:
    if old is None:
        yield from _missing(given)
    if "title" in given and not (given["title"] or "").strip():
        yield "title", "Title can't be blank", "BLANK"
    elif len(given.get("title") or "") > MAX_TITLE:
        yield "title", f"Title is too long (maximum is {MAX_TITLE} characters)", "TOO_LONG"
    if "code" in given and (problem := ctx.store.code_problem(given["code"] or "", old)):
        yield "code", *problem
    if given.get("usageLimit") is not None and given["usageLimit"] < 1:
        yield "usageLimit", "Usage limit must be greater than 0", "GREATER_THAN"
    yield from _value_problems((given.get("customerGets") or {}).get("value"), ctx)
    yield from _item_problems((given.get("customerGets") or {}).get("items"), ctx)
    yield from _buyer_problems(given, ctx)
    minimum = given.get("minimumRequirement") or {}
    if minimum.get("quantity") and minimum.get("subtotal"):
        message = "Minimum subtotal and minimum quantity cannot both be set"
        yield "minimumRequirement", message, "MINIMUM_SUBTOTAL_AND_QUANTITY_RANGE_BOTH_PRESENT"


def _missing(given: Input) -> Iterator[Problem]:
    for path, name in (("title", "Title"), ("code", "Code"), ("startsAt", "Starts at")):
        if given.get(path) is None:
            yield path, f"{name} can't be blank", "BLANK"
    gets = given.get("customerGets") or {}
    for part in ("value", "items"):
        if not gets.get(part):
            yield f"customerGets.{part}", f"Customer gets {part} can't be blank", "BLANK"
    if not (given.get("context") or given.get("customerSelection")):
        yield "context", "Context can't be blank", "BLANK"


def _value_problems(value: Input | None, ctx: Context) -> Iterator[Problem]:
    if not value:
        return
    path = "customerGets.value"
    if value.get("discountOnQuantity"):
        yield f"{path}.discountOnQuantity", "discountOnQuantity field is only permitted with bxgy discounts.", "INVALID"
    if value.get("percentage") is not None and value.get("discountAmount"):
        yield path, "Only one of percentage and discountAmount can be given", "CONFLICT"
    if value.get("percentage") is not None and not 0 <= value["percentage"] <= 1:
        yield f"{path}.percentage", "Value must be between 0.0 and 1.0", "VALUE_OUTSIDE_RANGE"
    amount = (value.get("discountAmount") or {}).get("amount")
    if amount is not None and ctx.minor(amount) <= 0:
        yield f"{path}.discountAmount.amount", "Amount must be greater than 0", "GREATER_THAN"


def _item_problems(items: Input | None, ctx: Context) -> Iterator[Problem]:
    if not items:
        return
    path, store = "customerGets.items", ctx.store
    products, collections = items.get("products") or {}, items.get("collections") or {}
    if items.get("all") and (products or collections):
        yield f"{path}.all", "Cannot entitle all items in combination with products or collections", "CONFLICT"
    if products and collections:
        message = "Cannot entitle collections in combination with product variants or products"
        yield f"{path}.collections.add", message, "CONFLICT"
    if not (items.get("all") or products or collections):
        yield path, "The discount applies on nothing", "APPLIES_ON_NOTHING"
    checks: list[tuple[str, Input, str, str, Container[int]]] = [
        ("products.productsToAdd", products, "Product", "Product", store.products),
        ("products.productVariantsToAdd", products, "ProductVariant", "Product variant", store.variants),
        ("collections.add", collections, "Collection", "Collection", store.collections),
    ]
    for place, table, kind, name, known in checks:
        yield from _unknown(f"{path}.{place}", table.get(place.partition(".")[2]), kind, name, known)


def _buyer_problems(given: Input, ctx: Context) -> Iterator[Problem]:
    if given.get("context") and given.get("customerSelection"):
        yield "context", "Only one of context or customerSelection can be provided.", "CONFLICT"
    name = "context" if given.get("context") else "customerSelection"
    context = given.get(name) or {}
    if sum(bool(context.get(key)) for key in ("all", "customers", "customerSegments")) > 1:
        yield name, "Only one of all, customers and customer segments can be selected", "CONFLICT"
    known: list[tuple[str, str, str, Container[int]]] = [
        ("customers", "Customer", "Customer", ctx.store.customers),
        ("customerSegments", "Segment", "Segment", ctx.store.segments),
    ]
    for key, kind, label, records in known:
        yield from _unknown(f"{name}.{key}.add", (context.get(key) or {}).get("add"), kind, label, records)


def _unknown(path: str, ids: Sequence[str] | None, kind: str, name: str, known: Container[int]) -> Iterator[Problem]:
    for n in _numbers(ids, kind):
        if n not in known:
            yield path, f"{name} with id: {n} is invalid", "INVALID"


def _numbers(ids: Sequence[str] | None, kind: str) -> list[int]:
    return [number(value, kind) for value in ids or ()]


def _plain_changes(given: Input) -> dict[str, Any]:
    """Fields that stand in the record as they are given."""
    renamed: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "title": ("title", lambda v: v.strip()),
        "startsAt": ("starts_at", _moment),
        "endsAt": ("ends_at", lambda v: None if v is None else _moment(v)),
        "usageLimit": ("usage_limit", lambda v: v),
        "appliesOncePerCustomer": ("once_per_customer", bool),
        "tags": ("tags", lambda v: tuple(v or ())),
        "combinesWith": ("combines_with", _classes),
    }
    return {name: read(given[key]) for key, (name, read) in renamed.items() if key in given}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"Invalid DateTime: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _classes(given: Input | None) -> frozenset[str]:
    return frozenset(kind for kind in ("ORDER", "PRODUCT", "SHIPPING") if (given or {}).get(f"{kind.lower()}Discounts"))


def _value(given: Input, ctx: Context) -> dict[str, Any]:
    value = (given.get("customerGets") or {}).get("value")
    if not value:
        return {}
    if value.get("percentage") is not None:
        return {"percentage": value["percentage"], "amount": 0, "each": False}
    taken = value["discountAmount"]
    return {"percentage": None, "amount": ctx.minor(taken["amount"]), "each": bool(taken.get("appliesOnEachItem"))}


def _items(given: Input, base: Discount) -> dict[str, Any]:
    items = (given.get("customerGets") or {}).get("items")
    if not items:
        return {}
    none: dict[str, Any] = {"product_ids": (), "variant_ids": (), "collection_ids": ()}
    if items.get("all"):
        return none
    if collections := items.get("collections"):
        return none | {"collection_ids": _changed(base.collection_ids, collections, "add", "remove", "Collection")}
    products = items.get("products") or {}
    return none | {
        "product_ids": _changed(base.product_ids, products, "productsToAdd", "productsToRemove", "Product"),
        "variant_ids": _changed(
            base.variant_ids, products, "productVariantsToAdd", "productVariantsToRemove", "ProductVariant"
        ),
    }


def _buyers(given: Input, base: Discount) -> dict[str, Any]:
    context = given.get("context") or given.get("customerSelection")
    if not context:
        return {}
    if customers := context.get("customers"):
        chosen = _changed(base.customer_ids or (), customers, "add", "remove", "Customer")
        return {"customer_ids": chosen, "segment_ids": None}
    if segments := context.get("customerSegments"):
        chosen = _changed(base.segment_ids or (), segments, "add", "remove", "Segment")
        return {"customer_ids": None, "segment_ids": chosen}
    return {"customer_ids": None, "segment_ids": None}


def _changed(held: Sequence[int], given: Input, add: str, remove: str, kind: str) -> tuple[int, ...]:
    gone = set(_numbers(given.get(remove), kind))
    return tuple(n for n in dict.fromkeys([*held, *_numbers(given.get(add), kind)]) if n not in gone)


def _minimum(given: Input, ctx: Context) -> dict[str, Any]:
    if "minimumRequirement" not in given:
        return {}
    minimum = given["minimumRequirement"] or {}
    quantity = (minimum.get("quantity") or {}).get("greaterThanOrEqualToQuantity")
    subtotal = (minimum.get("subtotal") or {}).get("greaterThanOrEqualToSubtotal")
    return {
        "minimum_quantity": None if quantity is None else int(quantity),
        "minimum_subtotal": None if subtotal is None else ctx.minor(subtotal),
    }
