"""Every place with a term is kept to it, the lake included, and each night says what it removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.adapters.db.retention import PLACES, DbRetention
from app.config import Settings
from app.core.governance import places
from app.core.governance.terms import BOUNDS, BadTerm, Term, changed_terms, terms_of
from app.core.ids import ShopId
from app.core.shops import Shop
from app.services.apply_retention import apply_retention
from app.wiring.worker import Worker
from tests.governance.conftest import rows
from tests.lake.conftest import AT, event, purchase, store, stored
from tests.lake.test_erasure import Stopped


@pytest.fixture
def behind(settings: Settings, shop: Shop) -> Iterator[Worker]:
    opened = Worker(settings)
    opened.redis.flushdb()
    yield opened
    opened.close()


def night(behind: Worker, shop: Shop, days: float) -> dict[str, int]:
    """What the night so many days after the events removes, by place, where it is anything."""
    ports = replace(behind.retaining, clock=Stopped(AT + timedelta(days=days)))
    return {one.place: one.removed for one in apply_retention(shop, ports) if one.removed}


def test_every_place_of_the_catalogue_with_a_term_has_a_rule() -> None:
    ruled = {f"database.{name}" for name in PLACES} | {"database.deliveries"}
    for place in places.PLACES:
        if isinstance(place.term, Term) and not place.name.startswith("lake."):
            assert place.name in ruled, f"{place.name} has a term, and nothing applies it"
            own = PLACES.get(place.name.removeprefix("database."))
            assert place.name == "database.deliveries" or (own and own.term == place.term), place.name


def test_the_lake_and_the_database_forget_on_the_same_night(behind: Worker, shop: Shop) -> None:
    store(behind, shop, event("old"), purchase("bought", 77), event("young", minutes=60 * 24 * 30))
    assert night(behind, shop, 399) == {}
    gone = night(behind, shop, 401)
    assert gone == {"lake": 2, "visitor_orders": 1}, "of a browser that came again its consent is still known"
    assert stored(behind, shop) == ["young"]


def test_a_term_that_the_merchant_sets_is_applied_and_reported(behind: Worker, shop: Shop) -> None:
    store(behind, shop, event("old"))
    behind.retention.set_terms(shop.id, changed_terms({"days": "30"}), at=AT)
    assert night(behind, shop, 31)["lake"] == 1
    latest = {one.place: one for one in behind.retention.latest(shop.id, limit=99)}
    assert (latest["lake"].days, latest["lake"].removed) == (30, 1)
    assert latest.keys() == {*PLACES, "lake"}, "also where nothing was old enough"


@pytest.mark.parametrize("days", ["29", "801", "x", "", "-1", "4e2"])
def test_a_term_out_of_its_bounds_is_refused(days: str) -> None:
    with pytest.raises(BadTerm, match="30 to 800"):
        changed_terms({"days": days})


def test_what_the_house_promises_cannot_be_changed() -> None:
    assert changed_terms({"tombstones": "1"}) == {}
    assert terms_of({"tombstones": 1, "days": "x"}) == {term: bounds.days for term, bounds in BOUNDS.items()}


def test_a_short_term_that_was_set_before_there_were_bounds_stays_and_a_long_one_is_cut() -> None:
    assert terms_of({"days": 10})[Term.BEHAVIOUR] == 10
    assert terms_of({"days": "9000"})[Term.BEHAVIOUR] == BOUNDS[Term.BEHAVIOUR].most


def test_a_place_that_fails_does_not_keep_the_others_and_is_in_the_report(behind: Worker, shop: Shop) -> None:
    class Broken(DbRetention):
        def apply_in(self, shop: ShopId, place: str, *, now: object) -> int:
            if place == "clicks":
                raise OSError("the disk holds ada@example.com")
            return super().apply_in(shop, place, now=now)  # type: ignore[arg-type]

    store(behind, shop, event("old"))
    ports = replace(behind.retaining, retention=Broken(behind.database), clock=Stopped(AT + timedelta(days=500)))
    with pytest.raises(OSError, match="disk"):
        apply_retention(shop, ports)
    assert stored(behind, shop) == []
    ((problem,),) = rows(behind, shop, "SELECT problem FROM retention_runs WHERE place = 'clicks'")
    assert problem == "OSError", "an outside text may name somebody"


def test_a_customers_settings_stay_and_a_browsers_go_after_their_term(behind: Worker, shop: Shop) -> None:
    with behind.database.shop(shop.id) as session:
        for kind in ("customer", "visitor"):
            session.execute(
                text(
                    "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, changed_at) "
                    "VALUES (:shop, :kind, '7', false, :at)"
                ),
                {"shop": shop.id, "kind": kind, "at": AT},
            )
    assert night(behind, shop, 1096) == {"shopper_preferences": 1}
    assert rows(behind, shop, "SELECT kind FROM shopper_preferences") == [("customer",)]
