"""Shopify's search syntax (``query:``), sort keys and ``reverse`` of the root connections.

Simulated are comparisons, ranges, quoted values, prefixes (``shirt*``), AND, OR, NOT, ``-`` and parentheses over the
fields listed below. A field or free text that is not listed is `NotSimulated`, never silently ignored.
"""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from devstore import totals
from devstore.admin_api.errors import BadInput, NotSimulated
from devstore.model import Collection, Customer, Order, Product, Variant

if TYPE_CHECKING:
    from devstore.admin_api.context import Context
    from devstore.admin_api.registry import Args

R = TypeVar("R")
Read = Callable[[Any], Any]
Test = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) | (?P<not>-(?=\w)|NOT\b) | (?P<and>AND\b) | (?P<or>OR\b)
        | (?P<field>[A-Za-z_.]+):(?P<op><=|>=|<|>|=)?(?:"(?P<dq>[^"]*)"|'(?P<sq>[^']*)'|(?P<bare>[^\s()]+))
        | (?P<text>[^\s()]+)
    )""",
    re.VERBOSE,
)

PRODUCT: dict[str, Read] = {
    "id": lambda p: p.id,
    "created_at": lambda p: p.created_at,
    "updated_at": lambda p: p.updated_at,
    "published_at": lambda p: p.published_at,
    "status": lambda p: p.status,
    "title": lambda p: p.title,
    "handle": lambda p: p.handle,
    "vendor": lambda p: p.vendor,
    "product_type": lambda p: p.product_type,
    "tag": lambda p: p.tags,
    "gift_card": lambda p: p.is_gift_card,
    "inventory_total": lambda p: sum(v.quantity for v in p.variants),
}
VARIANT: dict[str, Read] = {
    "id": lambda v: v.id,
    "sku": lambda v: v.sku,
    "product_id": lambda v: v.product_id,
    "updated_at": lambda v: v.updated_at,
    "inventory_quantity": lambda v: v.quantity,
}
ITEM: dict[str, Read] = {
    "id": lambda i: i.id,
    "sku": lambda i: i.variant.sku,
    "updated_at": lambda i: i.variant.updated_at,
}
COLLECTION: dict[str, Read] = {
    "id": lambda k: k.id,
    "title": lambda k: k.title,
    "handle": lambda k: k.handle,
    "updated_at": lambda k: k.updated_at,
}
ARTICLE: dict[str, Read] = {
    "id": lambda a: a.id,
    "title": lambda a: a.title,
    "handle": lambda a: a.handle,
    "created_at": lambda a: a.created_at,
    "updated_at": lambda a: a.updated_at,
    "published_at": lambda a: a.published_at,
    "blog_title": lambda a: a.blog.title(),
}
CUSTOMER: dict[str, Read] = {
    "id": lambda k: k.id,
    "email": lambda k: k.email,
    "phone": lambda k: k.phone,
    "first_name": lambda k: k.first_name,
    "last_name": lambda k: k.last_name,
    "tag": lambda k: k.tags,
    "customer_date": lambda k: k.created_at,
    "created_at": lambda k: k.created_at,
    "updated_at": lambda k: k.updated_at,
}
ORDER: dict[str, Read] = {
    "id": lambda o: o.id,
    "name": lambda o: f"#{o.number}",
    "created_at": lambda o: o.created_at,
    "processed_at": lambda o: o.processed_at,
    "updated_at": lambda o: o.updated_at,
    "status": lambda o: ("any", *(("cancelled", "closed") if o.cancelled_at else ("open", "not_closed"))),
    "financial_status": lambda o: ("any", totals.financial_status(o)),
    "customer_id": lambda o: o.customer_id,
    "email": lambda o: o.email,
    "test": lambda o: o.test,
    "tag": lambda o: o.tags,
    "discount_code": lambda o: o.discount_codes,
    "source_name": lambda o: o.source_name,
}
_OLDEST = datetime.min.replace(tzinfo=UTC)
_SORTS: dict[str, Read] = {
    "ID": lambda r: r.id,
    "RELEVANCE": lambda r: r.id,
    "CREATED_AT": lambda r: (r.created_at, r.id),
    "UPDATED_AT": lambda r: (r.updated_at or _OLDEST, r.id),
    "PROCESSED_AT": lambda r: (r.processed_at, r.id),
    "STARTS_AT": lambda r: (r.discount.starts_at, r.id),
    "ENDS_AT": lambda r: (r.discount.ends_at or _OLDEST, r.id),
    "PUBLISHED_AT": lambda r: (r.published_at or _OLDEST, r.id),
    "TITLE": lambda r: (r.title.lower(), r.id),
    "VENDOR": lambda r: (r.vendor, r.id),
    "PRODUCT_TYPE": lambda r: (r.product_type, r.id),
    "ORDER_NUMBER": lambda r: r.number,
    "TOTAL_PRICE": lambda r: (totals.total(r), r.id),
    "NAME": lambda r: (r.last_name, r.first_name, r.id),
    "INVENTORY_QUANTITY": lambda r: (r.quantity, r.id),
}


def search(records: list[R], args: Args, readers: dict[str, Read]) -> list[R]:
    """Filter and sort as the arguments of a root connection say."""
    if args.get("savedSearchId"):
        raise NotSimulated("saved searches")
    if text := (args.get("query") or "").strip():
        test = compiled(text, tuple(readers.items()))
        records = [record for record in records if test(record)]
    key = args.get("sortKey") or "ID"
    if key not in _SORTS:
        raise NotSimulated(f"sortKey {key}")
    if key not in ("ID", "RELEVANCE"):
        records = sorted(records, key=_SORTS[key])
    return records[::-1] if args.get("reverse") else records


def product_search(records: list[Product], args: Args, ctx: Context) -> list[Product]:
    return search(records, args, PRODUCT)


def variant_search(records: list[Variant], args: Args, ctx: Context) -> list[Variant]:
    return search(records, args, VARIANT)


def collection_search(records: list[Collection], args: Args, ctx: Context) -> list[Collection]:
    return search(records, args, COLLECTION)


def customer_search(records: list[Customer], args: Args, ctx: Context) -> list[Customer]:
    return search(records, args, CUSTOMER)


def order_search(records: list[Order], args: Args, ctx: Context) -> list[Order]:
    return search(records, args, ORDER)


@lru_cache(maxsize=256)
def compiled(text: str, readers: tuple[tuple[str, Read], ...]) -> Test:
    """The query as a function of one record."""
    tokens = [match.groupdict() for match in _TOKEN.finditer(text) if match.group().strip()]
    test, rest = _either(tokens, dict(readers))
    if rest:
        raise BadInput(f"Invalid search query: {text}")
    return test


Tokens = Sequence[dict[str, str | None]]


def _either(tokens: Tokens, readers: dict[str, Read]) -> tuple[Test, Tokens]:
    test, tokens = _both(tokens, readers)
    tests = [test]
    while tokens and tokens[0]["or"]:
        test, tokens = _both(tokens[1:], readers)
        tests.append(test)
    return (tests[0] if len(tests) == 1 else lambda r: any(t(r) for t in tests)), tokens


def _both(tokens: Tokens, readers: dict[str, Read]) -> tuple[Test, Tokens]:
    tests: list[Test] = []
    while tokens and not tokens[0]["or"] and not tokens[0]["close"]:
        if tokens[0]["and"]:
            tokens = tokens[1:]
            continue
        test, tokens = _term(tokens, readers)
        tests.append(test)
    return (tests[0] if len(tests) == 1 else lambda r: all(t(r) for t in tests)), tokens


def _term(tokens: Tokens, readers: dict[str, Read]) -> tuple[Test, Tokens]:
    head = tokens[0]
    if head["not"]:
        inner, rest = _term(tokens[1:], readers)
        return (lambda r: not inner(r)), rest
    if head["open"]:
        inner, rest = _either(tokens[1:], readers)
        if not rest or not rest[0]["close"]:
            raise BadInput("Invalid search query: a parenthesis is not closed")
        return inner, rest[1:]
    if head["field"] is None:
        raise NotSimulated(f"free text in a search query ({head['text']})")
    if head["field"] not in readers:
        raise NotSimulated(f"the search field {head['field']}")
    value = next(v for v in (head["dq"], head["sq"], head["bare"]) if v is not None)
    return _comparison(readers[head["field"]], head["op"] or "=", value), tokens[1:]


def _comparison(read: Read, op: str, text: str) -> Test:
    """Compare by the type of what the record holds; dates and numbers are parsed once."""
    number = int(text) if re.fullmatch(r"-?\d+", text) else None
    moment = _moment(text)
    folded = text.casefold()

    def test(record: Any) -> bool:
        held = read(record)
        if held is None:
            return False
        if isinstance(held, datetime):
            # Shopify compares whole seconds, as its timestamps have no fractions.
            return _ordered(held.replace(microsecond=0), op, _given(moment, text))
        if isinstance(held, bool):
            return folded == str(held).lower()
        if isinstance(held, int):
            return _ordered(held, op, _given(number, text))
        if isinstance(held, tuple):
            return any(_alike(item, folded) for item in held)
        return _alike(str(held), folded)

    return test


def _alike(held: str, folded: str) -> bool:
    held = held.casefold()
    return held.startswith(folded[:-1]) if folded.endswith("*") else held == folded


def _given(value: R | None, text: str) -> R:
    if value is None:
        raise BadInput(f"Invalid search value: {text}")
    return value


def _ordered(held: Any, op: str, value: Any) -> bool:
    match op:
        case ">=":
            return bool(held >= value)
        case ">":
            return bool(held > value)
        case "<=":
            return bool(held <= value)
        case "<":
            return bool(held < value)
    return bool(held == value)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
