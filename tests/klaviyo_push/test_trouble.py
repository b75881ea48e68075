"""Pushes that are killed, refused or overtaken: nobody is forgotten, and no older value stands in the end."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from app import jobs
from app.core.email.names import RECOMMENDED_IDS
from app.core.ids import CustomerId
from app.errors import KlaviyoRefused
from app.services.erase_customer import erase_customer
from app.services.push_profiles import Done, unpush
from tests.klaviyo_push.conftest import Pushed


class Killed(BaseException):
    pass


def killed_at(moment: str) -> Callable[[str], None]:
    def die(name: str) -> None:
        if name == moment:
            raise Killed

    return die


@pytest.mark.parametrize("moment", ["noted", "sent", "recorded", "settled"])
def test_after_a_kill_everybody_is_pushed(pushed: Pushed, moment: str) -> None:
    with pytest.raises(Killed):
        pushed.push(checkpoint=killed_at(moment))
    pushed.push()
    standing = pushed.numbers("SELECT customer_id FROM klaviyo_pushes WHERE state = 'done' ORDER BY 1")
    assert standing == sorted(pushed.people)
    assert all(pushed.properties(one) for one in standing)


@pytest.mark.parametrize("moment", ["sent", "recorded"])
def test_nothing_newer_is_sent_while_something_older_may_still_be_taken_in(pushed: Pushed, moment: str) -> None:
    pushed.twin.control.post("jobs", json={"hold": True})
    with pytest.raises(Killed):
        pushed.push(checkpoint=killed_at(moment))
    (product,) = pushed.numbers(
        "SELECT p FROM klaviyo_pushes, unnest(products) p GROUP BY p ORDER BY count(*) DESC, p LIMIT 1"
    )
    pushed.execute(
        "UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE product_id = :p", p=product
    )
    waited: list[int] = []

    def let_go(_: float) -> None:
        waited.append(pushed.imports())
        if len(waited) == 3:
            pushed.twin.control.post("jobs", json={"hold": False})

    assert pushed.push(wait=let_go).pushed > 0
    assert waited[:3] == [1, 1, 1]
    assert all(str(product) not in pushed.properties(one)[RECOMMENDED_IDS] for one in pushed.people)


def test_an_address_that_klaviyo_calls_invalid_is_shown_and_not_tried_again(pushed: Pushed) -> None:
    customer = pushed.people[0]
    email = pushed.addresses[customer]
    pushed.twin.fault("invalid_email", emails=[email])
    assert pushed.push().refused == 1
    state = pushed.wiring.klaviyo_pushes.state(pushed.shop.id)
    assert [refusal.customers for refusal in state.refusals] == [1]
    assert email not in state.refusals[0].complaint
    assert pushed.push() == Done()
    assert pushed.properties(customer) == {}


def test_of_a_body_that_is_refused_whole_only_who_is_to_blame_is_left_out(pushed: Pushed) -> None:
    customers = [pushed.people[3], pushed.people[-1]]
    pushed.twin.fault("refused_email", emails=[pushed.addresses[one] for one in customers])
    assert pushed.push() == Done(pushed=len(pushed.people) - 2, refused=2)
    refused = pushed.numbers("SELECT customer_id FROM klaviyo_pushes WHERE state = 'refused' ORDER BY 1")
    assert refused == sorted(customers)
    assert all(pushed.properties(one) for one in pushed.people if one not in customers)


def test_what_is_not_granted_is_no_fault_of_any_profile(pushed: Pushed) -> None:
    pushed.twin.fault("feature_unavailable", path="/api/profile-bulk-import-jobs", method="POST")
    with pytest.raises(KlaviyoRefused):
        pushed.push()
    assert pushed.push() == Done(pushed=len(pushed.people))


def test_what_is_the_merchants_in_a_profile_stays(pushed: Pushed) -> None:
    customer = pushed.people[0]
    till = {"email": pushed.addresses[customer], "external_id": "till-4711"}
    pushed.twin.account.upsert(till, {"first_name": "Ada"}, {"loyalty": "gold"})
    pushed.push()
    profile = pushed.profile(till["email"])
    assert profile.external_id == "till-4711"
    assert profile.properties["loyalty"] == "gold"
    assert pushed.properties(customer)


def test_under_an_old_address_nothing_of_ours_is_left(pushed: Pushed) -> None:
    pushed.push()
    customer = pushed.people[0]
    old = pushed.addresses[customer]
    readdress(pushed, customer, "moved@example.com")
    try:
        assert pushed.push() == Done(pushed=1, withdrawn=1)
        assert pushed.properties_at(old) == {}
        assert pushed.properties_at("moved@example.com")
    finally:
        readdress(pushed, customer, old)


def test_whoever_is_erased_leaves_klaviyo_too(pushed: Pushed) -> None:
    pushed.push()
    customer = pushed.people[-1]
    email = pushed.addresses[customer]
    erase_customer(pushed.shop.id, customer, request_id="by-hand", ports=pushed.wiring.erasing_customer)
    (waiting,) = pushed.wiring.due_work.waiting(pushed.shop.id, jobs.UNPUSH_DUE)
    assert email not in waiting
    assert unpush(pushed.shop, pushed.wiring.pushing, wait=lambda _: None) == 1
    assert pushed.properties_at(email) == {}
    assert pushed.wiring.due_work.waiting(pushed.shop.id, jobs.UNPUSH_DUE) == []


def readdress(pushed: Pushed, customer: CustomerId, email: str) -> None:
    """The store now knows the customer by another address."""
    sealer, shop = pushed.wiring.sealer, pushed.shop.id
    box = sealer.seal(shop, "customers.contact", orjson.dumps({"email": email}))
    pushed.execute(
        "UPDATE customers SET contact = :box, email_hash = :hash WHERE id = :id",
        box=box,
        hash=sealer.email_hash(shop, email),
        id=customer,
    )
