"""The keyed store of signed-in customers: written by a training, without those who object, and gone in time."""

from __future__ import annotations

from app.core.ids import CustomerId, ProductId
from app.core.recommend.blend import NEWEST
from app.core.recommend.past_orders import MOST_KEPT, PastOrder
from app.core.recommend.types import Rail, Strategy
from app.services.erase_customer import erase_customer
from app.services.forget_models import forget_models
from app.services.gather_material import HISTORY
from app.services.keep_customers import keep_customers
from app.services.train_models import train_models
from tests.models.store import Installed, days_since_epoch


def keep(installed: Installed, *, used: bool = True) -> dict[int, list[int]]:
    since = installed.wiring.clock.now() - HISTORY
    keep_customers(installed.shop, installed.wiring.training.customers, since=since, used=used)
    return installed.kept_customers()


def objector(installed: Installed, customer: int) -> None:
    installed.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, %s, 1, 0, '', true)",
        [(installed.shop.id, customer)],
    )


def test_a_customer_is_known_by_what_they_bought_last_newest_first(installed: Installed) -> None:
    installed.order(1, [1, 2], days_ago=9.0, customer_id=7)
    installed.order(2, [3], days_ago=5.0, customer_id=7)
    installed.order(3, [1], days_ago=1.0, customer_id=7)
    installed.order(4, [8], days_ago=1.0)
    installed.order(5, [5], days_ago=1.0, customer_id=8, test=True)
    assert keep(installed) == {7: [1, 3, 2]}


def test_orders_are_kept_one_by_one_with_their_days_and_products_that_come_again(installed: Installed) -> None:
    installed.order(1, [2, 1], days_ago=9.0, customer_id=7)
    installed.order(2, [1], days_ago=2.0, customer_id=7)
    keep(installed)
    today = days_since_epoch(installed.wiring.clock.now())
    newest, oldest = installed.kept_orders()[7]
    assert (newest.products, oldest.products) == ((1,), (1, 2))
    assert [today - (order.day or 0) for order in (newest, oldest)] == [2, 9]


def test_as_many_products_of_a_customer_are_kept_as_a_blend_reads(installed: Installed) -> None:
    orders = MOST_KEPT // 30 + 1
    for number in range(orders):
        installed.order(1 + number, installed.products[:30], days_ago=1.0 + number, customer_id=7)
    keep(installed)
    kept = [len(order.products) for order in installed.kept_orders()[7]]
    assert kept == [*[30] * (orders - 1), MOST_KEPT % 30]
    assert sum(kept) == MOST_KEPT == NEWEST


def test_a_list_of_an_earlier_version_is_read_as_orders_of_unknown_days(installed: Installed) -> None:
    installed.wiring.redis.rpush(f"attune:{installed.shop.id}:customer:7", 3, 1)
    state = installed.wiring.live_state.read(installed.shop.id, None, list_of=None, customer=CustomerId(7))
    assert state.orders == (PastOrder(None, (ProductId(3),)), PastOrder(None, (ProductId(1),)))
    assert state.bought == (3, 1)


def test_who_objects_is_erased_or_buys_no_more_is_not_kept(installed: Installed) -> None:
    for customer in (7, 8, 9):
        installed.order(customer, [customer], customer_id=customer)
    assert keep(installed) == {7: [7], 8: [8], 9: [9]}
    objector(installed, 7)
    installed.execute("UPDATE orders SET cancelled_at = now() WHERE customer_id = 9")
    assert keep(installed) == {8: [8]}


def test_an_erasure_takes_the_customers_list_along_and_the_next_training_does_not_bring_it_back(
    installed: Installed,
) -> None:
    installed.order(1, [1], customer_id=7)
    installed.order(2, [2], customer_id=8)
    keep(installed)
    receipt = erase_customer(installed.shop.id, CustomerId(7), request_id="r", ports=installed.wiring.erasing_customer)
    assert receipt["customer_purchases"]["records"] == 1
    assert installed.kept_customers() == {8: [2]}
    assert keep(installed) == {8: [2]}


def test_who_is_erased_while_a_training_writes_is_taken_out_again(installed: Installed) -> None:
    installed.order(1, [1], customer_id=7)
    store = installed.wiring.training.customers.store
    orders = {customer: [PastOrder(20_000, (ProductId(customer - 6),))] for customer in (7, 8)}
    store.replace(installed.shop.id, [(CustomerId(customer), own) for customer, own in orders.items()])
    objector(installed, 7)
    store.drop(installed.shop.id, installed.wiring.training.customers.history.barred(installed.shop.id))
    assert installed.kept_customers() == {8: [2]}


def test_where_no_rail_would_use_it_nothing_is_kept(installed: Installed) -> None:
    installed.order(1, [1], customer_id=7)
    keep(installed)
    assert keep(installed, used=False) == {}


def test_another_shops_customers_stay(installed: Installed) -> None:
    installed.wiring.redis.rpush(f"attune:{installed.shop.id}1:customer:7", 1)
    installed.wiring.customer_store.forget(installed.shop.id)
    assert installed.wiring.redis.exists(f"attune:{installed.shop.id}1:customer:7")


def test_a_training_whose_home_rail_knows_customers_keeps_them_and_a_withdrawal_forgets_them(
    installed: Installed,
) -> None:
    installed.tasteful_orders()
    installed.consent()
    training = train_models(installed.shop, installed.wiring.training)
    exam = training.metrics["rails"][Rail.FOR_YOU]
    assert exam["passed"]
    assert exam["strategy"] in (Strategy.RANKED, Strategy.ALS, Strategy.ITEM_ITEM)
    kept = installed.kept_customers()
    assert len(kept) == 500
    state = installed.wiring.live_state.read(installed.shop.id, None, list_of=None, customer=CustomerId(9_000_000_000))
    assert list(state.bought) == kept[9_000_000_000]
    installed.consent(granted=False)
    forget_models(installed.shop, installed.wiring.forgetting)
    assert installed.kept_customers() == {}


def test_trained_on_guests_alone_nobody_is_kept(trained: Installed) -> None:
    training = train_models(trained.shop, trained.wiring.training)
    assert not training.metrics["rails"][Rail.FOR_YOU]["passed"]
    assert "For you: the exam needs 200 customers" in training.note
    assert trained.kept_customers() == {}
