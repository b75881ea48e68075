"""Arranging collections: their sort order, moving products within a manual one, and the jobs that do it."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import BadInput, InputTooLarge, NotSimulated, user_error
from devstore.admin_api.gid import number
from devstore.admin_api.registry import Args, fields, plain
from devstore.model import Collection
from devstore.store.jobs import Job

MAX_MOVES = 250
SORT_ORDERS = ("MANUAL", "BEST_SELLING", "MOST_RELEVANT")
"""Those that are simulated; the two of Shopify's own making are the order in which the world lists the products."""
_JOB = "gid://shopify/Job/"
_CHANGEABLE = {"title": "title", "descriptionHtml": "description", "handle": "handle", "sortOrder": "sort_order"}


def _job(root: Any, args: Args, ctx: Context) -> Job | None:
    if not args["id"].startswith(_JOB):
        raise BadInput(f"Invalid global id '{args['id']}': expected a Job")
    return ctx.store.jobs.get(args["id"].removeprefix(_JOB))


def _update(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    if args.get("input") is not None:
        raise NotSimulated("the deprecated input of collectionUpdate")
    given = {name: value for name, value in (args.get("collection") or {}).items() if value not in (None, False)}
    if unknown := set(given) - set(_CHANGEABLE) - {"id"}:
        raise NotSimulated(f"{', '.join(sorted(unknown))} of collectionUpdate")
    held = ctx.store.collections.get(number(given["id"], "Collection")) if "id" in given else None
    if held is None:
        return {"collection": None, "job": None, "userErrors": [user_error("Collection does not exist", ["id"])]}
    if "sortOrder" in given and given["sortOrder"] not in SORT_ORDERS:
        raise NotSimulated(f"collections in the order {given['sortOrder']}")
    if "title" in given and not given["title"].strip():
        error = user_error("Title can't be blank", ["collection", "title"])
        return {"collection": None, "job": None, "userErrors": [error]}
    ctx.store.update_collection(held.id, **{_CHANGEABLE[name]: given[name] for name in given if name != "id"})
    return {"collection": held, "job": None, "userErrors": []}


def _reorder(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    moves = args["moves"]
    if len(moves) > MAX_MOVES:
        raise InputTooLarge(len(moves), MAX_MOVES)
    collection = ctx.store.collections.get(number(args["id"], "Collection"))
    if collection is None:
        return _refused(user_error("The collection was not found.", ["id"], "COLLECTION_NOT_FOUND"))
    if collection.sort_order != "MANUAL":
        message = "Can't reorder products unless collection is manually sorted"
        return _refused(user_error(message, ["id"], "MANUALLY_SORTED_COLLECTION"))
    wanted = [(number(move["id"], "Product"), int(move["newPosition"])) for move in moves]
    for place, (product_id, position) in enumerate(wanted):
        if product_id not in collection.product_ids or position < 0:
            return _refused(user_error("The move is invalid.", ["moves", str(place)], "INVALID_MOVE"))
    return {"job": ctx.store.jobs.start(lambda: _move(collection, wanted, ctx)), "userErrors": []}


def _move(collection: Collection, wanted: list[tuple[int, int]], ctx: Context) -> None:
    """One move after the other, each on what the one before has left."""
    ids = list(collection.product_ids)
    for product_id, position in wanted:
        if product_id in ids:
            ids.remove(product_id)
            ids.insert(position, product_id)
    if collection.id in ctx.store.collections:
        ctx.store.update_collection(collection.id, product_ids=ids)


def _refused(error: dict[str, Any]) -> dict[str, Any]:
    return {"job": None, "userErrors": [error]}


fields("QueryRoot", {"job": _job})
fields("Mutation", {"collectionReorderProducts": _reorder, "collectionUpdate": _update})
fields("Job", {"id": lambda j, a, c: f"{_JOB}{j.id}", "done": lambda j, a, c: j.done}, Job)
plain("CollectionReorderProductsPayload", ("job", "userErrors"))
plain("CollectionReorderProductsUserError", ("code", "field", "message"))
plain("CollectionUpdatePayload", ("collection", "job", "userErrors"))
