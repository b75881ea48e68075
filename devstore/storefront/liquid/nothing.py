"""Nil and blank as Shopify compares them: what is missing is nil, and nil, "" and [] are blank.

python-liquid has an object for what is missing and finds it, and nil, unequal to blank; themes rely on the opposite.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from liquid import Undefined

BLANK_NAME = "shopify_blank"
"""The variable that `devstore.storefront.liquid.source` writes in place of the keyword."""


LIST_FILTERS = ("compact", "concat", "join", "map", "reverse", "sort", "sort_natural", "sum", "uniq", "where")


class Nil(Undefined):
    """Makes nil instead of an object when something is missing."""

    def __new__(cls, *_args: Any, **_options: Any) -> Any:
        return None


def of_nothing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A list filter that takes nil for an empty list, as Shopify's do."""

    @functools.wraps(function)
    def filtered(left: Any, *arguments: Any, **options: Any) -> Any:
        return function([] if left is None else left, *arguments, **options)

    return filtered


class Blank:
    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return not other.strip()
        return other is None or (isinstance(other, list | dict) and not other)

    def __hash__(self) -> int:
        return 0

    def __str__(self) -> str:
        return ""
