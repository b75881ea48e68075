"""Customer segments: making, changing and asking who belongs to one."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import BadInput, NotSimulated, user_error
from devstore.admin_api.fields_metafields import HAS_METAFIELDS
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import GETTERS, Args, Getter, fields, plain
from devstore.admin_api.search import search
from devstore.admin_api.views import Member
from devstore.clock import iso
from devstore.model import Segment
from devstore.store.segment_query import QueryError

LIMIT = 6000
MAX_NAME, MAX_QUERY = 255, 5000
_SEARCH: dict[str, Any] = {"id": lambda s: s.id, "name": lambda s: s.name}
_SORTS: dict[str, Callable[[Segment], Any]] = {
    "ID": lambda s: s.id,
    "RELEVANCE": lambda s: s.id,
    "CREATION_DATE": lambda s: (s.created_at, s.id),
    "LAST_EDIT_DATE": lambda s: (s.updated_at, s.id),
}


def _segment(root: Any, args: Args, ctx: Context) -> Segment | None:
    return ctx.store.segments.get(number(args["id"], "Segment"))


def _segments(root: Any, args: Args, ctx: Context) -> list[Segment]:
    found = search(list(ctx.store.segments.values()), {"query": args.get("query")}, _SEARCH)
    return sorted(found, key=_SORTS[args.get("sortKey") or "ID"], reverse=bool(args.get("reverse")))


def _create(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    errors = _problems(args["name"], args["query"], ctx)
    if not errors and len(ctx.store.segments) >= LIMIT:
        errors = [user_error("Segment limit reached", ["base"])]
    if errors:
        return {"segment": None, "userErrors": errors}
    now = ctx.store.clock.now()
    segment = Segment(ctx.store.next_id(), _free_name(args["name"].strip(), ctx, None), args["query"], now, now)
    ctx.store.segments[segment.id] = segment
    return {"segment": segment, "userErrors": []}


def _update(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    segment = _segment(root, args, ctx)
    if segment is None:
        return {"segment": None, "userErrors": [user_error("Segment does not exist", ["id"])]}
    name, query = args.get("name"), args.get("query")
    name, query = segment.name if name is None else name, segment.query if query is None else query
    if errors := _problems(name, query, ctx):
        return {"segment": None, "userErrors": errors}
    segment.name, segment.query = _free_name(name.strip(), ctx, segment), query
    segment.updated_at = ctx.store.clock.now()
    return {"segment": segment, "userErrors": []}


def _delete(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    if ctx.store.segments.pop(number(args["id"], "Segment"), None) is None:
        return {"deletedSegmentId": None, "userErrors": [user_error("Segment does not exist", ["id"])]}
    return {"deletedSegmentId": args["id"], "userErrors": []}


def _problems(name: str, query: str, ctx: Context) -> list[dict[str, Any]]:
    """What is wrong with name and query; userErrors of segments carry no code."""
    errors = []
    for field, text, limit in (("name", name, MAX_NAME), ("query", query, MAX_QUERY)):
        if not text.strip():
            errors.append(user_error(f"{field.title()} can't be blank", [field]))
        elif len(text) > limit:
            errors.append(user_error(f"{field.title()} is too long (maximum is {limit} characters)", [field]))
    if not errors:
        try:
            ctx.store.segment_query(query)
        except QueryError as problem:
            errors.append(user_error(f"Query {problem}", ["query"]))
    return errors


def _free_name(name: str, ctx: Context, own: Segment | None) -> str:
    """Names are unique: a second one of the same name gets a number, as on Shopify."""
    taken = {segment.name for segment in ctx.store.segments.values() if segment is not own}
    tried, n = name, 1
    while tried in taken:
        n += 1
        tried = f"{name} ({n})"
    return tried


def _members(root: Any, args: Args, ctx: Context) -> list[Member]:
    ctx.access.require("customerSegmentMembers", "read_customers")
    if args.get("queryId"):
        raise NotSimulated("customerSegmentMembers by queryId")
    if args.get("sortKey") or args.get("timezone"):
        raise NotSimulated("sortKey and timezone of customerSegmentMembers")
    if (args.get("segmentId") is None) == (args.get("query") is None):
        raise BadInput("You must provide one of segment_id or query.")
    query = args["query"] if args.get("segmentId") is None else _query_of(args["segmentId"], ctx)
    try:
        found = [Member(customer) for customer in ctx.store.segment_members(query)]
    except QueryError as problem:
        raise BadInput(str(problem)) from None
    return found[::-1] if args.get("reverse") else found


def _query_of(segment_id: str, ctx: Context) -> str:
    segment = ctx.store.segments.get(number(segment_id, "Segment"))
    if segment is None:
        raise BadInput("Segment does not exist")
    return segment.query


def _membership(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    customer = ctx.store.customers.get(number(args["customerId"], "Customer"))
    if customer is None:
        raise BadInput("Customer does not exist")
    found = [ctx.store.segments.get(number(segment_id, "Segment")) for segment_id in args["segmentIds"]]
    return {
        "memberships": [
            {"segmentId": gid("Segment", segment.id), "isMember": ctx.store.in_segment(customer, segment)}
            for segment in found
            if segment is not None
        ]
    }


def _as_customer(field: str) -> Getter:
    """What a member shows is what the customer shows."""
    return lambda member, args, ctx: GETTERS["Customer", field](member.customer, args, ctx)


def _last_order(member: Member, args: Args, ctx: Context) -> str | None:
    orders = ctx.store.orders_by(member.customer)
    return gid("Order", max(orders, key=lambda o: o.created_at).id) if orders else None


_SHARED = (
    *("amountSpent", "defaultAddress", "defaultEmailAddress", "defaultPhoneNumber", "displayName", "firstName"),
    *("lastName", "note", "numberOfOrders", *HAS_METAFIELDS),
)
fields(
    "QueryRoot",
    {
        "segment": _segment,
        "segments": _segments,
        "segmentsCount": lambda r, a, c: {"count": len(c.store.segments), "precision": "EXACT"},
        "customerSegmentMembers": _members,
        "customerSegmentMembership": _membership,
    },
)
fields("Mutation", {"segmentCreate": _create, "segmentUpdate": _update, "segmentDelete": _delete})
fields(
    "Segment",
    {
        "id": lambda s, a, c: gid("Segment", s.id),
        "name": lambda s, a, c: s.name,
        "query": lambda s, a, c: s.query,
        "creationDate": lambda s, a, c: iso(s.created_at),
        "lastEditDate": lambda s, a, c: iso(s.updated_at),
    },
    Segment,
)
fields(
    "CustomerSegmentMember",
    {
        "id": lambda m, a, c: gid("CustomerSegmentMember", m.id),
        "lastOrderId": _last_order,
        **{name: _as_customer(name) for name in _SHARED},
    },
    Member,
)
plain("SegmentCreatePayload", ("segment", "userErrors"))
plain("SegmentUpdatePayload", ("segment", "userErrors"))
plain("SegmentDeletePayload", ("deletedSegmentId", "userErrors"))
plain("SegmentMembershipResponse", ("memberships",))
plain("SegmentMembership", ("segmentId", "isMember"))
