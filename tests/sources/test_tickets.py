"""Customer-service tickets out of CSV files of all makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.rows import BadFile
from app.core.sources.values import DayOrder
from app.ports.sources import SourceDelivery
from app.wiring.worker import Worker
from tests.sources.conftest import ADA, BOB, customer, stored, table

Bring = Callable[..., SourceDelivery]


def ticket(number: int, **facts: object) -> dict[str, object]:
    base = {
        "Ticket ID": number,
        "Created at": "2026-03-01T10:00:00+01:00",
        "Requester email": ADA,
        "Subject": "Where is my parcel, please? Call me at 0171 5551234",
        "Tags": "delivery, late",
        "Satisfaction Score": "",
    }
    return {**base, **facts}


def test_a_zendesk_export_becomes_tickets_without_their_texts(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    done = bring(Source.TICKETS, table([ticket(1, **{"Satisfaction Score": "Good"}), ticket(2)]))
    assert (done.report["rows"], done.report["taken"], done.report["refused"]) == (2, 2, {})
    records = stored(wiring, stocked, "tickets")
    assert [(row["type"], row["ticket"], row["topic"]) for row in records if row["ticket"] == "1"] == [
        ("ticket_opened", "1", "delivery"),
        ("ticket_rated", "1", "delivery"),
    ] or {row["type"] for row in records if row["ticket"] == "1"} == {"ticket_opened", "ticket_rated"}
    assert {row["satisfaction"] for row in records if row["type"] == "ticket_rated"} == {1.0}
    assert {row["email_hash"] for row in records} == {wiring.sealer.email_hash(stocked.id, ADA).hex()}
    assert {row["at"] for row in records} == {datetime(2026, 3, 1, 9, tzinfo=UTC)}
    assert not any(word in str(records) for word in ("parcel", "0171", ADA))


def test_a_gorgias_export_with_stars_and_semicolons_is_read(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    rows: list[dict[str, Any]] = [
        {
            "Ticket id": 9,
            "Created date": "2026-03-02 08:00:00",
            "Customer email": BOB,
            "Contact reason": "Return",
            "Channel": "chat",
            "CSAT score": 4,
        }
    ]
    bring(Source.TICKETS, table(rows, delimiter=";"))
    (opened, rated) = sorted(stored(wiring, stocked, "tickets"), key=lambda row: str(row["type"]))
    assert (opened["topic"], opened["channel"], rated["satisfaction"]) == ("Return", "chat", 0.75)
    assert opened["at"] == datetime(2026, 3, 2, 7, tzinfo=UTC), "a time without a zone is the shop's"


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "byte order mark"),
        ("cp1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
    ],
)
def test_encodings_are_found_and_said(bring: Bring, wiring: Worker, stocked: Shop, encoding: str, note: str) -> None:
    done = bring(Source.TICKETS, table([ticket(1, Tags="Rückgabe")], encoding=encoding))
    assert done.report["taken"] == 1
    assert {row["topic"] for row in stored(wiring, stocked, "tickets")} == {"Rückgabe"}
    assert note in " ".join(done.report["notes"])
    assert bool(done.report["notes"]) is bool(note)


def test_lines_of_two_encodings_in_one_file_are_both_read(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    first, second = table([ticket(1, Tags="Größe")]), table([ticket(2, Tags="Größe")], encoding="cp1252")
    done = bring(Source.TICKETS, first + second.split(b"\r\n", 1)[1])
    assert {row["topic"] for row in stored(wiring, stocked, "tickets")} == {"Größe"}
    assert "1 line of 3" in done.report["notes"][0]


def test_refused_rows_are_named_by_their_number_and_the_rest_is_taken(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    rows = [
        ticket(1),
        ticket(2, **{"Created at": "soon"}),
        ticket(3, **{"Created at": "2027-01-01"}),
        ticket(4, **{"Requester email": "Ada Lovelace"}),
        ticket(5, **{"Satisfaction Score": "brilliant"}),
        ticket("", Tags="x"),  # type: ignore[arg-type]
        ticket(7, **{"Created at": "1999-01-01"}),
        ticket(8),
    ]
    done = bring(Source.TICKETS, table(rows))
    assert done.report["rows"] == len(rows)
    assert done.report["taken"] == 2
    assert [problem["row"] for problem in done.report["problems"]] == [3, 4, 5, 6, 7, 8]
    assert sum(done.report["refused"].values()) == 6
    assert len(done.report["refused"]) == 6, "each for its own reason"
    assert "Lovelace" not in str(done.report)
    assert {row["ticket"] for row in stored(wiring, stocked, "tickets")} == {"1", "8"}


def test_a_quote_that_is_never_closed_costs_one_row(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    content = table([ticket(number, Subject="x") for number in range(1, 6)]).replace(b",x,", b',"x,', 1)
    done = bring(Source.TICKETS, content)
    assert (done.report["taken"], [problem["row"] for problem in done.report["problems"]]) == (4, [2])


def test_text_over_several_lines_is_one_row(bring: Bring) -> None:
    done = bring(Source.TICKETS, table([ticket(1, Subject='Hello\nyou, there;\n\n"ciao"'), ticket(2)]))
    assert (done.report["rows"], done.report["taken"]) == (2, 2)


def test_a_file_without_a_required_column_says_which_and_what_it_has(bring: Bring, wiring: Worker, shop: Shop) -> None:
    with pytest.raises(BadFile, match=r"no column for “time”.*“Ticket ID”, “Mood”"):
        bring(Source.TICKETS, table([{"Ticket ID": 1, "Mood": "fine"}]))
    (failed,) = wiring.source_deliveries.latest(shop.id, limit=5)
    assert (failed.state, "no column" in failed.error) == ("failed", True)


def test_days_in_two_orders_are_refused_unless_the_file_or_the_caller_says_which(bring: Bring) -> None:
    unsure = [ticket(1, **{"Created at": "03/02/2026 10:00"})]
    done = bring(Source.TICKETS, table(unsure))
    assert (done.report["taken"], list(done.report["refused"].values())) == (0, [1])
    shown = [*unsure, ticket(2, **{"Created at": "25/02/2026 10:00"})]
    done = bring(Source.TICKETS, table(shown))
    assert (done.report["taken"], str(done.first)) == (2, "2026-02-03")
    done = bring(Source.TICKETS, table([*unsure, ticket(3)]), order=DayOrder.MONTH_FIRST)
    assert str(done.last) == "2026-03-02"


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T15:00:00+05:30", "2026-03-01T09:30:00Z", "2026-03-01 04:30:00 -0500", "2026-03-01 09:30:00 UTC",
        "1772357400", "1 March 2026 10:30", "March 1, 2026 10:30 AM", "01.03.2026 10:30",
    ],
)  # fmt: skip
def test_times_of_any_zone_are_the_same_moment(bring: Bring, wiring: Worker, stocked: Shop, written: str) -> None:
    bring(Source.TICKETS, table([ticket(1, **{"Created at": written})]))
    (record,) = stored(wiring, stocked, "tickets")
    assert record["at"] == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_what_is_delivered_again_is_counted_once_and_a_late_rating_is_added(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    content = table([ticket(1), ticket(2), ticket(1)])
    assert bring(Source.TICKETS, content).report["again"] == 1
    again = bring(Source.TICKETS, content, name="another name.csv")
    assert again.name == "file", "it is the delivery that was taken in first"
    repacked = bring(Source.TICKETS, table([ticket(1), ticket(2)], delimiter="\t"))
    assert (repacked.report["taken"], repacked.report["again"]) == (0, 2)
    rated = bring(Source.TICKETS, table([ticket(1, **{"Satisfaction Score": "Bad"}), ticket(2)]))
    assert (rated.report["taken"], rated.report["again"]) == (1, 1)
    assert sorted(row["type"] for row in stored(wiring, stocked, "tickets")) == ["ticket_opened"] * 2 + ["ticket_rated"]


def test_an_address_of_two_customers_is_kept_for_neither_and_said(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    customer(wiring, stocked, 3, ADA)
    done = bring(Source.TICKETS, table([ticket(1), ticket(2, **{"Requester email": "who@example.com"})]))
    assert (done.report["taken"], done.report["shared"], done.report["unmatched"]) == (2, 1, {"customers": 1})


def test_tickets_of_who_opted_out_or_was_erased_are_let_go(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    from app.core.ids import CustomerId
    from tests.sources.conftest import NOW

    customer(wiring, stocked, 3, "eve@example.com", opted_out=True)
    wiring.privacy.bury(stocked.id, CustomerId(2), [], at=NOW)
    rows = [ticket(1), ticket(2, **{"Requester email": BOB}), ticket(3, **{"Requester email": "Eve@Example.com"})]
    done = bring(Source.TICKETS, table(rows))
    assert (done.report["taken"], sum(done.report["let_go"].values())) == (1, 2)
    assert [row["ticket"] for row in stored(wiring, stocked, "tickets")] == ["1"]
