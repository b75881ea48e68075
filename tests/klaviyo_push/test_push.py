"""What stands in Klaviyo's profiles: products that can be bought, with reasons, of those who allow it."""

from __future__ import annotations

from app.core.email.names import RECOMMENDATIONS, RECOMMENDED_IDS
from app.services.push_profiles import Done, push_stale
from tests.klaviyo_push.conftest import Pushed


def test_profiles_hold_buyable_products_and_only_what_changed_travels(pushed: Pushed) -> None:
    done = pushed.push()
    assert done.pushed == len(pushed.people) > 0
    assert done.refused == 0
    buyable = {str(card.product_id) for card in pushed.wiring.catalog.cards(pushed.shop.id) if card.buyable}
    for person in pushed.people[:50]:
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
    assert pushed.imports() == 0


def test_switching_off_empties_all_profiles_in_one_job_and_makes_none(pushed: Pushed) -> None:
    pushed.push()
    gone = pushed.addresses[pushed.people[0]]
    pushed.twin.account.erase(pushed.profile(gone))
    before = pushed.imports()
    pushed.switch(on=False)
    assert pushed.push().withdrawn == len(pushed.people)
    assert all(pushed.properties(one) == {} for one in pushed.people)
    assert pushed.twin.account.find({"email": gone}) is None
    assert pushed.imports() == before + 1
    assert pushed.numbers("SELECT count(*) FROM klaviyo_pushes") == [0]


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
