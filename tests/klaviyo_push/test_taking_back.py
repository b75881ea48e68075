"""What stands in profiles is taken back before an account is left; what cannot be taken back is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app import jobs
from app.errors import KlaviyoDisconnected, Retryable
from app.services.disconnect_klaviyo import LEAVING
from app.services.erase_customer import erase_customer
from app.services.take_back_profiles import take_back_profiles
from tests.klaviyo_push.conftest import Pushed


class Killed(BaseException):
    pass


@pytest.fixture
def left(pushed: Pushed) -> Iterator[Pushed]:
    """Everybody is pushed, and the merchant has pressed the button."""
    pushed.push()
    pushed.wiring.klaviyo_connections.broken(pushed.shop.id, LEAVING, at=pushed.wiring.clock.now())
    yield pushed
    stay(pushed)


def stay(pushed: Pushed) -> None:
    pushed.execute("UPDATE klaviyo_connections SET trouble = '', trouble_at = NULL")


def take_back(left: Pushed, checkpoint: Callable[[str], None] = lambda _: None) -> None:
    take_back_profiles(left.shop, left.wiring.taking_back, checkpoint=checkpoint, wait=lambda _: None)


def test_everybodys_profile_is_emptied_and_nobody_else_may_use_the_account_meanwhile(left: Pushed) -> None:
    with pytest.raises(KlaviyoDisconnected):
        left.push()
    take_back(left)
    assert all(left.properties(one) == {} for one in left.people)
    assert left.numbers("SELECT count(*) FROM klaviyo_pushes") == [0]


def test_those_who_were_erased_before_are_emptied_with_the_rest(left: Pushed) -> None:
    customer = left.people[-2]
    email = left.addresses[customer]
    erase_customer(left.shop.id, customer, request_id="by-hand", ports=left.wiring.erasing_customer)
    take_back(left)
    assert left.properties_at(email) == {}
    assert left.wiring.due_work.waiting(left.shop.id, jobs.UNPUSH_DUE) == []


def test_after_a_kill_it_goes_on(left: Pushed) -> None:
    def die(_: str) -> None:
        raise Killed

    with pytest.raises(Killed):
        take_back(left, die)
    take_back(left)
    assert all(left.properties(one) == {} for one in left.people)


def test_while_klaviyo_is_down_nothing_is_taken_for_emptied(left: Pushed) -> None:
    left.twin.fault("error", path="/api/profiles", status=503)
    with pytest.raises(Retryable):
        take_back(left)
    assert left.numbers("SELECT count(*) FROM klaviyo_pushes") == [len(left.people)]


def test_a_connection_that_works_again_is_left_alone(left: Pushed) -> None:
    stay(left)
    with pytest.raises(KlaviyoDisconnected):
        take_back(left)
    assert all(left.properties(one) for one in left.people)


def test_nothing_is_asked_of_klaviyo_where_nothing_was_pushed(left: Pushed) -> None:
    left.execute("DELETE FROM klaviyo_pushes")
    before = len(left.twin.requests())
    take_back(left)
    assert len(left.twin.requests()) == before
