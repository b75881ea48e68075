"""Claims: one holder at a time, and a killed holder's claim runs out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from app.adapters.db.claims import DbClaims
from app.adapters.db.engine import Database
from app.core.shops import Shop


def test_of_many_workers_exactly_one_gets_the_claim(database: Database, shop: Shop) -> None:
    claims = DbClaims(database)
    all_have_tried = threading.Barrier(8, timeout=100)

    def attempt(_: int) -> bool:
        with claims.hold(shop.id, "sync", seconds=600) as taken:
            all_have_tried.wait()
            return taken

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_a_claim_is_free_again_after_its_holder_is_done(database: Database, shop: Shop) -> None:
    claims = DbClaims(database)
    for _ in range(2):
        with claims.hold(shop.id, "sync", seconds=30) as taken:
            assert taken


def test_a_claim_whose_holder_died_runs_out(database: Database, shop: Shop) -> None:
    claims = DbClaims(database)
    dead = claims.hold(shop.id, "sync", seconds=600)
    assert dead.__enter__()
    with claims.hold(shop.id, "sync", seconds=9) as early:
        assert not early
    with database.shop(shop.id) as session:  # What time does.
        session.execute(text("UPDATE claims SET until = until - interval '601 seconds'"))
    with claims.hold(shop.id, "sync", seconds=9) as later:
        assert later


def test_claims_of_other_names_and_shops_do_not_touch(database: Database, shop: Shop, other_shop: Shop) -> None:
    claims = DbClaims(database)
    with claims.hold(shop.id, "sync", seconds=9) as a, claims.hold(shop.id, "train", seconds=9) as b:
        with claims.hold(other_shop.id, "sync", seconds=9) as c:
            assert (a, b, c) == (True, True, True)
