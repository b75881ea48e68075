"""Executes GraphQL documents with graphql-core over the getters of the registry.

What the registry does not know becomes `NotSimulated`.
"""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLResolveInfo, execute_sync, get_named_type

from devstore import schema
from devstore.admin_api import (  # noqa: F401  (importing them fills the registry)
    collections,
    definitions,
    discount_codes,
    discounts,
    fields_blog,
    fields_catalog,
    fields_definitions,
    fields_discounts,
    fields_markets,
    fields_metafields,
    fields_orders,
    fields_people,
    fields_shop,
    flow,
    mutations,
    pixels,
    roots,
    segments,
    tags,
)
from devstore.admin_api.context import Context
from devstore.admin_api.errors import AccessDenied, NotSimulated
from devstore.admin_api.paging import Page
from devstore.admin_api.prepared import Prepared
from devstore.admin_api.registry import GETTERS, type_name


def run(prepared: Prepared, ctx: Context, variables: dict[str, Any], operation_name: str | None) -> ExecutionResult:
    """Execute a prepared document; the store stands still meanwhile."""
    with ctx.store.lock:
        return execute_sync(
            schema.load(),
            prepared.document,
            root_value={},
            context_value=ctx,
            variable_values=variables,
            operation_name=operation_name,
            field_resolver=_resolve,
            type_resolver=_type,
        )


def _resolve(source: Any, info: GraphQLResolveInfo[Context], **args: Any) -> Any:
    parent, name = info.parent_type.name, info.field_name
    if isinstance(source, Page):
        try:
            return source.field(name)
        except KeyError:
            raise NotSimulated(f"{parent}.{name}") from None
    if parent.endswith("Edge") or parent == "PageInfo":
        return source[name]
    getter = GETTERS.get((parent, name))
    if getter is None:
        raise NotSimulated(f"{parent}.{name}")
    ctx = info.context
    denial = ctx.access.denial(parent, name, info.return_type)
    if denial is not None:
        raise AccessDenied(denial)
    value = getter(source, args, ctx)
    if isinstance(value, list) and get_named_type(info.return_type).name.endswith("Connection"):
        return Page(value, args)
    return value


def _type(value: Any, info: Any, abstract: Any) -> str:  # noqa: ARG001 -- the signature is graphql-core's.
    return type_name(value)
