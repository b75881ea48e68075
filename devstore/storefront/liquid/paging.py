"""Pages of a long list: what `{% paginate %}` does to the list, and the `paginate` object beside it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Pageable(Protocol):
    """A list that can be told to show one stretch of itself only."""

    total: int

    def show(self, start: int, size: int) -> None: ...


def paginate(items: Pageable, size: int, number: int, query: str = "") -> dict[str, Any]:
    """Narrow `items` to page `number` (from 1) and return the `paginate` object of the template.

    Args:
        query: the rest of the address's query string, encoded, which the links keep.
    """
    size = max(1, min(size, 250))
    pages = max(1, -(-items.total // size))
    number = max(1, min(number, pages))
    items.show((number - 1) * size, size)
    return {
        "current_page": number,
        "current_offset": (number - 1) * size,
        "items": items.total,
        "page_size": size,
        "pages": pages,
        "previous": _link(number - 1, query) if number > 1 else None,
        "next": _link(number + 1, query) if number < pages else None,
        "parts": [_link(n, query) | {"is_link": n != number} for n in range(1, pages + 1)],
    }


def _link(number: int, query: str) -> dict[str, Any]:
    return {"title": str(number), "url": f"?page={number}{'&' + query if query else ''}"}
