"""What a browser can know of the store's addresses: handles, titles and collections, from the public lists.

Read once at the start, as a search engine has read the store before anybody comes from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

PAGE = 250


@dataclass(slots=True)
class Catalogue:
    _handles: dict[int, str] = field(default_factory=dict)
    _titles: dict[int, str] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)
    _collections: list[str] = field(default_factory=list)

    @classmethod
    async def read(cls, http: httpx.AsyncClient) -> Catalogue:
        """Page through the lists.

        Raises:
            httpx.HTTPError: the store does not answer.
        """
        found = cls()
        for product in await _all(http, "products"):
            found._handles[product["id"]] = product["handle"]
            found._titles[product["id"]] = product["title"]
            found._ids[product["handle"]] = product["id"]
        found._collections = [collection["handle"] for collection in await _all(http, "collections")]
        return found

    def __len__(self) -> int:
        return len(self._handles)

    def handle(self, product: int) -> str | None:
        return self._handles.get(product)

    def title(self, product: int) -> str:
        return self._titles.get(product, "")

    def id(self, handle: str) -> int | None:
        return self._ids.get(handle)

    def some_collection(self, random: np.random.Generator) -> str:
        """The address of a collection, or of all products where the store has none."""
        if not self._collections:
            return "/collections/all"
        return f"/collections/{self._collections[int(random.integers(len(self._collections)))]}"


async def _all(http: httpx.AsyncClient, what: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for page in range(1, 10_000):
        answer = await http.get(f"/{what}.json", params={"limit": PAGE, "page": page})
        answer.raise_for_status()
        part = answer.json()[what]
        listed += part
        if len(part) < PAGE:
            break
    return listed
