"""What stands in Klaviyo's profiles: products that can be bought, with reasons, of those who allow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app.core.email.names import FACTS, PROPERTIES, RECOMMENDATIONS, RECOMMENDED_IDS
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.services.push_profiles import Done, push_profiles, push_stale
from app.services.record_consent import record_consent
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.train_models import train_models
from app.wiring.worker import Worker
from tests.klaviyo_fixture import Twin


@dataclass
class Pushed:
    shop: Shop
    wiring: Worker
    twin: Twin

    def push(self) -> Done:
        return push_profiles(self.shop, self.wiring.pushing, wait=lambda _: None)

    def switch(self, *, on: bool) -> None:
        set_mail_settings(self.shop, Wanted(push=on), by="the owner", ports=self.wiring.setting_mails)

    def execute(self, statement: str, **values: Any) -> None:
        with self.wiring.database.shop(self.shop.id) as session:
            session.execute(text(statement), values)

    def numbers(self, statement: str) -> list[int]:
        with self.wiring.database.shop(self.shop.id) as session:
            return list(session.execute(text(statement)).scalars())

    def properties(self, customer: int) -> dict[str, Any]:
        """Ours, as they stand in the customer's profile."""
        profile = self.twin.account.find({"external_id": str(customer)})
        held = profile.held if profile is not None else {}
        return {name: orjson.loads(value) for name, value in held.items() if name in PROPERTIES}


@pytest.fixture
def pushed(klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin) -> Pushed:
    """A shop with a model, whose push is on; nothing was pushed yet."""
    made = Pushed(klaviyo_shop, worker_wiring, twin)
    record_consent(
        klaviyo_shop, granted=True, by="the owner", text_version="2026-11", ports=worker_wiring.recording_consent
    )

    train_models(klaviyo_shop, worker_wiring.training)
    made.execute("UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false WHERE email_hash IS NOT NULL")
    made.switch(on=True)
    return made


def test_profiles_hold_buyable_products_and_only_what_changed_travels(pushed: Pushed) -> None:
    done = pushed.push()
    people = pushed.numbers("SELECT id FROM customers WHERE email_hash IS NOT NULL")
    assert done.pushed == len(people) > 0
    assert done.refused == 0
    buyable = {str(card.product_id) for card in pushed.wiring.catalog.cards(pushed.shop.id) if card.buyable}
    for person in people[:50]:
        own = pushed.properties(person)
        assert own[RECOMMENDED_IDS] == [item["id"] for item in own[RECOMMENDATIONS]]
        assert set(own[RECOMMENDED_IDS]) <= buyable
        assert all(item["reason"] and item["price"] and item["rid"] for item in own[RECOMMENDATIONS])
    assert pushed.push() == Done()


def test_whoever_objects_or_turns_mails_off_has_everything_of_ours_taken_away(pushed: Pushed) -> None:
    pushed.push()
    first, second = pushed.numbers("SELECT customer_id FROM klaviyo_pushes ORDER BY 1 LIMIT 2")
    pushed.execute("UPDATE customers SET opted_out = true WHERE id = :id", id=first)
    pushed.execute("UPDATE customers SET email_marketing = 'UNSUBSCRIBED' WHERE id = :id", id=second)
    assert pushed.push().withdrawn == 2
    assert pushed.properties(first) == pushed.properties(second) == {}


def test_switched_off_nothing_is_pushed(pushed: Pushed) -> None:
    pushed.switch(on=False)
    assert pushed.push() == Done()
    assert pushed.twin.requests("/api/profile-bulk-import-jobs") == [
        one for one in pushed.twin.requests("/api/profile-bulk-import-jobs") if one["method"] == "GET"
    ]


def test_a_product_that_sold_out_after_the_push_is_gone_from_every_profile(pushed: Pushed) -> None:
    pushed.push()
    (product,) = pushed.numbers(
        "SELECT p FROM klaviyo_pushes, unnest(products) p GROUP BY p ORDER BY count(*) DESC, p LIMIT 1"
    )
    holders = pushed.wiring.klaviyo_pushes.holding(pushed.shop.id, [product])  # type: ignore[list-item]
    pushed.execute(
        "UPDATE variants SET quantity = 0, tracked = true, oversell = false WHERE product_id = :p", p=product
    )
    done = push_stale(pushed.shop, pushed.wiring.pushing, wait=lambda _: None)
    assert done.pushed == len(holders) > 0
    assert all(str(product) not in pushed.properties(one).get(RECOMMENDED_IDS, []) for one in holders)


@pytest.mark.parametrize("moment", ["noted", "sent", "recorded", "settled"])
def test_after_a_kill_everybody_is_pushed_and_nobody_twice_at_once(pushed: Pushed, moment: str) -> None:
    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == moment:
            raise Killed

    with pytest.raises(Killed):
        push_profiles(pushed.shop, pushed.wiring.pushing, checkpoint=die, wait=lambda _: None)
    pushed.push()
    standing = pushed.numbers("SELECT customer_id FROM klaviyo_pushes WHERE state = 'done' ORDER BY 1")
    assert standing == pushed.numbers("SELECT id FROM customers WHERE email_hash IS NOT NULL ORDER BY 1")
    assert all(pushed.properties(one) for one in standing)


def test_an_address_that_klaviyo_calls_invalid_is_shown_and_not_tried_again(pushed: Pushed) -> None:
    customer = CustomerId(pushed.numbers("SELECT id FROM customers WHERE email_hash IS NOT NULL LIMIT 1")[0])
    email = pushed.wiring.picking.people.emails(pushed.shop.id, [customer])[customer]
    pushed.twin.fault("invalid_email", emails=[email])
    assert pushed.push().refused == 1
    state = pushed.wiring.klaviyo_pushes.state(pushed.shop.id)
    assert [refusal.customers for refusal in state.refusals] == [1]
    assert email not in state.refusals[0].complaint
    assert pushed.push() == Done()
    assert FACTS not in pushed.properties(customer)
