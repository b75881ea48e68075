"""Which queries Shopify runs as bulk operations; what it refuses, as the texts of user errors.

https://shopify.dev/docs/api/usage/bulk-operations/queries#operation-restrictions
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from devstore.admin_api.errors import NotSimulated
from devstore.admin_api.prepared import Prepared
from devstore.admin_api.registry import GETTERS

MAX_CONNECTIONS = 5
MAX_DEPTH = 2


class _Shape:
    """What a walk over the query finds."""

    def __init__(self) -> None:
        self.connections = 0
        self.depth = 0
        self.problems: list[str] = []


def problems(prepared: Prepared, schema: GraphQLSchema) -> list[str]:
    """Why the query may not run in bulk; empty when it may."""
    if prepared.errors:
        return [f"Invalid bulk query: {error.message}" for error in prepared.errors]
    operation = prepared.operation(None)
    if operation.operation.value != "query":
        return ["Invalid bulk query: only queries are supported."]
    top = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    if len(operation.selection_set.selections) != 1 or not top:
        return ["Bulk queries must have exactly one top level field."]
    if top[0].name.value in ("node", "nodes"):
        return ["Bulk queries cannot use the top level fields node or nodes."]
    if operation.variable_definitions:
        return ["Bulk queries cannot use variables: only the text of the query is submitted."]
    shape = _Shape()
    _walk(operation.selection_set, schema.query_type, prepared, schema, shape, depth=0, in_list=False)
    if not shape.connections:
        shape.problems.append("Bulk queries must contain at least one connection.")
    if shape.connections > MAX_CONNECTIONS:
        shape.problems.append(f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections.")
    if shape.depth > MAX_DEPTH:
        shape.problems.append(f"Bulk queries cannot contain connections with a nesting depth greater than {MAX_DEPTH}.")
    return list(dict.fromkeys(shape.problems))


def mutation_problem(prepared: Prepared) -> str | None:
    """Why the mutation may not run in bulk.

    https://shopify.dev/docs/api/usage/bulk-operations/imports
    """
    if prepared.errors:
        return prepared.errors[0].message
    operation = prepared.operation(None)
    if operation.operation.value != "mutation":
        return "not a mutation"
    selections = operation.selection_set.selections
    if len(selections) != 1 or not isinstance(selections[0], FieldNode):
        return "it must have exactly one top level field"
    name = selections[0].name.value
    if name.startswith("bulkOperation"):
        return f"{name} cannot run in bulk"
    if ("Mutation", name) not in GETTERS:
        raise NotSimulated(f"Mutation.{name}")
    return None


def _walk(
    selections: SelectionSetNode | None,
    parent: object,
    prepared: Prepared,
    schema: GraphQLSchema,
    shape: _Shape,
    *,
    depth: int,
    in_list: bool,
) -> None:
    for node, holder in _fields(selections, parent, prepared, schema):
        definition = getattr(holder, "fields", {}).get(node.name.value)
        if definition is None:
            continue
        kind = get_named_type(definition.type)
        below, listed = depth, in_list
        if kind.name.endswith("Connection"):
            below += 1
            shape.connections += 1
            shape.depth = max(shape.depth, below)
            if in_list:
                shape.problems.append(
                    "Queries that contain a connection field within a list field are not currently supported."
                )
            if not _selects_id(node, kind, prepared, schema) and _has_connection(node, kind, prepared, schema):
                shape.problems.append("The parent 'id' field must be selected for nested connections.")
        elif node.name.value not in ("nodes", "edges") and _is_list(definition.type):
            listed = True
        _walk(node.selection_set, kind, prepared, schema, shape, depth=below, in_list=listed)


def _is_list(kind: object) -> bool:
    return is_list_type(kind.of_type if is_non_null_type(kind) else kind)


def _fields(
    selections: SelectionSetNode | None, parent: object, prepared: Prepared, schema: GraphQLSchema
) -> Iterator[tuple[FieldNode, object]]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            yield node, parent
        elif isinstance(node, InlineFragmentNode):
            on = schema.type_map[node.type_condition.name.value] if node.type_condition else parent
            yield from _fields(node.selection_set, on, prepared, schema)
        elif isinstance(node, FragmentSpreadNode):
            fragment = prepared.fragments[node.name.value]
            on = schema.type_map[fragment.type_condition.name.value]
            yield from _fields(fragment.selection_set, on, prepared, schema)


def node_fields(
    connection: FieldNode, kind: object, prepared: Prepared, schema: GraphQLSchema
) -> Iterator[tuple[FieldNode, object]]:
    """The fields selected on the nodes of a connection, through ``nodes`` or ``edges { node }``."""
    for outer, holder in _fields(connection.selection_set, kind, prepared, schema):
        definition = getattr(holder, "fields", {}).get(outer.name.value)
        if definition is None:
            continue
        inner_kind = get_named_type(definition.type)
        if outer.name.value == "nodes":
            yield from _fields(outer.selection_set, inner_kind, prepared, schema)
        elif outer.name.value == "edges":
            for edge, edge_kind in _fields(outer.selection_set, inner_kind, prepared, schema):
                if edge.name.value == "node":
                    node_kind = get_named_type(getattr(edge_kind, "fields", {})["node"].type)
                    yield from _fields(edge.selection_set, node_kind, prepared, schema)


def _selects_id(connection: FieldNode, kind: object, prepared: Prepared, schema: GraphQLSchema) -> bool:
    names = {(n.alias or n.name).value for n, _ in node_fields(connection, kind, prepared, schema)}
    return "id" in names


def _has_connection(connection: FieldNode, kind: object, prepared: Prepared, schema: GraphQLSchema) -> bool:
    for node, holder in node_fields(connection, kind, prepared, schema):
        definition = getattr(holder, "fields", {}).get(node.name.value)
        if definition is not None and get_named_type(definition.type).name.endswith("Connection"):
            return True
    return False
