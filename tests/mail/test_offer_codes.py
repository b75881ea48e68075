"""Codes are made at Shopify ahead: as many as the budget pays for, once, and only while the merchant wants them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.shopify import scopes
from app.services.start_flows import Done
from app.services.train_models import train_models
from tests.devstore_fixture import DevStore
from tests.mail.codes import (
    FIVE_OFF,
    Killed,
    ask_shopify,
    buy,
    codes,
    dying_at,
    issue,
    ledger,
    offer,
    ours,
    shop_of_codes,
    win_back,
)
from tests.mail.conftest import Mails

__all__ = ["shop_of_codes"]


def test_codes_lie_ready_at_shopify_before_anybody_needs_one(shop_of_codes: Mails, devstore: DevStore) -> None:
    offer(shop_of_codes, replace(FIVE_OFF, budget=500 * 600))
    assert issue(shop_of_codes) == 599
    found = ledger(shop_of_codes)
    assert (found.ready, found.out, found.committed) == (600, 0, 0)
    assert issue(shop_of_codes) == 0


def test_shopify_refuses_a_code_after_its_last_day(shop_of_codes: Mails, devstore: DevStore) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    win_back(shop_of_codes, shop_of_codes.customers[0])
    devstore.post("clock", advance_s=19 * 24 * 3600)
    with pytest.raises(AssertionError, match="not active"):
        buy(devstore, shop_of_codes, codes(shop_of_codes)[0], quantity=3)


def test_without_access_nothing_is_made_and_mails_go_without(mails: Mails, devstore: DevStore) -> None:
    train_models(mails.shop, mails.wiring.training)
    devstore.post("scopes", granted=list(scopes.REQUIRED))
    mails.wiring.credentials.set_scopes(mails.shop.id, ",".join(scopes.REQUIRED))
    offer(mails)
    assert issue(mails) == 0
    assert win_back(mails, mails.customers[0]) == Done(sent=1)
    assert codes(mails) == []


def test_a_kill_anywhere_ends_in_one_discount_and_enough_codes(shop_of_codes: Mails) -> None:
    for place, where in enumerate(("begun", "made", "noted", "asked", "added"), start=1):
        terms = replace(FIVE_OFF, amount=500 - place)
        offer(shop_of_codes, terms)
        with pytest.raises(Killed):
            issue(shop_of_codes, checkpoint=dying_at(where))
        shop_of_codes.execute("UPDATE claims SET until = now() - interval '1 day'")
        issue(shop_of_codes)
        assert ledger(shop_of_codes, terms=terms).ready == 4, where
        assert ours(shop_of_codes) == place, where


def test_a_discount_that_the_merchant_ended_stays_ended_until_they_save_again(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    [(gid,)] = shop_of_codes.execute("SELECT discount FROM mail_offer_discounts")
    ask_shopify(shop_of_codes, f'mutation {{ discountCodeDeactivate(id: "{gid}") {{ userErrors {{ code }} }} }}')
    issue(shop_of_codes)
    [(trouble,)] = shop_of_codes.execute("SELECT trouble FROM mail_offer_discounts")
    assert "You ended this discount" in trouble
    assert win_back(shop_of_codes, shop_of_codes.customers[0]) == Done(sent=1)
    assert codes(shop_of_codes) == []
    shop_of_codes.wiring.offers.start_anew(shop_of_codes.shop.id)
    assert issue(shop_of_codes) == 3


def test_other_terms_bring_another_discount_and_what_is_out_stays_good(shop_of_codes: Mails) -> None:
    offer(shop_of_codes)
    issue(shop_of_codes)
    win_back(shop_of_codes, shop_of_codes.customers[0])
    seven = replace(FIVE_OFF, amount=700, budget=2000)
    offer(shop_of_codes, seven)
    issue(shop_of_codes)
    found = ledger(shop_of_codes, terms=seven)
    assert (found.out, found.out_cost, found.ready) == (1, 500, 2)
    assert ours(shop_of_codes) == 2
