"""Many codes of one discount: adding up to 250 at a time and deleting them, both after the answer."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.discounts import MAX_INPUT, discount_error, selector_error
from devstore.admin_api.errors import InputTooLarge, NotSimulated
from devstore.admin_api.fields_discounts import node_of
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import Args, fields, plain
from devstore.clock import iso
from devstore.model import RedeemCode
from devstore.store.discounts import CodeBatch


def _add(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    discount = ctx.store.discounts.get(number(args["discountId"], "DiscountCodeNode"))
    if len(args["codes"]) > MAX_INPUT:
        raise InputTooLarge(len(args["codes"]), MAX_INPUT)
    if discount is None:
        error = discount_error("Code discount does not exist.", ["discountId"], "INVALID")
        return {"bulkCreation": None, "userErrors": [error]}
    if not args["codes"]:
        return {"bulkCreation": None, "userErrors": [discount_error("Codes can't be blank", ["codes"], "BLANK")]}
    batch = ctx.store.add_codes_later(discount, [given["code"] for given in args["codes"]])
    return {"bulkCreation": batch, "userErrors": []}


def _remove(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    discount = ctx.store.discounts.get(number(args["discountId"], "DiscountCodeNode"))
    if discount is None:
        error = discount_error("Code discount does not exist.", ["discountId"], "INVALID")
        return {"job": None, "userErrors": [error]}
    if wrong := selector_error(args):
        return {"job": None, "userErrors": [wrong]}
    if args.get("ids") is None:
        raise NotSimulated("discountCodeRedeemCodeBulkDelete by search")
    chosen = {number(value, "DiscountRedeemCode") for value in args["ids"] if value}
    held = discount

    def work() -> None:
        ctx.store.drop_codes(held, [code for code in held.codes if code.id in chosen])

    return {"job": ctx.store.jobs.start(work), "userErrors": []}


def _batch(root: Any, args: Args, ctx: Context) -> CodeBatch | None:
    return ctx.store.code_batches.get(number(args["id"], "DiscountRedeemCodeBulkCreation"))


def _rows(batch: CodeBatch, args: Args, ctx: Context) -> list[dict[str, Any]]:
    return [_row(batch, place) for place in range(len(batch.codes))]


def _row(batch: CodeBatch, place: int) -> dict[str, Any]:
    """One code and what became of it; nothing yet while the job runs."""
    outcome = batch.outcomes[place] if place < len(batch.outcomes) else None
    made = outcome if isinstance(outcome, RedeemCode) else None
    problem = outcome if isinstance(outcome, tuple) else None
    errors = [discount_error(problem[0], ["code"], problem[1])] if problem else []
    return {"code": batch.codes[place], "discountRedeemCode": made, "errors": errors}


def _count(batch: CodeBatch, kind: type) -> int:
    return sum(isinstance(outcome, kind) for outcome in batch.outcomes)


fields("QueryRoot", {"discountRedeemCodeBulkCreation": _batch})
fields("Mutation", {"discountRedeemCodeBulkAdd": _add, "discountCodeRedeemCodeBulkDelete": _remove})
fields(
    "DiscountRedeemCodeBulkCreation",
    {
        "id": lambda b, a, c: gid("DiscountRedeemCodeBulkCreation", b.id),
        "codes": _rows,
        "codesCount": lambda b, a, c: len(b.codes),
        "createdAt": lambda b, a, c: iso(b.created_at),
        "discountCode": lambda b, a, c: node_of(b.discount_id, "DiscountCodeNode", c),
        "done": lambda b, a, c: b.job.done,
        "failedCount": lambda b, a, c: _count(b, tuple),
        "importedCount": lambda b, a, c: _count(b, RedeemCode),
    },
    CodeBatch,
)
plain("DiscountRedeemCodeBulkCreationCode", ("code", "discountRedeemCode", "errors"))
plain("DiscountRedeemCodeBulkAddPayload", ("bulkCreation", "userErrors"))
plain("DiscountCodeRedeemCodeBulkDeletePayload", ("job", "userErrors"))
