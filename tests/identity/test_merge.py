"""Two customers merged in the store, by the store's own webhook; and a wrong merge undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.core.ids import CustomerId
from app.core.profiles.identity import Name, Named
from app.core.shops import Shop
from app.services.keep_customers import Ports as Keeping
from app.services.keep_customers import keep_customers
from app.services.undo_merge import cut_names, undo_merge
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp

Work = Callable[[], None]
ORDERS = text("SELECT count(*) FROM orders WHERE customer_id = :customer")


class Two:
    """Two customers with an order each, known to the app."""

    def __init__(self, devstore: DevStore, work: Work, wiring: Worker, shop: Shop) -> None:
        self.devstore, self.work, self.wiring, self.shop = devstore, work, wiring, shop
        self.anna, self.ann = (self._customer(name) for name in ("anna", "ann"))
        self.deliver()
        keeping = Keeping(wiring.stitching.history, wiring.stitching.customers)
        keep_customers(shop, keeping, since=wiring.clock.now().replace(year=2020), used=True)

    def _customer(self, name: str) -> int:
        made = self.devstore.post("customers", email=f"{name}@example.com", first_name=name)
        variant = VARIANTS[name]
        self.devstore.post("orders", lines=[{"variant_id": variant}], customer_id=made["id"])
        return int(made["id"])

    def merge(self, status: str = "completed") -> None:
        self.devstore.post(f"customers/{self.anna}/merge", gone=self.ann, status=status)
        self.deliver()

    def deliver(self) -> None:
        self.devstore.flush()
        self.work()

    def profile(self, customer: int) -> str | None:
        return self.wiring.profiles.find(self.shop.id, Named(Name.CUSTOMER, str(customer)))

    def orders(self, customer: int) -> int:
        with self.wiring.database.shop(self.shop.id) as session:
            given = {"customer": customer}
            return int(
                session.execute(text("SELECT count(*) FROM orders WHERE customer_id = :customer"), given).scalar_one()
            )

    def remembered(self, customer: int) -> int:
        """How many orders the store beside the hot path knows of the customer."""
        found = self.wiring.redis.lrange(f"attune:{self.shop.id}:customer:{customer}", 0, -1)
        return len(found)


VARIANTS: dict[str, int] = {}


@pytest.fixture
def two(devstore: DevStore, running_app: RunningApp, work: Work, worker_wiring: Worker, installed_shop: Shop) -> Two:
    work()
    with worker_wiring.database.shop(installed_shop.id) as session:
        ids = session.execute(text("SELECT id FROM variants WHERE quantity > 5 ORDER BY id LIMIT 2")).scalars().all()
    VARIANTS.update(zip(("anna", "ann"), map(int, ids), strict=True))
    return Two(devstore, work, worker_wiring, installed_shop)


def test_merged_customers_are_one_person_with_all_their_orders(two: Two) -> None:
    assert two.profile(two.anna) != two.profile(two.ann)
    two.merge()
    assert two.profile(two.anna) == two.profile(two.ann)
    assert (two.orders(two.anna), two.orders(two.ann)) == (2, 0)
    assert (two.remembered(two.anna), two.remembered(two.ann)) == (2, 0)


def test_a_merge_that_failed_changes_nothing(two: Two) -> None:
    two.merge(status="failed")
    assert two.profile(two.anna) != two.profile(two.ann)
    assert (two.orders(two.anna), two.orders(two.ann)) == (1, 1)


def test_an_undone_merge_gives_both_their_profiles_orders_and_recommendations_back(two: Two) -> None:
    before = two.profile(two.anna), two.profile(two.ann)
    two.merge()
    assert undo_merge(two.shop, CustomerId(two.anna), CustomerId(two.ann), by="Olga", ports=two.wiring.undoing)
    two.work()
    assert (two.profile(two.anna), two.profile(two.ann)) == before
    assert (two.orders(two.anna), two.orders(two.ann)) == (1, 1)
    assert (two.remembered(two.anna), two.remembered(two.ann)) == (1, 1)


def test_what_the_store_says_again_does_not_redo_an_undone_merge(two: Two) -> None:
    two.merge()
    undo_merge(two.shop, CustomerId(two.anna), CustomerId(two.ann), by="Olga", ports=two.wiring.undoing)
    # The store goes on naming the kept customer for the order, so an import brings that back.
    with two.wiring.database.shop(two.shop.id) as session:
        session.execute(text("UPDATE orders SET customer_id = :kept WHERE customer_id = :gone"),
                        {"kept": two.anna, "gone": two.ann})  # fmt: skip
    two.wiring.jobs.enqueue("workers.jobs.identity.stitch_profiles", two.shop.id)
    two.work()
    assert (two.orders(two.anna), two.orders(two.ann)) == (1, 1)


def test_to_part_a_merged_customer_on_the_page_undoes_the_merge(two: Two) -> None:
    two.merge()
    profile = two.profile(two.anna)
    assert profile is not None
    cut_names(two.shop, profile, [Named(Name.CUSTOMER, str(two.ann))], by="Olga", ports=two.wiring.undoing)
    two.work()
    assert two.profile(two.anna) != two.profile(two.ann)
    assert (two.orders(two.anna), two.orders(two.ann)) == (1, 1)
