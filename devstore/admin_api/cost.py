"""What a query costs, and the bucket that it is paid from.

Shopify publishes the rule only roughly and no cost data; this follows the shape of published traces. Only the protocol
(``extensions.cost``, THROTTLED, the 1,000-point limit) should be relied on, never a single figure.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

MAX_QUERY_COST = 1000
MUTATION_COST = 10


def _size(n: int) -> float:
    """A page of n nodes counts less than n times: 250 nodes were seen to cost 25 together."""
    return n if n <= 3 else 1.5 * math.log2(n + 1)


class Estimate:
    """Walks one operation against the schema."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], variables: dict[str, Any]
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def of(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        base = MUTATION_COST if operation.operation.value == "mutation" else 0
        return math.ceil(base + self._selections(operation.selection_set, root))

    def _selections(self, selections: SelectionSetNode | None, parent: Any) -> float:
        total = 0.0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                on = self._schema.type_map[node.type_condition.name.value] if node.type_condition else parent
                total += self._selections(node.selection_set, on)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                total += self._selections(
                    fragment.selection_set, self._schema.type_map[fragment.type_condition.name.value]
                )
        return total

    def _field(self, node: FieldNode, parent: Any) -> float:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None:
            return 0
        kind = get_named_type(definition.type)
        if is_leaf_type(kind):
            return 0
        inner = self._selections(node.selection_set, kind)
        if kind.name.endswith("Connection"):
            return _size(self._page_size(node)) * (1 + inner)
        # Values without an identity (money, addresses, attributes) come with their owner and are free.
        counts = "id" in getattr(kind, "fields", {}) and node.name.value != "nodes" and not kind.name.endswith("Edge")
        return inner + (1 if counts or is_abstract_type(kind) else 0)

    def _page_size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    return int(self._variables.get(value.name.value) or 0)
        return 0


class Bucket:
    """The leaky bucket of one app in one shop, in wall time."""

    def __init__(
        self, maximum: float = 2000, restore_rate: float = 100, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._now = now
        self.factor = 1.0
        self.configure(maximum, restore_rate)

    def configure(self, maximum: float, restore_rate: float, factor: float = 1.0) -> None:
        """Size and refill per second; `factor` multiplies every cost, so that a test can empty the bucket at will."""
        self.maximum, self.restore_rate, self.factor = maximum, restore_rate, factor
        self._level, self._at = maximum, self._now()

    def take(self, cost: float) -> bool:
        with self._lock:
            self._refill()
            if cost > self._level:
                return False
            self._level -= cost
            return True

    def give_back(self, cost: float) -> None:
        """The requested cost was an upper bound; what the answer did not use is returned."""
        with self._lock:
            self._level = min(self.maximum, self._level + cost)

    def _refill(self) -> None:
        now = self._now()
        self._level = min(self.maximum, self._level + (now - self._at) * self.restore_rate)
        self._at = now

    def status(self) -> dict[str, float]:
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self.maximum),
                "currentlyAvailable": int(self._level),
                "restoreRate": float(self.restore_rate),
            }


def actual(data: Any) -> int:
    """The number of objects in an answer that have an id: what was really read."""
    if isinstance(data, list):
        return sum(actual(item) for item in data)
    if isinstance(data, dict):
        return ("id" in data) + sum(actual(value) for value in data.values())
    return 0
