"""From events and the store's rows to profiles, piece by piece, as the stream's reader and the jobs make them."""

from __future__ import annotations

from sqlalchemy import text

from app.core.profiles.identity import Name
from app.services.stitch_profiles import renew_profiles
from tests.identity.conftest import Shoppers, visitor

ADDRESS = "ada@example.com"


def test_a_sign_up_ties_the_browser_to_the_address(shoppers: Shoppers) -> None:
    shoppers.does("sign_up", visitor=visitor(1), form="newsletter", email=" Ada@Example.com ")
    shoppers.settle()
    assert shoppers.profile(Name.VISITOR, visitor(1)) == shoppers.of_email(ADDRESS) is not None


def test_two_browsers_that_gave_one_address_are_one_person(shoppers: Shoppers) -> None:
    for number in (1, 2):
        shoppers.does("sign_up", visitor=visitor(number), form="account", email=ADDRESS)
        shoppers.settle()
    assert shoppers.profile(Name.VISITOR, visitor(1)) == shoppers.profile(Name.VISITOR, visitor(2))


def test_what_happens_twice_is_known_once(shoppers: Shoppers) -> None:
    event = shoppers.does("sign_up", visitor=visitor(1), form="newsletter", email=ADDRESS)
    shoppers.settle()
    shoppers.store(event)
    assert shoppers.settle() == 0
    with shoppers.wiring.database.shop(shoppers.shop.id) as session:
        assert session.execute(text("SELECT cardinality(hours) FROM identity_ties")).scalars().all() == [1]


def test_piece_by_piece_gives_the_same_profiles_as_from_scratch(shoppers: Shoppers) -> None:
    for number in range(1, 9):
        shoppers.signs_in(number % 3 + 1, visitor(number), hours_ago=number)
        shoppers.does("sign_up", visitor=visitor(number % 4 + 1), form="newsletter", email=f"a{number % 2}@b.example")
        shoppers.settle()
    piecemeal = set(shoppers.wiring.profiles.members(shoppers.shop.id))
    with shoppers.wiring.database.shop(shoppers.shop.id) as session:
        session.execute(text("DELETE FROM profile_members"))
        session.execute(text("DELETE FROM profiles"))
    renew_profiles(shoppers.shop, shoppers.wiring.stitching, from_scratch=True)
    assert set(shoppers.wiring.profiles.members(shoppers.shop.id)) == piecemeal
    assert len(piecemeal) > 15


def test_a_shared_device_knows_who_was_there_when(shoppers: Shoppers) -> None:
    shoppers.signs_in(1, visitor(1), hours_ago=10)
    shoppers.signs_in(2, visitor(1), hours_ago=5)
    shoppers.settle()
    moments = {profile for _, _, profile in shoppers.wiring.profiles.moments(shoppers.shop.id)}
    assert moments == {shoppers.profile(Name.CUSTOMER, 1), shoppers.profile(Name.CUSTOMER, 2)}


def test_the_shop_of_somebody_else_knows_nothing_of_it(shoppers: Shoppers, other_shop: object) -> None:
    shoppers.signs_in(1, visitor(1))
    shoppers.settle()
    assert list(shoppers.wiring.profiles.members(other_shop.id)) == []  # type: ignore[attr-defined]
