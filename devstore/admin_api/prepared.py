"""GraphQL documents, parsed and validated against Shopify's schema once per text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    validate,
)

from devstore import schema


@dataclass(frozen=True, slots=True)
class Prepared:
    document: DocumentNode
    errors: tuple[GraphQLError, ...]

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        found = (d for d in self.document.definitions if isinstance(d, FragmentDefinitionNode))
        return {fragment.name.value: fragment for fragment in found}

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run; with several in the document, `name` must say which."""
        found = [d for d in self.document.definitions if isinstance(d, OperationDefinitionNode)]
        if name is not None:
            found = [d for d in found if d.name is not None and d.name.value == name]
        if len(found) != 1:
            raise GraphQLError("An operation name is required" if name is None else f"No operation named {name}")
        return found[0]


@lru_cache(maxsize=512)
def prepare(text: str) -> Prepared:
    """Parse and validate.

    Raises:
        GraphQLSyntaxError: the text is not GraphQL.
    """
    document = parse(text, no_location=False)
    return Prepared(document, tuple(_coded(e) for e in validate(schema.load(), document)))


def _coded(error: GraphQLError) -> GraphQLError:
    if error.message.startswith("Cannot query field"):
        error.extensions = {"code": "undefinedField", **(error.extensions or {})}
    return error
