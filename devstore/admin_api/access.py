"""Whether an app may read a field: its scopes, and its approval for protected customer data.

The rules come from Shopify's own schema file. A rule may sit on the field, on the type that holds it, or on the type
that it returns (for a connection: the type of its nodes).
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLNamedType, GraphQLOutputType, get_named_type

from devstore import schema
from devstore.admin_api.errors import AccessDenied

# The schema file lists no scope for these; the owner's scope is checked in the mutation itself.
_OPEN_TYPES = frozenset(("QueryRoot", "Mutation"))


class Access:
    """The rights of one access token."""

    def __init__(self, scopes: Iterable[str], level2: bool) -> None:
        self.scopes = frozenset(scopes)
        self.level2 = level2
        self.all_orders = "read_all_orders" in self.scopes
        self._rules = schema.access()
        self._denials: dict[tuple[str, str], str | None] = {}

    def has(self, *any_of: str) -> bool:
        """Whether one of these scopes is granted; ``write_x`` includes ``read_x``."""
        return any(s in self.scopes or s.replace("read_", "write_", 1) in self.scopes for s in any_of)

    def denial(self, type_name: str, field: str, returns: GraphQLOutputType) -> str | None:
        """Why the field may not be read, or None when it may."""
        key = (type_name, field)
        if key not in self._denials:
            self._denials[key] = self._judge(type_name, field, get_named_type(returns))
        return self._denials[key]

    def require(self, what: str, *any_of: str) -> None:
        if not self.has(*any_of):
            raise AccessDenied(_scope_denial(what, any_of))

    def _judge(self, type_name: str, field: str, returns: GraphQLNamedType) -> str | None:
        name = f"{type_name}.{field}"
        rules = [self._rules.field_scopes.get(name)]
        if name not in self._rules.field_scopes:
            rules.append(None if type_name in _OPEN_TYPES else self._rules.type_scopes.get(type_name))
            rules.append(self._rules.type_scopes.get(_node_type(returns.name)))
        for any_of in rules:
            if any_of and not self.has(*any_of):
                return _scope_denial(field, any_of)
        if name in self._rules.protected and not self.level2:
            return (
                f"This app is not approved to use the {field} field. "
                "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
            )
        return None


def _node_type(name: str) -> str:
    for ending in ("Connection", "Edge"):
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


def _scope_denial(what: str, any_of: Iterable[str]) -> str:
    scopes = " or ".join(f"`{scope}`" for scope in any_of)
    return f"Access denied for {what} field. Required access: {scopes} access scope."
