"""`metafields` of a product or of the app: namespaces, then keys, then type and value.

``$app`` is the app's own namespace, as it is inside theme app extensions. Metafields of that namespace show on products
only when shopify.app.toml declares them readable by the storefront, so a forgotten declaration is seen here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import islice
from typing import Any

from devstore.model import Metafield
from devstore.storefront.liquid import Drop, ListDrop

Resolve = Callable[[str], Any]
"""Turns a gid into the drop that a reference shows, or None when shoppers must not see it."""


LOOP_LIMIT = 50


class References(ListDrop):
    """A list of references; a loop over it sees the first fifty, as on Shopify outside `{% paginate %}`."""

    def __iter__(self) -> Iterator[Any]:
        return islice(super().__iter__(), LOOP_LIMIT)


class MetafieldDrop(Drop):
    def __init__(self, metafield: Metafield, resolve: Resolve) -> None:
        self._metafield, self._resolve = metafield, resolve

    @property
    def type(self) -> str:
        return self._metafield.type

    @property
    def value(self) -> Any:
        kind, text = self._metafield.type, self._metafield.value
        if kind.startswith("list.") and kind.endswith("_reference"):
            found = (self._resolve(gid) for gid in json.loads(text))
            return References(drop for drop in found if drop is not None)
        if kind.endswith("_reference"):
            return self._resolve(text)
        if kind.startswith("list."):
            return ListDrop(json.loads(text))
        return _scalar(kind, text)

    def __str__(self) -> str:
        return self._metafield.value

    def as_json(self) -> Any:
        return {"type": self.type, "value": self._metafield.value}


class MetafieldsDrop(Drop):
    """`metafields["$app"].recs`, `metafields.custom.care`."""

    def __init__(
        self,
        metafields: Mapping[tuple[str, str], Metafield],
        app_namespace: str,
        resolve: Resolve,
        readable: Container[str] | None = None,
    ) -> None:
        """`readable` names the keys of the app's namespace that the storefront may read; None means all."""
        self._metafields, self._app, self._resolve, self._readable = metafields, app_namespace, resolve, readable

    def __getitem__(self, key: object) -> Any:
        namespace = _namespace(str(key), self._app)
        hidden = namespace == self._app and self._readable is not None
        return {
            name: MetafieldDrop(metafield, self._resolve)
            for (space, name), metafield in list(self._metafields.items())
            if space == namespace and (not hidden or name in (self._readable or ()))
        }


def _namespace(name: str, app_namespace: str) -> str:
    if name == "$app":
        return app_namespace
    if name.startswith("$app:"):
        return f"{app_namespace}--{name.removeprefix('$app:')}"
    return name


def _scalar(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text == "true"
    if kind == "number_integer":
        return int(text)
    if kind == "number_decimal":
        return float(text)
    return _liquid(json.loads(text)) if kind == "json" else text


def _liquid(value: Any) -> Any:
    """JSON as Liquid sees it: lists know their size, first and last, however deep they lie."""
    if isinstance(value, list):
        return ListDrop(_liquid(item) for item in value)
    return {key: _liquid(item) for key, item in value.items()} if isinstance(value, dict) else value
