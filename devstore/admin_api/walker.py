"""Bulk queries: a query compiled once per type, then run over the records straight into JSONL rows.

graphql-core builds the whole answer in memory and is six times slower; a test holds the two to the same rows. Only what
`bulk_rules` lets through arrives here.
"""

# ruff: noqa: ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values

from devstore.admin_api.context import Context
from devstore.admin_api.errors import AccessDenied, NotSimulated
from devstore.admin_api.prepared import Prepared
from devstore.admin_api.registry import GETTERS, Args, Getter, type_name

Row = dict[str, Any]
Shape = Callable[[Any], Any]


@dataclass(slots=True)
class Plan:
    """How one concrete type is written: its own fields, and the connections whose nodes become lines of their own."""

    values: list[tuple[str, Getter, Args, Shape | None]] = field(default_factory=list)
    connections: list[tuple[Getter, Args, Callable[[Any], Plan]]] = field(default_factory=list)

    def row(self, source: Any, ctx: Context) -> Row:
        row: Row = {}
        for key, get, args, shape in self.values:
            value = get(source, args, ctx)
            row[key] = value if shape is None or value is None else shape(value)
        return row


class Walker:
    """Compiles on construction, so that what cannot be answered is known before the operation starts.

    Raises:
        NotSimulated: a field that the registry lacks.
    """

    def __init__(self, prepared: Prepared, schema: GraphQLSchema, ctx: Context) -> None:
        self._prepared, self._schema, self._ctx = prepared, schema, ctx
        self.denied: AccessDenied | None = None
        """Set when a field needs a scope that is not granted; the operation fails with ACCESS_DENIED then."""
        self._objects: list[tuple[Getter, Args, Callable[[Any], Plan]]] = []
        """A root field that returns one object, such as ``collection(id:)``; the object is a line like any other."""
        root = schema.query_type
        assert root is not None
        self._root = self._compile(root, [prepared.operation(None).selection_set])

    def rows(self) -> Iterator[tuple[int, Row]]:
        """(depth, row) with depth 0 for root objects, parents before their children."""
        for get, args, plan_of in self._root.connections:
            for source in get({}, args, self._ctx):
                yield from self._emit(source, plan_of, None, 0)
        for get, args, plan_of in self._objects:
            if (source := get({}, args, self._ctx)) is not None:
                yield from self._emit(source, plan_of, None, 0)

    def _emit(
        self, source: Any, plan_of: Callable[[Any], Plan], parent: str | None, depth: int
    ) -> Iterator[tuple[int, Row]]:
        plan = plan_of(source)
        row = plan.row(source, self._ctx)
        own = row.get("id")
        if parent is not None:
            row["__parentId"] = parent
        yield depth, row
        for get, args, child_plan in plan.connections:
            for child in get(source, args, self._ctx):
                yield from self._emit(child, child_plan, own, depth + 1)

    # -- compiling -----------------------------------------------------------------------------------------------------

    def _compile(self, kind: GraphQLNamedType, selections: list[SelectionSetNode]) -> Plan:
        plan = Plan()
        for key, nodes in self._collect(kind, selections).items():
            name = nodes[0].name.value
            if name == "__typename":
                plan.values.append((key, _constant(kind.name), {}, None))
                continue
            definition = kind.fields[name]  # type: ignore[attr-defined]
            returns = get_named_type(definition.type)
            getter = GETTERS.get((kind.name, name))
            if getter is None:
                raise NotSimulated(f"{kind.name}.{name}")
            self._check_access(kind.name, name, definition.type)
            args = get_argument_values(definition, nodes[0])
            below = [node.selection_set for node in nodes if node.selection_set]
            if returns.name.endswith("Connection"):
                plan.connections.append((getter, args, self._nodes(returns, below)))
            elif is_leaf_type(returns):
                plan.values.append((key, getter, args, None))
            elif kind is self._schema.query_type:
                self._objects.append((getter, args, self._dispatch(returns, below)))
            else:
                plan.values.append((key, getter, args, self._object(returns, below)))
        return plan

    def _check_access(self, kind: str, name: str, returns: Any) -> None:
        message = self._ctx.access.denial(kind, name, returns)
        if message is not None and self.denied is None:
            self.denied = AccessDenied(message)

    def _object(self, kind: GraphQLNamedType, below: list[SelectionSetNode]) -> Shape:
        plan_of = self._dispatch(kind, below)

        def shape(value: Any) -> Any:
            if isinstance(value, list):
                return [shape(item) for item in value]
            plan = plan_of(value)
            if plan.connections:
                raise NotSimulated("connections of an object inside a bulk row")
            return plan.row(value, self._ctx)

        return shape

    def _nodes(self, connection: GraphQLNamedType, below: list[SelectionSetNode]) -> Callable[[Any], Plan]:
        """The plan of a connection's nodes, selected through ``nodes`` or ``edges { node }``."""
        selections: list[SelectionSetNode] = []
        node_type: GraphQLNamedType | None = None
        for nodes in self._collect(connection, below).values():
            inner = [node.selection_set for node in nodes if node.selection_set]
            name = nodes[0].name.value
            if name == "nodes":
                selections, node_type = selections + inner, _returned(connection, name)
            elif name == "edges":
                edge_type = _returned(connection, name)
                for edge in self._collect(edge_type, inner).values():
                    if edge[0].name.value == "node":
                        selections += [node.selection_set for node in edge if node.selection_set]
                        node_type = _returned(edge_type, "node")
        if node_type is None:
            raise NotSimulated("a bulk connection without nodes")
        return self._dispatch(node_type, selections)

    def _dispatch(self, kind: GraphQLNamedType, selections: list[SelectionSetNode]) -> Callable[[Any], Plan]:
        """The plan for a value: fixed for an object type, by the value's own type for interfaces and unions."""
        if not is_abstract_type(kind):
            plan = self._compile(kind, selections)
            return lambda value: plan
        plans: dict[str, Plan] = {}

        def plan_of(value: Any) -> Plan:
            name = type_name(value)
            if name not in plans:
                plans[name] = self._compile(self._schema.type_map[name], selections)
            return plans[name]

        return plan_of

    def _collect(self, kind: GraphQLNamedType, selections: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Fields by response key, fragments that apply to `kind` included."""
        found: dict[str, list[FieldNode]] = {}
        for selection_set in selections:
            for node in selection_set.selections:
                if node.directives:
                    raise NotSimulated("directives in a bulk query")
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                    continue
                inner = self._fragment(kind, node)
                if inner is not None:
                    for key, nodes in self._collect(kind, [inner]).items():
                        found.setdefault(key, []).extend(nodes)
        return found

    def _fragment(self, kind: GraphQLNamedType, node: Any) -> SelectionSetNode | None:
        if isinstance(node, FragmentSpreadNode):
            fragment = self._prepared.fragments[node.name.value]
            condition, selections = fragment.type_condition.name.value, fragment.selection_set
        else:
            assert isinstance(node, InlineFragmentNode)
            condition = node.type_condition.name.value if node.type_condition else kind.name
            selections = node.selection_set
        on = self._schema.type_map[condition]
        applies = on is kind or (
            is_abstract_type(on) and isinstance(kind, GraphQLObjectType) and self._schema.is_sub_type(on, kind)
        )
        return selections if applies else None


def _returned(kind: GraphQLNamedType, name: str) -> GraphQLNamedType:
    return cast(GraphQLNamedType, get_named_type(cast(GraphQLObjectType, kind).fields[name].type))


def _constant(value: str) -> Getter:
    return lambda source, args, ctx: value
