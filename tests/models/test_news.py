"""What just happened is learnt from the shop's rows: once, with consent, and without whoever objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import jobs
from app.core.errors import Busy
from app.core.ids import CustomerId, ModelVersion, OrderId, ProductId
from app.core.recommend.canary import Canary, Stage, Trial
from app.core.recommend.fresh import Fresh
from app.core.recommend.types import Strategy
from app.ports import ModelRecord
from app.services import learn_news as learning
from app.services.ask_opt_outs import drop_objectors
from app.services.erase_customer import erase_customer
from app.services.forget_models import forget_models
from app.services.keep_customers import renew_customers
from app.services.learn_news import learn_news
from app.services.note_news import NEW, note_news, note_version
from app.services.plan_training import plan_training
from app.services.process_webhook import Message
from app.services.train_models import train_models
from tests.models.store import Installed

FIRST_NEW_ORDER = 5001


@pytest.fixture
def modelled(trained: Installed) -> Installed:
    """With a published model of pairs; its products 0 and 1, 2 and 3 … are bought together."""
    trained.wiring.redis.flushdb()
    assert train_models(trained.shop, trained.wiring.training).strategy is Strategy.ITEM_ITEM
    return trained


def happens(installed: Installed, topic: str = "orders/create", number: int = FIRST_NEW_ORDER, **payload: Any) -> None:
    """What is left to do once the webhook has been applied."""
    message = Message(installed.shop.id, "w-1", topic, {"id": number, **payload}, installed.wiring.clock.now())
    note_news(message, installed.wiring.due_work, installed.wiring.jobs)


def learn(installed: Installed) -> Fresh | None:
    """Work off the notes."""
    learn_news(installed.shop, installed.wiring.learning_news)
    return standing(installed)


def standing(installed: Installed) -> Fresh | None:
    """What stands beside the model in use."""
    version = installed.wiring.models.current(installed.shop.id)
    return None if version is None else installed.wiring.fresh.get(installed.shop.id, version)


def pair(installed: Installed) -> tuple[int, int]:
    """Two products that are not bought together."""
    return installed.products[0], installed.products[5]


def order_twice(installed: Installed, **columns: Any) -> tuple[int, int]:
    both = pair(installed)
    for number in (FIRST_NEW_ORDER, FIRST_NEW_ORDER + 1):
        installed.order(number, list(both), days_ago=-0.001, **columns)
        happens(installed, number=number)
    return both


def together(fresh: Fresh | None, products: tuple[int, int]) -> float:
    """Their similarity in what was learnt; 0 where nothing was."""
    row = fresh.bought.get(ProductId(products[0]), ()) if fresh else ()
    return dict(row).get(ProductId(products[1]), 0.0)


def test_new_orders_are_learnt_and_the_notes_are_gone(modelled: Installed) -> None:
    both = order_twice(modelled)
    assert together(learn(modelled), both) > 0
    assert modelled.wiring.due_work.waiting(modelled.shop.id, jobs.NEWS_DUE) == []


def test_the_same_webhook_twice_counts_once(modelled: Installed) -> None:
    both = order_twice(modelled)
    once = together(learn(modelled), both)
    for _ in range(3):
        happens(modelled)
    assert together(learn(modelled), both) == once


def test_what_is_cancelled_or_sent_back_is_taken_back(modelled: Installed) -> None:
    both = order_twice(modelled)
    assert together(learn(modelled), both) > 0
    modelled.execute(
        "UPDATE order_lines SET current_quantity = 0 WHERE order_id = %s AND product_id = %s",
        [(FIRST_NEW_ORDER, both[1])],
    )
    happens(modelled, "refunds/create", number=1, order_id=FIRST_NEW_ORDER)
    assert together(learn(modelled), both) == 0


def test_of_who_objects_nothing_is_learnt(modelled: Installed) -> None:
    modelled.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, 7, 1, 0, '', true)",
        [(modelled.shop.id,)],
    )
    assert together(learn(modelled), order_twice(modelled, customer_id=7)) == 0
    assert modelled.kept_customers() == {}


def test_what_an_erased_person_bought_is_gone_with_the_erasure_and_the_rest_is_learnt_again(
    modelled: Installed,
) -> None:
    both = order_twice(modelled, customer_id=7)
    rest = (modelled.products[1], modelled.products[6])
    for number in (FIRST_NEW_ORDER + 2, FIRST_NEW_ORDER + 3):
        modelled.order(number, list(rest), days_ago=-0.001)
    assert together(learn(modelled), both) > 0
    erase_customer(modelled.shop.id, CustomerId(7), request_id="w-1", ports=modelled.wiring.erasing_customer)
    assert together(standing(modelled), both) == 0
    fresh = learn(modelled)
    assert together(fresh, both) == 0 < together(fresh, rest)
    assert modelled.wiring.due_work.waits(modelled.shop.id, jobs.LISTS_DUE)


def test_who_is_erased_while_the_news_are_learnt_is_not_in_them(
    modelled: Installed,
) -> None:
    """Between the reading of the orders and the writing of what they tell."""
    both, news = order_twice(modelled, customer_id=7), modelled.wiring.learning_news

    class Slow:
        """The shop's orders, during whose first reading the customer is erased."""

        def __init__(self) -> None:
            self.stood: list[float] = []

        def __getattr__(self, name: str) -> Any:
            return getattr(modelled.wiring.news, name)

        def orders(self, *args: Any, **named: Any) -> Any:
            found = modelled.wiring.news.orders(*args, **named)
            self.stood.append(together(standing(modelled), both))
            if len(self.stood) == 1:
                erase_customer(
                    modelled.shop.id, CustomerId(7), request_id="w-1", ports=modelled.wiring.erasing_customer
                )
            return found

    slow = Slow()
    learn_news(modelled.shop, replace(news, news=slow))
    assert slow.stood == [0, 0], "what was read before the erasure was never written"
    assert together(standing(modelled), both) == 0
    assert modelled.wiring.due_work.waiting(modelled.shop.id, jobs.NEWS_DUE) == []


def test_a_customer_who_opts_out_is_taken_out_of_the_news(modelled: Installed) -> None:
    modelled.execute(
        "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
        "VALUES (%s, 7, 1, 0, '', false)",
        [(modelled.shop.id,)],
    )
    both = order_twice(modelled, customer_id=7)
    assert together(learn(modelled), both) > 0
    modelled.execute("UPDATE customers SET opted_out = true")
    drop_objectors(modelled.shop, modelled.wiring.opt_out_asking)
    assert together(learn(modelled), both) == 0


def test_a_canary_has_the_news_since_its_own_training(modelled: Installed) -> None:
    both = order_twice(modelled)
    wiring, shop = modelled.wiring, modelled.shop
    used = wiring.models.current(shop.id)
    canary = Canary(ModelVersion("canary"), 0.1)
    assert used is not None
    arrays, meta = wiring.artefacts.read(shop.id, used)
    wiring.artefacts.write(shop.id, canary.version, arrays, meta)
    start_canary(modelled, canary, used)
    learn(modelled)
    of_canary = wiring.fresh.get(shop.id, canary.version)
    assert of_canary is not None
    assert of_canary.bought == (standing(modelled) or of_canary).bought != {}
    assert together(of_canary, both) > 0


def test_a_damaged_canary_keeps_no_news_from_the_model_in_use(modelled: Installed) -> None:
    both = order_twice(modelled)
    used = modelled.wiring.models.current(modelled.shop.id)
    assert used is not None
    start_canary(modelled, Canary(ModelVersion("its-files-are-gone"), 0.1), used)
    assert together(learn(modelled), both) > 0
    assert modelled.wiring.fresh.get(modelled.shop.id, ModelVersion("its-files-are-gone")) is None


def start_canary(installed: Installed, canary: Canary, used: ModelVersion) -> None:
    wiring, at = installed.wiring, installed.wiring.clock.now()
    wiring.models.record(installed.shop.id, ModelRecord(canary.version, "training", "item_item", at, 1, 1, {}, ""))
    wiring.trials.start_canary(installed.shop.id, Trial(canary.version, used, Stage.CANARY, canary.share, 20.0, at))


def test_without_consent_nothing_is_learnt_and_a_withdrawal_takes_it_away(modelled: Installed) -> None:
    order_twice(modelled)
    assert learn(modelled) is not None
    modelled.consent(granted=False)
    happens(modelled)
    assert learn(modelled) is None
    modelled.wiring.fresh.put(modelled.shop.id, [Fresh(ModelVersion("written by a worker that was late"))])
    forget_models(modelled.shop, modelled.wiring.forgetting)
    assert modelled.wiring.redis.keys(f"attune:{modelled.shop.id}:fresh") == []


def test_the_next_training_takes_the_orders_in_and_what_was_learnt_of_them_goes(modelled: Installed) -> None:
    both = order_twice(modelled)
    before = learn(modelled)
    modelled.execute("UPDATE orders SET created_at = created_at - interval '2 days' WHERE id >= 5001")
    trained = train_models(modelled.shop, modelled.wiring.training)
    assert trained.version is not None
    note_version(modelled.shop.id, trained.version, modelled.wiring.due_work, modelled.wiring.jobs)
    assert learn(modelled) == Fresh(trained.version) != before
    assert together(before, both) > 0


def test_the_buyers_own_list_is_renewed_at_once_and_nobody_elses(installed: Installed) -> None:
    keyed = installed.wiring.training
    installed.order(FIRST_NEW_ORDER, [3], days_ago=-0.001, customer_id=7)
    installed.order(FIRST_NEW_ORDER + 1, [4], days_ago=-0.001, customer_id=8)
    renew_customers(
        installed.wiring.news.buyers(installed.shop.id, [OrderId(FIRST_NEW_ORDER)]),
        installed.shop,
        keyed.customers,
    )
    assert list(installed.wiring.redis.scan_iter(f"attune:{installed.shop.id}:customer:*")) == [
        f"attune:{installed.shop.id}:customer:7".encode()
    ]
    installed.execute("UPDATE orders SET cancelled_at = now() WHERE id = 5001")
    renew_customers([CustomerId(7)], installed.shop, keyed.customers)
    assert installed.kept_customers() == {}


def test_the_stores_own_lists_follow_within_the_hour(modelled: Installed) -> None:
    modelled.execute("DELETE FROM due_work")
    order_twice(modelled)
    learn(modelled)
    due = modelled.execute("SELECT kind, due_at > now() + interval '50 minutes' FROM due_work")
    assert due == [("publish_lists", True)]


def test_two_workers_do_not_learn_over_each_other(modelled: Installed) -> None:
    order_twice(modelled)
    with (
        modelled.wiring.claims.hold(modelled.shop.id, learning.CLAIM, seconds=60.0),
        pytest.raises(Busy),
    ):
        learn(modelled)
    assert len(modelled.wiring.due_work.waiting(modelled.shop.id, jobs.NEWS_DUE)) == 2


def test_old_products_that_change_are_no_news(installed: Installed) -> None:
    now = installed.wiring.clock.now()
    happens(installed, "products/update", number=1, created_at=(now - NEW - timedelta(days=1)).isoformat())
    assert installed.wiring.due_work.waiting(installed.shop.id, jobs.NEWS_DUE) == []
    happens(installed, "products/update", number=1, created_at=now.isoformat())
    assert installed.wiring.due_work.waiting(installed.shop.id, jobs.NEWS_DUE) == ["product/1/w-1"]


def test_a_new_product_that_nobody_had_bought_at_the_training_is_a_newcomer_although_the_model_knows_it(
    trained: Installed,
) -> None:
    new, like, *_ = trained.products
    trained.execute(f"DELETE FROM order_lines WHERE product_id = {new}")
    trained.execute("UPDATE products SET created_at = now() - interval '400 days'")
    trained.execute(f"UPDATE products SET created_at = now() - interval '9 days' WHERE id = {new}")
    trained.execute(f"UPDATE products SET title = (SELECT title FROM products WHERE id = {like}) WHERE id = {new}")
    version = train_models(trained.shop, trained.wiring.training).version
    assert version is not None
    assert new in trained.wiring.artefacts.read(trained.shop.id, version)[0]["item_ids"]
    note_version(trained.shop.id, version, trained.wiring.due_work, trained.wiring.jobs)
    fresh = learn(trained)
    assert fresh is not None
    assert set(fresh.placed) == {new}
    assert like in dict(fresh.placed[ProductId(new)])


def test_only_so_many_of_the_newest_orders_are_read(trained: Installed) -> None:
    since = trained.wiring.clock.now() - timedelta(days=30)
    few = trained.wiring.news.orders(trained.shop.id, since=since, most=10)
    every = trained.wiring.news.orders(trained.shop.id, since=since, most=10_000)
    assert len(few) == 10 < len(every)
    assert few.day.tolist() == every.day[-10:].tolist()


@pytest.fixture
def in_season(installed: Installed) -> Installed:
    """With a model of seven hours ago, and after a year of two orders a day a week of fifty."""
    wiring, at = installed.wiring, installed.wiring.clock.now() - timedelta(hours=7)
    version = ModelVersion("of-seven-hours-ago")
    installed.consent()
    wiring.models.record(installed.shop.id, ModelRecord(version, "training", "trending", at, 900, 10, {}, ""))
    wiring.models.publish(installed.shop.id, version, at=at)
    installed.orders([(1 + number, [1], 10 + number / 2) for number in range(900)])
    installed.orders([(1001 + number, [1], 1 + number % 6) for number in range(350)])
    installed.execute("DELETE FROM due_work")
    return installed


def test_in_season_a_shop_is_trained_more_often(in_season: Installed) -> None:
    assert plan_training(in_season.shop, in_season.wiring.planning)
    assert in_season.wiring.due_work.waits(in_season.shop.id, jobs.TRAINING_DUE)
    assert not plan_training(in_season.shop, in_season.wiring.planning), "one is due already"


def test_out_of_season_the_nights_suffice(in_season: Installed) -> None:
    in_season.execute("UPDATE orders SET test = true WHERE id > 1000 + 10")
    assert not plan_training(in_season.shop, in_season.wiring.planning)


def test_less_than_a_year_tells_no_season(in_season: Installed) -> None:
    in_season.execute("UPDATE orders SET test = true WHERE created_at < now() - interval '300 days'")
    assert not plan_training(in_season.shop, in_season.wiring.planning)


def test_right_after_a_training_or_without_consent_none_is_planned(in_season: Installed) -> None:
    in_season.execute("UPDATE model_runs SET trained_at = trained_at + interval '2 hours'")
    assert not plan_training(in_season.shop, in_season.wiring.planning)
    in_season.execute("UPDATE model_runs SET trained_at = trained_at - interval '2 hours'")
    in_season.consent(granted=False)
    assert not plan_training(in_season.shop, in_season.wiring.planning)


def test_a_canary_of_an_hour_ago_is_a_training_too(in_season: Installed) -> None:
    """Or else the model in use, which stays old while its canary is on trial, would have one trained every hour."""
    wiring, at = in_season.wiring, in_season.wiring.clock.now() - timedelta(hours=1)
    canary = ModelVersion("of-an-hour-ago")
    wiring.models.record(in_season.shop.id, ModelRecord(canary, "training", "trending", at, 900, 10, {}, ""))
    wiring.trials.start_canary(
        in_season.shop.id, Trial(canary, ModelVersion("of-seven-hours-ago"), Stage.CANARY, 0.1, 20.0, at)
    )
    assert not plan_training(in_season.shop, wiring.planning)


def test_a_version_that_came_into_use_otherwise_gets_its_news_within_the_hour(in_season: Installed) -> None:
    plan_training(in_season.shop, in_season.wiring.planning)
    assert in_season.wiring.due_work.waiting(in_season.shop.id, jobs.NEWS_DUE) == ["version/of-seven-hours-ago"]
    in_season.execute("DELETE FROM due_work")
    in_season.wiring.fresh.put(in_season.shop.id, [Fresh(ModelVersion("of-seven-hours-ago"))])
    plan_training(in_season.shop, in_season.wiring.planning)
    assert in_season.wiring.due_work.waiting(in_season.shop.id, jobs.NEWS_DUE) == []
