"""What sells out leaves profiles within minutes, and mails of flows that had begun before show it no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import jobs
from devstore import inbox
from tests.mail_in_the_browser.house import MailHouse, mail_house
from tests.services import TestServices
from workers.schedule import TIMETABLE

READERS = tuple(f"reader{number}@example.com" for number in range(6))
DAY_MIN = 24 * 60.0
MOST_MIN = 10
IDS = "attune_rec_ids"


@pytest.fixture(scope="module")
def house(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHouse]:
    with mail_house(services, tmp_path_factory.mktemp("sold_out")) as opened:
        yield opened


def welcomed(house: MailHouse) -> dict[str, list[str]]:
    """By reader the products of the events that began their series; the first mails are out."""
    house.sign_up(*READERS)
    house.night_push()
    house.later()
    return {email: house.items(email, "Attune Signed Up") for email in READERS}


def holding(house: MailHouse, handles: set[str]) -> list[str]:
    """Whose profiles hold one of these products."""
    numbers = {str(house.product(handle)) for handle in handles}
    profiles = house.account.profiles.copy().values()
    return [one.id for one in profiles if numbers & set(one.properties.get(IDS, []))]


def test_what_sells_out_is_in_no_profile_ten_minutes_later_and_in_no_mail_after_that(house: MailHouse) -> None:
    brought = welcomed(house)
    shown, following = {items[0] for items in brought.values()}, {items[4] for items in brought.values()}
    sold_out = shown | following
    assert holding(house, sold_out)
    for handle in sorted(sold_out):
        house.sell_out(handle)
    every_s = next(timed.every_s for timed in TIMETABLE if timed.name == jobs.PUSH_STALE)
    assert every_s < MOST_MIN * 60
    house.pass_time(minutes=every_s / 60)
    house.look_for_sold_out()
    assert not holding(house, sold_out)
    assert all(house.properties(email)["attune_gone"] for email in READERS)
    before = len(house.account.mails.all())
    house.later(days=3)
    late = [mail for mail in house.account.mails.all()[before:] if mail.flow_name == "Attune: Welcome"]
    assert [mail.message_name for mail in late] == ["Attune: Welcome, second mail"] * len(READERS)
    assert all(mail.sent and mail.products for mail in late)
    told = inbox.unbuyable(house.klaviyo, 4 * DAY_MIN)
    assert told["with_products"] >= 2 * len(READERS)
    assert (told["unbuyable"], told["share"]) == (0, 0.0)


def test_the_share_counts_what_was_sold_out_when_it_was_sent(
    house: MailHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without our look at what sold out, a mail that is late shows it: the figure can be other than zero."""
    email = "late@example.com"
    house.sign_up(email)
    house.later()
    following = house.items(email, "Attune Signed Up")[4:8]
    house.sell_out(following[0])
    before = len(house.account.mails.all())
    house.pass_time(days=2, minutes=1)
    house.post("run")
    [mail] = [
        one for one in house.account.mails.all()[before:] if one.sent and one.message_name.endswith("second mail")
    ]
    assert mail.unbuyable == (following[0],)
    inbox.main(["--klaviyo", house.klaviyo, "--minutes", "5"])
    assert "1 of 1 mails with products showed one that could not be bought: 100.00 %" in capsys.readouterr().out
