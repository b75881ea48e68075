"""Reading a bulk file to its end over an Admin API whose files end early or whose links run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from app.errors import LinkExpired, Retryable
from app.ports import AdminApi, BulkOperation
from app.services.bulk_file import whole_file

CONTENT = b'{"a":1}\n{"b":2}\n{"c":"three"}\n{"d":4}\n'


class Files:
    """The part of an Admin API that hands files out; each download ends at the next of `ends`."""

    def __init__(self, *ends: int | None) -> None:
        self.ends = list(ends)

    def lines(self, url: str, *, offset: int = 0) -> Iterator[bytes]:
        end = self.ends.pop(0) if self.ends else len(CONTENT)
        if end is None:
            raise LinkExpired("run out")
        yield from CONTENT[offset:end].splitlines()

    def bulk_operation(self, operation_id: str) -> BulkOperation:
        return operation()


def operation(objects: int = 4) -> BulkOperation:
    return BulkOperation("gid://shopify/BulkOperation/1", "COMPLETED", None, objects, "http://files/1", None)


def read(*ends: int | None, objects: int = 4) -> list[bytes]:
    api = cast(AdminApi, cast(Any, Files(*ends)))
    return list(whole_file(api, operation(objects), wait=lambda _: None))


@pytest.mark.parametrize("end", range(len(CONTENT) + 1))
def test_a_file_that_ends_anywhere_is_read_on_from_there(end: int) -> None:
    assert read(end) == CONTENT.splitlines()


def test_a_link_that_runs_out_before_or_amid_the_file_is_renewed() -> None:
    assert read(None, 10, None, 20) == CONTENT.splitlines()


def test_a_file_with_fewer_lines_than_objects_is_to_be_exported_again() -> None:
    with pytest.raises(Retryable, match="4 of 5"):
        read(objects=5)


def test_a_last_line_that_is_no_json_is_left_to_the_importer_when_nothing_is_missing() -> None:
    api = Files()

    def cut_lines(url: str, *, offset: int = 0) -> Iterator[bytes]:
        return iter([b'{"a":1}', b'{"b":'][offset // 8 :])

    api.lines = cut_lines  # type: ignore[method-assign]
    assert list(whole_file(cast(AdminApi, cast(Any, api)), operation(2), wait=lambda _: None)) == [b'{"a":1}', b'{"b":']
