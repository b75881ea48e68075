"""Who is one person and who is not, on planted cases; and that neither order nor piecemeal work changes the answer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.profiles.identity import Evidence, Name, Named, Standing, Tie, cut, gathered, sightings, tie
from app.core.profiles.stitching import LIMITS, degrees, stitch

ANNA, BERT, CARL = (Named(Name.CUSTOMER, str(number)) for number in (1, 2, 3))
ADDRESS, OTHER_ADDRESS = Named(Name.EMAIL, "a" * 64), Named(Name.EMAIL, "b" * 64)


def browser(number: int) -> Named:
    return Named(Name.VISITOR, f"{number:032x}")


def pixel(number: int) -> Named:
    return Named(Name.CLIENT, f"client-{number}")


def signed_in(customer: Named, device: Named, *hours: int) -> Tie:
    return tie(customer, device, Evidence.SIGNED_IN, *(hours or (1,)))


def are_one(ties: list[Tie], one: Named, other: Named, **options: object) -> bool:
    found = stitch(gathered(ties), **options)  # type: ignore[arg-type]
    return found[one].profile == found[other].profile


def test_two_devices_of_one_customer_are_one_person() -> None:
    assert are_one([signed_in(ANNA, browser(1)), signed_in(ANNA, browser(2))], browser(1), browser(2))


def test_a_newsletter_sign_up_ties_a_browser_to_the_customer_who_holds_the_address() -> None:
    ties = [tie(browser(1), ADDRESS, Evidence.NEWSLETTER, 5), tie(ANNA, ADDRESS, Evidence.RECORD, 1)]
    assert are_one(ties, browser(1), ANNA)


def test_the_pixels_client_follows_the_browser() -> None:
    ties = [tie(browser(1), pixel(1), Evidence.BROWSER, 1), tie(pixel(1), ANNA, Evidence.BOUGHT, 2)]
    assert are_one(ties, browser(1), ANNA)


def test_a_shared_device_belongs_to_neither_of_its_customers() -> None:
    ties = [signed_in(ANNA, browser(1), 1, 9), signed_in(BERT, browser(1), 5), signed_in(ANNA, browser(2))]
    found = stitch(gathered(ties))
    assert found[browser(1)].standing is Standing.SHARED
    assert len({found[name].profile for name in (ANNA, BERT, browser(1))}) == 3
    assert found[browser(2)].profile == found[ANNA].profile


def test_a_device_on_which_a_friend_signed_in_once_stays_its_owners() -> None:
    ties = [signed_in(ANNA, browser(1), *range(10)), signed_in(BERT, browser(1), 50)]
    assert are_one(ties, browser(1), ANNA)


def test_a_household_address_glues_nobody_together() -> None:
    ties = [
        tie(ANNA, ADDRESS, Evidence.RECORD, 1),
        tie(BERT, ADDRESS, Evidence.RECORD, 1),
        tie(browser(3), ADDRESS, Evidence.NEWSLETTER, 1),
        signed_in(ANNA, browser(1)),
        signed_in(BERT, browser(2)),
    ]
    found = stitch(gathered(ties))
    assert found[ADDRESS].standing is Standing.SHARED
    assert len({found[name].profile for name in (browser(1), browser(2), browser(3), ADDRESS)}) == 4


def test_an_address_typed_on_the_devices_of_two_customers_belongs_to_neither() -> None:
    ties = [signed_in(ANNA, browser(1)), signed_in(BERT, browser(2))]
    ties += [tie(browser(number), ADDRESS, Evidence.NEWSLETTER, 7) for number in (1, 2, 3)]
    found = stitch(gathered(ties))
    assert found[browser(3)].profile not in (found[ANNA].profile, found[BERT].profile)
    assert found[ANNA].profile != found[BERT].profile


def test_a_mistyped_address_does_not_keep_its_device_from_the_right_one() -> None:
    ties = [
        tie(browser(1), OTHER_ADDRESS, Evidence.NEWSLETTER, 1),
        tie(browser(1), ADDRESS, Evidence.BOUGHT_AS_GUEST, 2),
        tie(browser(2), ADDRESS, Evidence.BOUGHT_AS_GUEST, 3),
    ]
    assert are_one(ties, browser(1), browser(2))


def test_customers_are_one_person_only_where_shopify_merged_them() -> None:
    ties = [signed_in(ANNA, browser(1), *range(9)), signed_in(BERT, browser(1), 3)]
    assert not are_one(ties, ANNA, BERT)
    assert are_one([*ties, tie(ANNA, BERT, Evidence.MERGED, 5)], ANNA, BERT)


def test_a_cut_undoes_a_merge_and_gives_both_their_own_profiles_back() -> None:
    ties = gathered([signed_in(ANNA, browser(1)), signed_in(BERT, browser(2))])
    before = stitch(ties)
    merged = [*ties, tie(ANNA, BERT, Evidence.MERGED, 5)]
    assert stitch(merged)[browser(1)] == stitch(merged)[browser(2)]
    assert stitch(merged, [cut(ANNA, BERT)]) == before


def test_a_cut_between_a_device_and_a_person_outweighs_all_evidence() -> None:
    ties = [signed_in(ANNA, browser(1), *range(20)), tie(browser(1), pixel(1), Evidence.BROWSER, 1)]
    assert not are_one(ties, browser(1), ANNA, cuts=[cut(pixel(1), ANNA)])


def test_a_browser_whose_purchase_was_not_seen_is_tied_by_its_checkout() -> None:
    checkout = Named(Name.CHECKOUT, "c" * 32)
    ties = [tie(pixel(1), checkout, Evidence.TOKEN, 1), tie(checkout, ANNA, Evidence.TOKEN, 1)]
    assert are_one(ties, pixel(1), ANNA)
    assert are_one(ties, checkout, ANNA)


def test_the_checkout_of_a_cart_ties_the_browser_that_filled_the_cart() -> None:
    cart, checkout = Named(Name.CART, "a" * 32), Named(Name.CHECKOUT, "c" * 32)
    ties = [tie(browser(1), cart, Evidence.TOKEN, 1), tie(cart, checkout, Evidence.TOKEN, 2)]
    assert are_one([*ties, tie(checkout, ANNA, Evidence.TOKEN, 2)], browser(1), ANNA)


def test_a_mail_that_was_passed_on_does_not_outweigh_a_sign_in() -> None:
    klaviyo = Named(Name.KLAVIYO, "01ABC")
    ties = [
        tie(klaviyo, ADDRESS, Evidence.KLAVIYO_RECORD, 1),
        tie(ANNA, ADDRESS, Evidence.RECORD, 1),
        tie(browser(1), klaviyo, Evidence.EMAIL_LINK, 2),
        signed_in(BERT, browser(1), 1, 2),
    ]
    assert are_one(ties, browser(1), BERT)
    assert are_one(ties, klaviyo, ANNA)


def test_the_till_of_a_store_is_nobody() -> None:
    till = browser(1)
    customers = [Named(Name.CUSTOMER, str(number)) for number in range(100, 102 + LIMITS[Name.VISITOR])]
    found = stitch(gathered(signed_in(customer, till) for customer in customers))
    assert found[till].standing is Standing.PUBLIC
    assert len({found[name].profile for name in (*customers, till)}) == len(customers) + 1


def test_who_sat_at_a_shared_device_is_told_by_the_hours_in_which_they_were_known() -> None:
    ties = gathered([signed_in(ANNA, browser(1), 10, 11), signed_in(BERT, browser(1), 11, 12)])
    members = stitch(ties)
    assert {(one.hour, one.profile) for one in sightings(ties, members)} == {
        (10, members[ANNA].profile),
        (12, members[BERT].profile),
    }, "in hour 11 both were there, so what happened then is nobody's"


def test_a_name_is_not_tied_to_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        tie(ANNA, ANNA, Evidence.MERGED, 1)


POOL = [ANNA, BERT, CARL, ADDRESS, OTHER_ADDRESS, *(browser(n) for n in range(4)), *(pixel(n) for n in range(3))]
KINDS = {
    frozenset({Name.CUSTOMER, Name.VISITOR}): Evidence.SIGNED_IN,
    frozenset({Name.CUSTOMER, Name.CLIENT}): Evidence.BOUGHT,
    frozenset({Name.CUSTOMER, Name.EMAIL}): Evidence.RECORD,
    frozenset({Name.EMAIL, Name.VISITOR}): Evidence.NEWSLETTER,
    frozenset({Name.EMAIL, Name.CLIENT}): Evidence.BOUGHT_AS_GUEST,
    frozenset({Name.VISITOR, Name.CLIENT}): Evidence.BROWSER,
    frozenset({Name.CUSTOMER}): Evidence.MERGED,
}


@st.composite
def webs(draw: st.DrawFn) -> list[Tie]:
    """Any web of ties between a dozen names."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(POOL), st.sampled_from(POOL), st.integers(1, 5)), max_size=25))
    kinds = ((one, other, KINDS.get(frozenset({one.kind, other.kind})), hour) for one, other, hour in pairs)
    return [tie(one, other, kind, hour) for one, other, kind, hour in kinds if kind is not None and one != other]


@given(webs(), st.randoms(use_true_random=False))
def test_the_order_of_evidence_makes_no_difference(web: list[Tie], chance: random.Random) -> None:
    shuffled = list(web)
    chance.shuffle(shuffled)
    assert stitch(gathered(shuffled)) == stitch(gathered(web))


@given(webs())
def test_two_customers_share_a_profile_only_where_a_chain_of_merges_ties_them(web: list[Tie]) -> None:
    found = stitch(gathered(web), alone=[ANNA, BERT, CARL])
    merged = stitch([one for one in gathered(web) if one.evidence is Evidence.MERGED], alone=[ANNA, BERT, CARL])
    for one, other in ((ANNA, BERT), (ANNA, CARL), (BERT, CARL)):
        assert (found[one].profile == found[other].profile) == (merged[one].profile == merged[other].profile)


@given(webs(), webs())
def test_what_is_not_connected_has_no_influence(web: list[Tie], elsewhere: list[Tie]) -> None:
    far = [tie(moved(one.left), moved(one.right), one.evidence, *one.hours) for one in elsewhere]
    alone, beside = stitch(gathered(web)), stitch(gathered([*web, *far]))
    assert all(beside[name] == member for name, member in alone.items())
    assert set(degrees(web)) <= set(beside) | {ANNA, BERT, CARL}


def moved(name: Named) -> Named:
    """A name that is none of those above."""
    return Named(name.kind, f"9{name.id}")
