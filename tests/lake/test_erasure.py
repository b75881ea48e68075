"""Who is erased leaves the lake too, whoever is writing at that moment; everybody else's events stay as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from app.adapters.lake.erasable import LakePlace
from app.adapters.lake.files import LakeFiles, Part
from app.core.events import EventType
from app.core.ids import ClientId, CustomerId, OrderId, ShopId
from app.core.shops import Shop
from app.jobs import ROLL_UP_DUE
from app.ports import Subject
from app.services.checkpoints import carry_on
from app.services.roll_up_events import roll_up_events
from app.wiring.worker import Worker
from tests.lake.conftest import ADA, AT, BOB, decision, event, identity, purchase, rows, store, stored
from tests.lake.killed import TODAY
from tests.patience import eventually

NOW = AT + timedelta(hours=1)
ORDER = OrderId(77)


@dataclass
class Stopped:
    """A clock that stands, so that no term of retention ends in a test that is run much later."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def bury(wiring: Worker, shop: Shop, at: datetime = NOW) -> Subject:
    return wiring.privacy.bury(shop.id, CustomerId(0), [ORDER], at=at)


def erase(wiring: Worker, shop: Shop) -> int:
    subject = bury(wiring, shop)
    return wiring.erasable_places[0].erase_customer(shop.id, subject)


def behaviour(wiring: Worker, shop: Shop) -> None:
    """Ada's browser under both of its names, an order of hers, and Bob's."""
    store(wiring, shop, event("ada-1"), event("bob-1", visitor=BOB), decision("r-ada"), decision("r-bob", visitor=BOB))
    store(wiring, shop, identity("ada-2", ADA, "c-ada"))
    store(wiring, shop, event("ada-3", visitor=None, client=ClientId("c-ada")))
    store(wiring, shop, purchase("ada-4", ORDER, visitor=None, client="c-ada"), event("bob-2", visitor=BOB))


def everything(wiring: Worker, shop: Shop) -> str:
    """All of the shop's files as text."""
    paths = Path(wiring.lake_files.root, f"shop={shop.id}").rglob("*.parquet")
    return "\n".join(str(pq.read_table(path, partitioning=None).to_pylist()) for path in paths)


def test_a_persons_browsers_are_found_by_their_orders_under_both_names(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    subject = wiring.privacy.subject(shop.id, CustomerId(0), [ORDER])
    assert (subject.visitors, subject.clients) == ((ADA,), ("c-ada",))


def test_a_persons_browsers_are_found_by_the_clicks_behind_an_order(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK, client=ClientId("c-ada")), decision("r-2", visitor=BOB))
    with wiring.database.shop(shop.id) as session:
        for line, request in enumerate(("r-1", "r-2")):
            session.execute(
                text(
                    "INSERT INTO order_lines (shop_id, id, order_id, quantity, current_quantity, unit_price, discount, "
                    "request_id) VALUES (:shop, :line, 77, 1, 1, 1, 0, :request)"
                ),
                {"shop": shop.id, "line": line, "request": request},
            )
    subject = wiring.privacy.subject(shop.id, CustomerId(0), [ORDER])
    assert (set(subject.visitors), subject.clients) == ({ADA, BOB}, ("c-ada",))


def test_a_persons_browsers_are_found_by_the_unit_as_which_they_were_assigned(wiring: Worker, shop: Shop) -> None:
    tablet = "7" * 32
    store(wiring, shop, purchase("ada-1", ORDER), replace(decision("r-1", visitor=tablet), unit=ADA))
    assert set(wiring.privacy.subject(shop.id, CustomerId(0), [ORDER]).visitors) == {ADA, tablet}
    store(wiring, shop, decision("r-2", visitor=BOB))
    erase(wiring, shop)
    store(wiring, shop, replace(decision("r-3", visitor="8" * 32), unit=ADA))
    left = everything(wiring, shop)
    assert not any(visitor in left for visitor in (ADA, tablet, "8" * 32))
    assert BOB in left
    with wiring.database.shop(shop.id) as session:
        late = session.execute(text("SELECT visitor, unit FROM decisions WHERE request_id = 'r-3'")).one()
    assert tuple(late) == (None, None)


def test_a_persons_events_go_and_others_stay(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    before = {row["event_id"]: row for row in rows(wiring, shop)}
    assert erase(wiring, shop) == 4 + 1
    after = {row["event_id"]: row for row in rows(wiring, shop)}
    assert after == {name: row for name, row in before.items() if name.startswith("bob")}
    left = everything(wiring, shop)
    assert ADA not in left
    assert "c-ada" not in left
    assert "r-ada" in left, "the answer itself is kept, without its visitor"
    assert BOB in left


def test_figures_are_counted_anew_without_the_person(
    wiring: Worker, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wiring.__dict__, "clock", Stopped(NOW + timedelta(days=1)))
    behaviour(wiring, shop)
    store(wiring, shop, event("ada-0", EventType.CLICK, minutes=-3 * 24 * 60), event("bob-0", visitor=BOB))
    roll_up_events(shop, wiring.rolling_up)
    assert figures(wiring, shop) == {AT.date() - timedelta(days=3): (1, 1), AT.date(): (2, 2)}
    erase(wiring, shop)
    assert {day.day for day in wiring.roll_ups.changed_days(shop.id)} == {AT.date() - timedelta(days=3), AT.date()}
    assert wiring.due_work.waits(shop.id, ROLL_UP_DUE)
    roll_up_events(shop, wiring.rolling_up)
    assert figures(wiring, shop) == {AT.date(): (1, 1)}
    assert wiring.reports.roll_up(shop.id, date(2026, 3, 1), date(2026, 4, 1)) == []


def test_an_erasure_that_breaks_half_way_has_the_figures_counted_anew(
    wiring: Worker, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wiring.__dict__, "clock", Stopped(NOW + timedelta(days=1)))
    behaviour(wiring, shop)
    roll_up_events(shop, wiring.rolling_up)

    files = wiring.lake_files
    failing = Failing(files.filesystem, files.root, is_local=True)
    with pytest.raises(OSError, match="broken"):
        LakePlace(failing, wiring.lake_index).erase_customer(shop.id, bury(wiring, shop))
    assert failing.written > 0
    roll_up_events(shop, wiring.rolling_up)
    assert figures(wiring, shop) == {AT.date(): (1, 1)}


class Failing(LakeFiles):
    """A disk that breaks when the last file of the person has been written anew."""

    written = 0

    def write(self, path: str, batches: Iterable[pa.Table | pa.RecordBatch], schema: pa.Schema) -> None:
        super().write(path, batches, schema)
        self.written += 1

    def damaged(self, shop: ShopId) -> list[Part]:
        raise OSError("broken")


def figures(wiring: Worker, shop: Shop) -> dict[date, tuple[int, int]]:
    """Visitors and sessions by day."""
    found = wiring.reports.visits(shop.id, date(2026, 3, 1), date(2026, 4, 1))
    return {row.day: (row.visitors, row.sessions) for row in found}


def test_files_without_the_person_are_not_touched(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    store(wiring, shop, event("bob-3", visitor=BOB, minutes=24 * 60))
    (untouched,) = wiring.lake_files.parts(shop.id, "events", AT.date() + timedelta(days=1))
    before = Path(untouched.path).stat()
    erase(wiring, shop)
    assert Path(untouched.path).stat() == before


def test_what_was_captured_before_an_erasure_and_arrives_after_it_is_not_stored(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    erase(wiring, shop)
    late = [event("ada-1"), event("ada-5", EventType.CLICK), event("ada-6", visitor=None, client=ClientId("c-ada"))]
    late += [purchase("ada-7", ORDER, visitor=None, client="c-new")]
    store(wiring, shop, *late, decision("r-ada"), event("bob-9", visitor=BOB))
    assert stored(wiring, shop) == ["bob-1", "bob-2", "bob-9"]
    assert ADA not in everything(wiring, shop)
    with wiring.database.shop(shop.id) as session:
        for table in ("clicks", "visitor_orders WHERE client = 'c-new'"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_what_a_browser_consents_to_later_is_stored_again(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    erase(wiring, shop)
    store(wiring, shop, event("ada-8", at=NOW + timedelta(minutes=1)))
    assert stored(wiring, shop) == ["ada-8", "bob-1", "bob-2"]


def test_an_erasure_waits_for_a_consumer_that_does_not_know_of_it(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)

    def run() -> None:
        subject = bury(wiring, shop)
        for place in wiring.erasable_places:
            place.erase_customer(shop.id, subject)

    erasing = threading.Thread(target=run)
    with wiring.lake.turn(shop.id) as turn:
        turn.append([event("ada-9", EventType.CLICK)], [])
        erasing.start()
        eventually(lambda: waiting(wiring), "the erasure waits for the turn to end")
    erasing.join()
    assert ADA not in everything(wiring, shop)
    with wiring.database.shop(shop.id) as session:
        assert session.execute(text("SELECT count(*) FROM clicks")).scalar_one() == 0


def waiting(wiring: Worker) -> bool:
    with wiring.database.open() as connection:
        statement = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(connection.execute(text(statement)).scalar_one())


def test_merging_does_not_bring_back_what_is_erased_meanwhile(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    threads: list[threading.Thread] = []

    def meanwhile(reached: str) -> None:
        if not threads:
            threads.append(threading.Thread(target=erase, args=(wiring, shop)))
            threads[0].start()
            eventually(lambda: waiting(wiring), "the erasure waits for its turn at rewriting")

    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=meanwhile)
    threads[0].join()
    assert ADA not in everything(wiring, shop)
    assert stored(wiring, shop) == ["bob-1", "bob-2"]


def test_a_damaged_file_goes_with_the_first_erasure(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    path = Path(wiring.lake_files.parts(shop.id, "events")[0].path)
    path.write_bytes(path.read_bytes()[:50])
    erase(wiring, shop)
    assert wiring.lake_files.damaged(shop.id) == []
    assert not path.exists()


def test_an_erasure_repeated_finds_nothing_more(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=carry_on)
    assert erase(wiring, shop) == 5
    assert erase(wiring, shop) == 0


def test_an_export_shows_each_event_of_theirs_once(wiring: Worker, shop: Shop) -> None:
    behaviour(wiring, shop)
    store(wiring, shop, event("ada-1"), event("bob-1", visitor=BOB))
    subject = wiring.privacy.subject(shop.id, CustomerId(0), [ORDER])
    found = wiring.erasable_places[0].export_customer(shop.id, subject)
    assert sorted(str(row["type"]) for row in found) == ["identity", "product_view", "product_view", "purchase"]
    assert {row["order_id"] for row in found if "order_id" in row} == {ORDER}


def test_a_shops_erasure_leaves_no_file_of_it_and_all_of_the_others(
    wiring: Worker, shop: Shop, other_shop: Shop
) -> None:
    behaviour(wiring, shop)
    behaviour(wiring, other_shop)
    kept = stored(wiring, other_shop)
    assert wiring.erasable_places[0].erase_shop(shop.id) == 5
    assert not Path(wiring.lake_files.root, f"shop={shop.id}").exists()
    assert stored(wiring, other_shop) == kept
