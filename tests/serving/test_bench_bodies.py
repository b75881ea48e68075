"""What the ingest benchmark sends is what the door takes: refused events would make the figures too good."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from app.cli.bench.ingest_bodies import BODIES, KINDS, an_entry, requests
from app.core.events import parse
from app.web.pixel import LARGEST_BODY


@pytest.mark.parametrize("events_each", [1, 3])
def test_every_post_is_good_and_of_the_size_that_it_says(events_each: int) -> None:
    kinds = set()
    for request in requests(events_each):
        head, _, content = request.partition("\r\n\r\n")
        assert f"Content-Length: {len(content.encode())}" in head
        assert len(content) < LARGEST_BODY
        events = [parse(raw, now=datetime.now(UTC)) for raw in orjson.loads(content)["events"]]
        assert len(events) == events_each
        kinds |= {str(event.type) for event in events}
    assert kinds == set(KINDS)
    assert len(set(requests(events_each))) == BODIES


def test_the_raw_entry_is_one_of_ours() -> None:
    command = an_entry()
    assert (command[0], command[4]) == (b"XADD", b"event")
