"""Win-backs bring a code: one a shopper, within the budget, none for the control, counted when it is used."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from app.core.email.flows.series import WIN_BACK
from app.core.email.names import Trigger
from app.core.email.offers import OfferTerms
from app.core.ids import CustomerId
from app.core.money import minor_units
from app.services.erase_customer import erase_customer
from app.services.push_profiles import push_profiles
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.start_flows import Done
from tests.devstore_fixture import DevStore
from tests.flows.test_series_in_the_inbox import live
from tests.klaviyo_twin.mail_room import MailRoom
from tests.mail.codes import (
    FIVE_OFF,
    ZONE,
    Killed,
    buy,
    codes,
    dying_at,
    enter,
    issue,
    ledger,
    next_best_offer,
    offer,
    shop_of_codes,
    variant_of,
    win_back,
)
from tests.mail.conftest import Mails

__all__ = ["shop_of_codes"]


def test_a_win_back_carries_a_code_of_its_own_with_its_last_day_and_a_link(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    assert win_back(shop_of_codes, *shop_of_codes.customers[:2]) == Done(sent=2)
    said = [one.properties for one in shop_of_codes.events()]
    assert len({one["offer_code"] for one in said}) == 2
    assert {one["offer_text"] for one in said} == {"$5.00 USD off your next order of $10.00 USD or more"}
    last = (shop_of_codes.now() + timedelta(days=17)).astimezone(ZONE)
    assert {one["offer_ends"] for one in said} == {f"{last.day} {last:%B}"}
    for one in said:
        assert one["offer_url"].endswith(f"/discount/{one['offer_code']}?redirect=%2F")


def test_a_repeat_after_a_kill_carries_the_same_code(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    one = shop_of_codes.customers[0]
    with pytest.raises(Killed):
        win_back(shop_of_codes, one, checkpoint=dying_at("reserved"))
    [(reserved,)] = shop_of_codes.execute("SELECT code FROM mail_offers WHERE issued_at IS NOT NULL")
    shop_of_codes.execute("UPDATE claims SET until = now() - interval '1 day'")
    assert shop_of_codes.start() == Done(sent=1)
    assert codes(shop_of_codes) == [reserved]
    assert shop_of_codes.execute("SELECT count(*) FROM mail_offers WHERE issued_at IS NOT NULL") == [(1,)]


def test_nobody_gets_a_second_code_while_the_first_is_good_not_even_after_using_it(shop_of_codes: Mails) -> None:
    offers, shop, now = shop_of_codes.wiring.offers, shop_of_codes.shop.id, shop_of_codes.now()
    offer(shop_of_codes)
    issue(shop_of_codes)
    one = shop_of_codes.customers[0]
    first = offers.reserve(shop, one, FIVE_OFF, now=now)
    assert first is not None
    assert offers.reserve(shop, one, FIVE_OFF, now=now + timedelta(days=1)) == first
    assert offers.held(shop, [one], now=now) == {one: first}
    shop_of_codes.execute("UPDATE mail_offers SET used_at = now(), cost = 500 WHERE issued_at IS NOT NULL")
    assert offers.reserve(shop, one, FIVE_OFF, now=now) is None
    assert offers.held(shop, [one], now=now) == {}


def test_at_the_budget_no_more_are_given_out_and_the_mail_goes_without(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    assert issue(shop_of_codes) == 3
    assert win_back(shop_of_codes, *shop_of_codes.customers[:6]) == Done(sent=6)
    assert len(codes(shop_of_codes)) == 4
    found = ledger(shop_of_codes)
    assert (found.out, found.committed, found.affordable(FIVE_OFF)) == (4, 2000, 0)
    assert issue(shop_of_codes) == 0


def test_workers_at_the_same_time_never_give_out_more_than_the_budget(shop_of_codes: Mails) -> None:
    more = replace(FIVE_OFF, budget=5000)
    offer(shop_of_codes, more)
    issue(shop_of_codes)
    offers, shop, now = shop_of_codes.wiring.offers, shop_of_codes.shop.id, shop_of_codes.now()
    with ThreadPoolExecutor(4) as workers:
        asked = [workers.submit(offers.reserve, shop, CustomerId(one), FIVE_OFF, now=now) for one in range(1, 13)]
    given = [found.code for one in asked if (found := one.result())]
    assert len(given) == len(set(given)) == 4


def test_what_ended_unused_frees_the_budget_two_days_later(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    win_back(shop_of_codes, *shop_of_codes.customers[:4])
    [(ends_at,)] = shop_of_codes.execute("SELECT DISTINCT expires_at FROM mail_offers WHERE issued_at IS NOT NULL")
    before, after = (ledger(shop_of_codes, ends_at + timedelta(days=days)) for days in (1.9, 2.1))
    assert (before.out, before.committed) == (4, 2000)
    assert (after.out, after.unused, after.committed) == (0, 4, 0)


def test_a_used_code_counts_at_what_it_took_off_and_is_refused_a_second_time(
    shop_of_codes: Mails, devstore: DevStore, work: Callable[[], None]
) -> None:
    tenth = OfferTerms(is_on=True, percent=10, largest_order=100_000, days=5, budget=40_000)
    offer(shop_of_codes, tenth)
    issue(shop_of_codes)
    win_back(shop_of_codes, *shop_of_codes.customers[:2])
    code = codes(shop_of_codes)[0]
    order = buy(devstore, shop_of_codes, code.lower())
    devstore.flush()
    work()
    issue(shop_of_codes)
    cost = minor_units(order["total_discounts"], "USD")
    assert cost > 0
    found = ledger(shop_of_codes, terms=tenth)
    assert (found.used, found.used_cost, found.out, found.out_cost) == (1, cost, 1, 10_000)
    with pytest.raises(AssertionError, match="usage limit"):
        buy(devstore, shop_of_codes, code)


def test_the_control_group_gets_no_code(shop_of_codes: Mails) -> None:
    offer(shop_of_codes, replace(FIVE_OFF, budget=10_000))
    issue(shop_of_codes)
    win_back(shop_of_codes, *shop_of_codes.customers, hold_out=0.5)
    arms = {one.properties["arm"]: "offer_code" in one.properties for one in shop_of_codes.events()}
    assert arms == {"attune": True, "control": False}
    given = {row[0] for row in shop_of_codes.execute("SELECT customer_id FROM mail_offers WHERE issued_at IS NOT NULL")}
    control = {row[0] for row in shop_of_codes.execute("SELECT customer_id FROM mail_triggers WHERE arm = 'control'")}
    assert control
    assert not given & control


def test_other_occasions_bring_none_and_switched_off_win_backs_bring_none(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    shop_of_codes.switch(Trigger.CHURN_RISK_ROSE)
    enter(shop_of_codes, "at_risk", shop_of_codes.customers[1])
    assert shop_of_codes.start() == Done(sent=1)
    offer(shop_of_codes, replace(FIVE_OFF, is_on=False))
    assert win_back(shop_of_codes, shop_of_codes.customers[0]) == Done(sent=1)
    assert codes(shop_of_codes) == []


def test_an_erasure_takes_the_name_from_a_code_and_leaves_its_cost(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    win_back(shop_of_codes, shop_of_codes.customers[0])
    ports = shop_of_codes.wiring.erasing_customer
    erase_customer(shop_of_codes.shop.id, shop_of_codes.customers[0], request_id="w-1", ports=ports)
    assert shop_of_codes.execute("SELECT DISTINCT customer_id FROM mail_offers") == [(None,)]
    assert ledger(shop_of_codes).committed == 500


def test_the_button_of_the_mail_has_the_checkout_take_the_code(
    shop_of_codes: Mails, devstore: DevStore, work: Callable[[], None]
) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    win_back(shop_of_codes, shop_of_codes.customers[0])
    [event] = shop_of_codes.events()
    room = MailRoom()
    live(room, WIN_BACK)
    profile = room.profile()
    room.account.record(profile, WIN_BACK.trigger, event.properties)
    room.later(days=1)
    [mail] = room.sent(profile)
    [code] = codes(shop_of_codes)
    assert all(words in mail.html for words in (code, event.properties["offer_text"], event.properties["offer_ends"]))
    [link] = [one.url for one in mail.links if "/discount/" in one.url]
    with httpx.Client(base_url=devstore.origin, follow_redirects=True, trust_env=False) as shopper:
        assert shopper.get(link).status_code == 200
        shopper.post("/cart/add.js", json={"items": [{"id": variant_of(shop_of_codes), "quantity": 2}]})
        assert shopper.post("/checkout", data={"email": "mia@example.com"}).status_code == 200
    devstore.flush()
    work()
    issue(shop_of_codes)
    found = ledger(shop_of_codes)
    assert (found.used, found.used_cost) == (1, 500)


def test_the_profile_tells_of_the_code_until_it_is_used(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    one, other = shop_of_codes.customers[:2]
    win_back(shop_of_codes, one)
    set_mail_settings(shop_of_codes.shop, Wanted(push=True), by="x", ports=shop_of_codes.wiring.setting_mails)
    push_profiles(shop_of_codes.shop, shop_of_codes.wiring.pushing, only=[one, other], wait=lambda _: None)
    words = "$5.00 USD off your next order of $10.00 USD or more, with the code " + codes(shop_of_codes)[0]
    assert (next_best_offer(shop_of_codes, one), next_best_offer(shop_of_codes, other)) == (words, None)
    shop_of_codes.execute("UPDATE mail_offers SET used_at = now(), cost = 500 WHERE issued_at IS NOT NULL")
    push_profiles(shop_of_codes.shop, shop_of_codes.wiring.pushing, only=[one], wait=lambda _: None)
    assert next_best_offer(shop_of_codes, one) is None
