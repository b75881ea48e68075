"""What is told about a customer, as values: digests, Klaviyo's properties, hashed addresses."""

from __future__ import annotations

from hashlib import sha256

from app.core.profiles.consent import ShopperConsent
from app.core.segments.outlets import KEYS, Told, digest_of, handle_of, keys_of, scores_of, told_of
from app.core.segments.outlets_audiences import audiences_of, hashed, may_be_put_on
from app.core.segments.rfm import Cuts

DAY_S = 86_400


def test_a_digest_tells_what_stands_there() -> None:
    told = Told(("champions",), "", "543")
    assert keys_of(digest_of(told)) == {"segments", "rfm"}
    assert keys_of(None) == frozenset()
    assert keys_of("?") == set(KEYS)
    assert keys_of("a.b.c") == set(KEYS), "written when there were three keys"
    assert keys_of(digest_of(Told(favourite="Rugs"))) == {"favourite_category"}
    assert digest_of(told) != digest_of(Told(("champions",), "", "544"))


def test_a_handle_survives_another_name() -> None:
    assert handle_of(12, "") == "segment-12"
    assert handle_of(3, "stage_at_risk") == "stage-at-risk"


def test_the_stage_comes_from_the_segments() -> None:
    told = told_of([(3, "stage_at_risk"), (12, "")], ["ads-lost"], "")
    assert told == Told(("ads-lost", "segment-12", "stage-at-risk"), "at risk", "")


def test_who_never_ordered_has_no_scores() -> None:
    cuts = Cuts((10, 20, 30, 40), (1, 2, 3, 4), (5, 6, 7, 8))
    assert scores_of(0, 0, 0, cuts) == ""
    assert scores_of(2, 25, 100, cuts) == "335"


def test_audiences_go_by_segments_and_by_the_last_order() -> None:
    found = [one.key for one in audiences_of(frozenset({"champions"}), 0, 30 * DAY_S)]
    assert found == ["bought-lately", "high-value"]
    assert [one.key for one in audiences_of(frozenset(), 0, 30 * DAY_S + 1)] == []
    assert [one.key for one in audiences_of(frozenset({"stage_lost"}), None, 0)] == ["lost"]


def test_only_a_yes_puts_somebody_on_an_audience() -> None:
    assert may_be_put_on(ShopperConsent(email_marketing="SUBSCRIBED"))
    assert may_be_put_on(ShopperConsent(marketing=True))
    assert not may_be_put_on(ShopperConsent())
    assert not may_be_put_on(ShopperConsent(email_marketing="SUBSCRIBED", marketing=False))
    assert not may_be_put_on(ShopperConsent(email_marketing="SUBSCRIBED", opted_out=True))


def test_an_address_is_hashed_as_networks_match_it() -> None:
    assert hashed("  Ann@Example.COM ") == sha256(b"ann@example.com").hexdigest()
