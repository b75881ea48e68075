"""Whatever Klaviyo answers, the work goes on with the rest, and the merchant's page says what failed and what to do.

Work is done by its jobs, as the clock and the sweeper have it done, against the twin and its faults.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import orjson
import pytest
import redis
from sqlalchemy import text

from app.adapters.klaviyo.apis import KlaviyoSdkApis
from app.adapters.klaviyo.errors import NO_WISH_S
from app.cli.doctor_klaviyo import klaviyo
from app.core.email.names import PROPERTIES, Trigger
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.web.admin.klaviyo_push import advice as what_helps
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp, admin_query
from tests.klaviyo_fixture import Twin
from workers.jobs.engagement import prepare_feeds
from workers.jobs.flows import make_flows
from workers.jobs.klaviyo import connect_klaviyo
from workers.jobs.mail import start_flows
from workers.jobs.push import push_profiles

IMPORTS = "/api/profile-bulk-import-jobs"
OCCASION = text("""
    INSERT INTO mail_triggers (shop_id, trigger, customer_id, key, at, state, product_id)
    VALUES (:shop, 'Attune Win-Back', :customer, 'one', :at, 'waiting', :product)
""")
SHORT_S = 10.0
AGAIN = "Attune tries again by itself, nothing is lost, and everything else goes on"


class Time:
    """A clock that long sleeps move on, so that no test waits for Klaviyo's pauses; its windows are of real seconds."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> float:
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        if seconds < SHORT_S:
            time.sleep(seconds)
        else:
            self.slept += seconds


@dataclass
class Account:
    """The merchant's store and account, and what she reads of them."""

    shop: Shop
    wiring: Worker
    twin: Twin
    app: RunningApp
    devstore: DevStore
    time: Time

    def page(self, path: str = "/admin/klaviyo") -> str:
        """What she reads, headings included."""
        shown = self.app.http.get(path, params=admin_query(self.devstore)).text
        shown = re.sub(r'<[^>]*\b(?:heading|label)="([^"]*)"[^>]*>', r" \1 ", shown)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", shown)))

    def tried(self, job: Callable[[int], None]) -> bool:
        """Run a job; whether it went through. The sweeper has it run again where it did not."""
        try:
            job(self.shop.id)
        except (Retryable, Permanent):
            return False
        return True

    def customers(self) -> list[CustomerId]:
        with self.wiring.database.shop(self.shop.id) as session:
            found = session.execute(text("SELECT id FROM customers WHERE email_hash IS NOT NULL ORDER BY id"))
            return [CustomerId(number) for number in found.scalars()]

    def arrived(self) -> set[CustomerId]:
        """In whose profiles everything of ours stands."""
        held = ((number, self.twin.account.find({"email": self.email(number)})) for number in self.customers())
        return {number for number, one in held if one is not None and set(PROPERTIES) & set(one.held)}

    def anew(self) -> None:
        """Empty all profiles, and have everybody's values count as changed."""
        for profile in self.twin.account.profiles.values():
            profile.drop(PROPERTIES)
        with self.wiring.database.shop(self.shop.id) as session:
            session.execute(text("UPDATE klaviyo_pushes SET digest = ''"))

    def email(self, customer: CustomerId) -> str:
        return self.wiring.picking.people.emails(self.shop.id, [customer])[customer]


@pytest.fixture
def account(
    klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin, running_app: RunningApp, devstore: DevStore
) -> Account:
    """Connected with a key, its push switched on and due; nothing was pushed yet."""
    moving = Time()
    connection = redis.Redis.from_url(worker_wiring.redis_url)
    worker_wiring.__dict__["klaviyo_apis"] = KlaviyoSdkApis(
        worker_wiring.klaviyo_tokens,
        connection,
        origin=twin.origin,
        timeout_s=(1.0, 1.0),
        now=moving.now,
        sleep=moving.sleep,
    )
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        session.execute(
            text("UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false WHERE email_hash IS NOT NULL")
        )
    set_mail_settings(klaviyo_shop, Wanted(push=True), by="the owner", ports=worker_wiring.setting_mails)
    made = Account(klaviyo_shop, worker_wiring, twin, running_app, devstore, moving)
    assert len(made.customers()) > 5
    return made


SPOILT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"mode": "rubbish", "method": "POST"}, "Klaviyo’s answer could not be read."),
    ({"mode": "rubbish", "method": "POST", "late": True}, "Klaviyo’s answer could not be read."),
    ({"mode": "cut", "method": "POST"}, "Klaviyo did not answer in time."),
    ({"mode": "hang", "method": "POST", "late": True}, "Klaviyo did not answer in time."),
    ({"mode": "error", "method": "POST", "status": 502}, "Klaviyo answered with a fault of its own (502)."),
    ({"mode": "rubbish", "method": "GET"}, "Klaviyo’s answer could not be read."),
)


def test_profiles_that_got_no_proper_answer_go_with_the_next_try(account: Account) -> None:
    for fault, said in SPOILT:
        account.anew()
        account.twin.fault(path=IMPORTS, **fault)
        assert not account.tried(push_profiles), fault
        page = account.page()
        assert "Not all profiles are up to date" in page
        assert f"{said} {AGAIN}" in page
        assert account.tried(push_profiles), account.page()
        assert account.arrived() == set(account.customers()), fault
        page = account.page()
        assert said not in page
        assert f"{len(account.customers())} profiles hold what Attune knows" in page


GOT_ROUND: tuple[dict[str, Any], ...] = (
    {"mode": "unknown_enum", "path": f"{IMPORTS}/", "method": "GET", "count": 50},
    {"mode": "error", "status": 413, "path": IMPORTS, "method": "POST"},
    {"mode": "throttled", "path": IMPORTS, "method": "POST", "count": 2},
)
"""A status that nobody knows, a body that is too large for Klaviyo, and a 429 that names no pause."""


def test_what_can_be_got_round_is_got_round_at_once(account: Account) -> None:
    for fault in GOT_ROUND:
        account.anew()
        account.twin.fault(**fault)
        assert account.tried(push_profiles), account.page()
        assert account.arrived() == set(account.customers()), fault
        page = account.page()
        assert "did not take" not in page
        assert "Not all profiles" not in page
        account.twin.control.delete("faults")
    assert account.time.slept >= 2 * NO_WISH_S


def test_who_is_throttled_again_and_again_gives_up_for_now_and_says_so(account: Account) -> None:
    account.twin.fault("throttled", path=IMPORTS, method="POST", count=9)
    assert not account.tried(push_profiles)
    assert "Klaviyo asked Attune to wait before it sends more." in account.page()
    account.twin.control.delete("faults")
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())


def test_a_profile_with_an_address_that_klaviyo_calls_invalid_is_named_and_the_rest_goes_in(account: Account) -> None:
    customer = account.customers()[2]
    account.twin.fault("invalid_email", emails=[account.email(customer)])
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers()) - {customer}
    page = account.page()
    assert "Klaviyo did not take 1 profile" in page
    assert f"customer {customer}" in page
    assert "Correct the address in Shopify" in page
    assert account.email(customer) not in page


def test_a_person_whom_klaviyo_has_twice_stays_two_and_the_one_with_the_address_is_written_to(account: Account) -> None:
    customer = account.customers()[1]
    other = account.twin.account.upsert({"external_id": str(customer)})
    account.twin.account.upsert({"email": account.email(customer), "external_id": "own"})
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())
    assert not set(PROPERTIES) & set(other.held)


@pytest.mark.parametrize(
    ("complaint", "advice"),
    [
        ("Invalid email address", "Correct the address in Shopify"),
        ("A profile already exists with one of these identifiers.", "Merge the two profiles in Klaviyo"),
        ("Something else", "tried again"),
    ],
)
def test_every_complaint_comes_with_what_to_do(complaint: str, advice: str) -> None:
    assert advice in what_helps(complaint)


def test_a_metric_that_does_not_exist_yet_is_waited_for_while_the_rest_goes_on(account: Account) -> None:
    account.twin.fault("empty", path="/api/metrics", count=2)
    assert not account.tried(make_flows)
    page = account.page()
    assert "The series could not be made" in page
    assert "does not know Attune’s new metrics yet" in page
    assert account.tried(push_profiles)
    assert account.tried(make_flows), account.page()
    assert account.twin.account.flows
    assert "new metrics yet" not in account.page()


def test_a_plan_without_web_feeds_is_told_beside_the_feeds_and_the_rest_goes_on(account: Account) -> None:
    account.twin.fault("feature_unavailable", path="/api/web-feeds", count=50)
    assert account.tried(prepare_feeds)
    assert "does not let this account have web feeds" in account.page()
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())


def test_a_right_that_was_taken_away_is_told_with_the_way_to_give_it_again(account: Account) -> None:
    keys = account.twin.account.credentials.private_keys
    keys[account.twin.key] = frozenset({"accounts:read", "profiles:read", "lists:read", "metrics:read"})
    assert not account.tried(push_profiles)
    page = account.page()
    assert "Klaviyo does not let Attune do this" in page
    assert "See below what is not granted" in page
    keys[account.twin.key] = None
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())


def test_faults_of_klaviyos_own_for_minutes_lose_nothing(account: Account) -> None:
    account.twin.fault("error", status=503, count=500)
    assert [account.tried(push_profiles) for _ in range(4)] == [False] * 4
    assert AGAIN in account.page()
    told = list(klaviyo(account.wiring, account.shop))
    assert any("profiles" in one.detail and "a fault of its own (503)" in one.detail for one in told)
    account.twin.control.delete("faults")
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())


def test_a_key_that_dies_while_profiles_travel_stops_with_a_sentence_and_goes_on_with_a_new_one(
    account: Account, work: Callable[[], None]
) -> None:
    account.twin.fault("unauthorized", path=f"{IMPORTS}/", method="GET")
    push_profiles(account.shop.id)
    page = account.page()
    assert "Nothing is sent to Klaviyo now" in page
    assert "paste a new key and it goes on where it stopped" in page
    account.twin.account.credentials.private_keys["pk_another_one"] = None
    headers = {"Authorization": f"Bearer {account.devstore.id_token()}"}
    answer = account.app.http.post("/admin/klaviyo/key", data={"key": "pk_another_one"}, headers=headers)
    assert answer.status_code == 303
    connect_klaviyo(account.shop.id)
    assert account.tried(push_profiles)
    assert account.arrived() == set(account.customers())


def test_an_event_that_klaviyo_refuses_is_told_of_and_the_others_start_their_flows(account: Account) -> None:
    set_mail_settings(
        account.shop, Wanted(triggers=[Trigger.WIN_BACK]), by="the owner", ports=account.wiring.setting_mails
    )
    three, now = account.customers()[:3], account.wiring.clock.now()
    card = next(one for one in account.wiring.catalog.cards(account.shop.id) if one.buyable)
    with account.wiring.database.shop(account.shop.id) as session:
        for customer in three:
            values = {"shop": account.shop.id, "customer": customer, "at": now, "product": card.product_id}
            session.execute(OCCASION, values)
    account.twin.fault("invalid_email", emails=[account.email(three[0])])
    account.twin.fault("error", path="/api/events", status=503, method="POST")
    assert not account.tried(start_flows)
    assert "Events that start flows wait" in account.page()
    assert account.tried(start_flows)
    page = account.page()
    assert "Events that start flows wait" not in page
    assert "Klaviyo did not take 1 of “Win-Back”" in page
    assert account.email(three[0]) not in page
    assert len(account.twin.account.events_by(account.twin.account.metric("Attune Win-Back").id)) == 2


def test_while_klaviyo_is_down_the_page_that_connects_says_so(
    account: Account, worker_wiring: Worker, twin: Twin
) -> None:
    headers = {"Authorization": f"Bearer {account.devstore.id_token()}"}
    account.app.http.post("/admin/klaviyo/key", data={"key": twin.key}, headers=headers)
    twin.fault("error", status=503, count=5)
    assert not account.tried(connect_klaviyo)
    assert "Klaviyo could not be asked about the connection" in account.page()
    state = account.app.http.get("/admin/klaviyo/state.json", params={"told": "0"}, headers=headers)
    assert state.json() == {"state": "done"}, "the page is drawn anew to tell of it"
    twin.control.delete("faults")
    assert account.tried(connect_klaviyo)
    assert "could not be asked" not in account.page()


def test_logs_hold_neither_addresses_nor_names_nor_keys(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    refused = account.customers()[0]
    account.twin.fault("invalid_email", emails=[account.email(refused)])
    with caplog.at_level(logging.DEBUG):
        assert account.tried(push_profiles)
        api = account.wiring.klaviyo_apis.of(account.shop)
        assert api.find_profile(email=account.email(refused)) is None
        account.twin.fault("hang", path="/api/profiles")
        with pytest.raises(Retryable):
            api.find_profile(email=account.email(refused))
    # The twin's server writes a log of its own, in this process.
    ours = [one for one in caplog.records if one.name != "werkzeug"]
    written = "\n".join(f"{one.getMessage()} {one.exc_text or ''} {one.args}" for one in ours)
    assert "Klaviyo profiles of shop" in written
    contacts = [orjson.loads(body) for body in _contacts(account)]
    private = {str(value) for one in contacts for value in one.values() if value and isinstance(value, str)}
    private |= {account.email(one) for one in account.customers()} | {account.twin.key}
    assert len(private) > len(account.customers())
    assert sorted(one for one in private if len(one) > 3 and one in written) == []


def _contacts(account: Account) -> list[bytes]:
    from app.adapters.db.mail_triggers import CONTACT

    with account.wiring.database.shop(account.shop.id) as session:
        sealed = session.execute(text("SELECT contact FROM customers WHERE contact IS NOT NULL")).scalars()
        return [account.wiring.sealer.open(account.shop.id, CONTACT, one) for one in sealed]
