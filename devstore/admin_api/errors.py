"""The ways in which a request to the Admin API fails, with the codes that clients branch on."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

NOT_SIMULATED = "DEVSTORE_NOT_SIMULATED"


class NotSimulated(GraphQLError):
    """Shopify has this, the devstore does not; the server answers HTTP 501."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The devstore does not simulate {what}.", extensions={"code": NOT_SIMULATED})


class AccessDenied(GraphQLError):
    """The app lacks a scope, or the approval for protected customer data; the field becomes null."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            extensions={"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes"},
        )


class BadInput(GraphQLError):
    """An argument that the schema allows and Shopify refuses."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})


class NotFound(GraphQLError):
    """Shopify answers some missing records with an error instead of null."""


class InputTooLarge(GraphQLError):
    """A list argument is longer than Shopify takes; the whole request fails."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The input array size of {size} is greater than the maximum allowed of {limit}.",
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )


def user_error(message: str, field: list[str] | None = None, code: str | None = None, **more: Any) -> dict[str, Any]:
    """One entry of a mutation's ``userErrors``."""
    return {"message": message, "field": field, "code": code, **more}
