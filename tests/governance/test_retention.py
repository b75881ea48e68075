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
from app.core.profiles.identity import Evidence, Name, Named, tie
from app.core.profiles.identity_ties import KX, hour_of
from app.core.shops import Shop
from app.services.apply_retention import apply_retention
from app.services.stitch_profiles import stitch_profiles
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


def tied(behind: Worker, shop: Shop, day: int, *names: Named) -> None:
    """On that day the first name was seen with each of the others; profiles are made of it."""
    hour = hour_of(AT + timedelta(days=day))
    behind.tie_sources.note(shop.id, [tie(names[0], other, Evidence.BROWSER, hour) for other in names[1:]])
    stitch_profiles(shop, behind.stitching)


def known(behind: Worker, shop: Shop) -> set[str]:
    return {id for (id,) in rows(behind, shop, "SELECT id FROM profile_members")}


def test_names_of_visitors_who_never_said_who_they_are_go_with_what_they_did(behind: Worker, shop: Shop) -> None:
    gone, stays = Named(Name.VISITOR, "gone"), Named(Name.VISITOR, "stays")
    tied(behind, shop, 0, gone, Named(Name.CLIENT, "gone too"), Named(Name.CART, "also gone"))
    tied(behind, shop, 0, stays, Named(Name.CLIENT, "first"))
    tied(behind, shop, 30, stays, Named(Name.CART, "later"))
    assert night(behind, shop, 399) == {}
    assert night(behind, shop, 401) == {"identity_ties": 2, "profile_members": 3, "profiles": 1}
    assert known(behind, shop) == {"stays", "first", "later"}, "a profile is kept or goes as a whole"
    assert night(behind, shop, 431) == {"identity_ties": 2, "profile_members": 3, "profiles": 1}
    assert known(behind, shop) == set()


@pytest.mark.parametrize("kind", [Name.CUSTOMER, Name.EMAIL, Name.KLAVIYO])
def test_what_ties_a_browser_to_a_person_stays_whatever_its_age(behind: Worker, shop: Shop, kind: Name) -> None:
    tied(behind, shop, 0, Named(Name.VISITOR, "known"), Named(Name.CLIENT, "too"), Named(kind, "7"))
    assert night(behind, shop, 4000) == {}
    assert known(behind, shop) == {"known", "too", "7"}


def test_the_token_of_a_mails_link_names_nobody_and_goes_with_the_browser(behind: Worker, shop: Shop) -> None:
    tied(behind, shop, 0, Named(Name.VISITOR, "clicked"), Named(Name.KLAVIYO, f"{KX}token of a mail"))
    assert night(behind, shop, 399) == {}
    assert night(behind, shop, 401) == {"identity_ties": 1, "profile_members": 2, "profiles": 1}
    assert known(behind, shop) == set()


def test_what_browsers_did_for_mails_goes_after_90_days_though_mails_are_off(behind: Worker, shop: Shop) -> None:
    with behind.database.shop(shop.id) as session:
        session.execute(
            text(
                "INSERT INTO mail_deeds (shop_id, kind, who, product_id, what, times, first_at, last_at) "
                "VALUES (:shop, 'visitor', 'left', 1, 'views', 2, :at, :at)"
            ),
            {"shop": shop.id, "at": AT},
        )
    assert night(behind, shop, 89) == {}
    assert night(behind, shop, 91) == {"mail_deeds": 1}


def test_ties_that_no_profile_knows_yet_wait_for_stitching(behind: Worker, shop: Shop) -> None:
    late = tie(Named(Name.VISITOR, "late"), Named(Name.CLIENT, "one"), Evidence.BROWSER, hour_of(AT))
    behind.tie_sources.note(shop.id, [late])
    assert night(behind, shop, 401) == {}
    stitch_profiles(shop, behind.stitching)
    assert night(behind, shop, 402) == {"identity_ties": 1, "profile_members": 2, "profiles": 1}
