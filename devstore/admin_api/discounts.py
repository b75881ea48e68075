"""The mutations that make, change, switch and delete code discounts."""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from dataclasses import fields as names_of
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.discount_input import Refused, read_discount
from devstore.admin_api.errors import InputTooLarge, NotSimulated, user_error
from devstore.admin_api.fields_discounts import code_node, found_nodes
from devstore.admin_api.gid import number
from devstore.admin_api.registry import Args, fields, plain
from devstore.model import Discount, RedeemCode

MAX_INPUT = 250
_SELECTORS = {"ids": "ids", "search": "search", "savedSearchId": "saved_search_id"}


def discount_error(message: str, field: list[str] | None, code: str | None) -> dict[str, Any]:
    return user_error(message, field, code, extraInfo=None)


def _create(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    given = args["basicCodeDiscount"]
    try:
        discount = read_discount(given, ctx, None)
    except Refused as refused:
        return {"codeDiscountNode": None, "userErrors": refused.errors}
    discount.codes = [RedeemCode(ctx.store.next_id(), given["code"].strip())]
    ctx.store.add_discount(discount)
    return {"codeDiscountNode": code_node(discount, ctx), "userErrors": []}


def _update(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    given, held = args["basicCodeDiscount"], _held(args["id"], ctx)
    if held is None:
        return _refused("Discount does not exist", None)
    if given.get("code") is not None and len(held.codes) > 1:
        return _refused("Cannot update the code of a bulk discount.", None)
    try:
        changed = read_discount(given, ctx, held)
    except Refused as refused:
        return {"codeDiscountNode": None, "userErrors": refused.errors}
    for field in names_of(Discount):
        setattr(held, field.name, getattr(changed, field.name))
    _rename(held, given.get("code"), ctx)
    return {"codeDiscountNode": code_node(held, ctx), "userErrors": []}


def _rename(discount: Discount, code: str | None, ctx: Context) -> None:
    if code is not None and (not discount.codes or discount.codes[0].code != code.strip()):
        ctx.store.drop_codes(discount, list(discount.codes))
        ctx.store.add_codes(discount, [code.strip()])


def _activate(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    discount, now = _held(args["id"], ctx), ctx.store.clock.now()
    if discount is None:
        return _refused("Code discount does not exist.", "INVALID")
    if discount.status(now) != "ACTIVE":
        # A scheduled discount starts now, an expired one has no end any more.
        discount.starts_at = min(discount.starts_at, now)
        if discount.ends_at is not None and discount.ends_at <= now:
            discount.ends_at = None
        discount.updated_at = now
    return {"codeDiscountNode": code_node(discount, ctx), "userErrors": []}


def _deactivate(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    discount, now = _held(args["id"], ctx), ctx.store.clock.now()
    if discount is None:
        return _refused("Code discount does not exist.", "INVALID")
    if discount.status(now) != "EXPIRED":
        discount.starts_at, discount.ends_at = min(discount.starts_at, now), now
        discount.updated_at = now
    return {"codeDiscountNode": code_node(discount, ctx), "userErrors": []}


def _delete(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    if not ctx.store.delete_discount(number(args["id"], "DiscountCodeNode")):
        error = discount_error("Code discount does not exist.", ["id"], "INVALID")
        return {"deletedCodeDiscountId": None, "userErrors": [error]}
    return {"deletedCodeDiscountId": args["id"], "userErrors": []}


def _bulk_delete(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    if error := selector_error(args):
        return {"job": None, "userErrors": [error]}
    if args.get("ids") is not None:
        chosen = [number(value, "DiscountCodeNode") for value in args["ids"] if value]
    else:
        chosen = [node.id for node in found_nodes({"query": args["search"]}, ctx)]

    def work() -> None:
        for discount_id in chosen:
            ctx.store.delete_discount(discount_id)

    return {"job": ctx.store.jobs.start(work), "userErrors": []}


def selector_error(args: Args) -> dict[str, Any] | None:
    """Exactly one selector must be given; one that is sent as null counts as given, as on Shopify."""
    given = [key for key in _SELECTORS if key in args]
    if not given:
        message = "Missing expected argument key: 'ids', 'search' or 'saved_search_id'."
        return discount_error(message, None, "MISSING_ARGUMENT")
    if len(given) > 1:
        message = "Only one of 'ids', 'search' or 'saved_search_id' is allowed."
        return discount_error(message, None, "TOO_MANY_ARGUMENTS")
    if given == ["savedSearchId"]:
        raise NotSimulated("saved searches")
    if given == ["search"] and not (args["search"] or "").strip():
        return discount_error("'Search' can't be blank.", ["search"], "BLANK")
    if len(args.get("ids") or ()) > MAX_INPUT:
        raise InputTooLarge(len(args["ids"]), MAX_INPUT)
    return None


def _held(discount_id: str, ctx: Context) -> Discount | None:
    return ctx.store.discounts.get(number(discount_id, "DiscountCodeNode"))


def _refused(message: str, code: str | None) -> dict[str, Any]:
    return {"codeDiscountNode": None, "userErrors": [discount_error(message, ["id"], code)]}


fields(
    "Mutation",
    {
        "discountCodeBasicCreate": _create,
        "discountCodeBasicUpdate": _update,
        "discountCodeActivate": _activate,
        "discountCodeDeactivate": _deactivate,
        "discountCodeDelete": _delete,
        "discountCodeBulkDelete": _bulk_delete,
    },
)
for _payload in ("BasicCreate", "BasicUpdate", "Activate", "Deactivate"):
    plain(f"DiscountCode{_payload}Payload", ("codeDiscountNode", "userErrors"))
plain("DiscountCodeDeletePayload", ("deletedCodeDiscountId", "userErrors"))
plain("DiscountCodeBulkDeletePayload", ("job", "userErrors"))
