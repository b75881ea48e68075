"""The mutations that are simulated: metafields, staged uploads and bulk operations."""

# ruff: noqa: ARG001 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.gid import number
from devstore.admin_api.metafield_writes import delete_metafields, set_metafields
from devstore.admin_api.registry import Args, fields, plain


def _stage(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    return {"stagedTargets": [ctx.uploads.target(wanted) for wanted in args["input"]], "userErrors": []}


def _run_query(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    operation, errors = ctx.bulk.run_query(args["query"], bool(args.get("groupObjects")), ctx)
    return {"bulkOperation": operation, "userErrors": errors}


def _run_mutation(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    operation, errors = ctx.bulk.run_mutation(args["mutation"], args["stagedUploadPath"], ctx)
    return {"bulkOperation": operation, "userErrors": errors}


def _cancel(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    operation, errors = ctx.bulk.cancel(number(args["id"], "BulkOperation"))
    return {"bulkOperation": operation, "userErrors": errors}


fields(
    "Mutation",
    {
        "metafieldsSet": set_metafields,
        "metafieldsDelete": delete_metafields,
        "stagedUploadsCreate": _stage,
        "bulkOperationRunQuery": _run_query,
        "bulkOperationRunMutation": _run_mutation,
        "bulkOperationCancel": _cancel,
    },
)
plain("MetafieldsSetPayload", ("metafields", "userErrors"))
plain("MetafieldsDeletePayload", ("deletedMetafields", "userErrors"))
plain("MetafieldIdentifier", ("ownerId", "namespace", "key"))
plain("StagedUploadsCreatePayload", ("stagedTargets", "userErrors"))
plain("StagedMediaUploadTarget", ("url", "resourceUrl", "parameters"))
plain("StagedUploadParameter", ("name", "value"))
for _payload in ("BulkOperationRunQueryPayload", "BulkOperationRunMutationPayload", "BulkOperationCancelPayload"):
    plain(_payload, ("bulkOperation", "userErrors"))
for _error in ("BulkOperationUserError", "BulkMutationUserError"):
    plain(_error, ("code", "field", "message"))
plain("UserError", ("field", "message"))
plain("MetafieldsSetUserError", ("code", "elementIndex", "field", "message"))
