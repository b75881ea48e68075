"""Mails of the twin: what templates may say, what is done to links, and what the inbox shows and counts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, Response

from devstore.klaviyo import render
from devstore.klaviyo.records import UNSUBSCRIBED, CatalogItem
from devstore.server import serving
from tests.klaviyo_twin.mail_room import MailRoom

CATALOG = "{% for id in person|lookup:'ids' %}{% catalog id %}{{ catalog_item.title }}{% endcatalog %}{% endfor %}"
FEED = "{% for item in feeds.best.items|slice:':1' %}<a href='{{ item.url }}'>{{ item.title }}</a>{% endfor %}"


def held(handle: str) -> Response:
    return Response(f'{{"items": [{{"title": "It", "url": "https://store.example/products/{handle}"}}]}}')


@pytest.fixture
def room() -> MailRoom:
    return MailRoom()


@pytest.fixture
def shelf() -> Iterator[tuple[str, list[Response]]]:
    """A feed's address, and the answers that it still has to give; the last one is given for ever."""
    app, answers = Flask("shelf"), [held("throw")]

    @app.get("/best.json")
    def best() -> Response:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return Response(answer.get_data(), answer.status_code)

    with serving(app) as origin:
        yield f"{origin}/best.json", answers


def test_a_product_that_the_catalogue_lacks_skips_the_whole_mail(room: MailRoom) -> None:
    room.account.catalog["1"] = CatalogItem("1", "Linen Throw", "https://store.example/products/throw", "", "10")
    ada, bob = room.profile(ids=["1"]), room.profile("bob@example.com", ids=["1", "2"])
    room.flow(room.mail("write", html=CATALOG))
    room.happens(ada)
    room.happens(bob)
    room.later(minutes=1)
    assert "Linen Throw" in room.sent(ada)[0].html
    assert room.reasons(bob) == ["Skipped: Catalog Item Unavailable (2)"]
    assert room.events(bob, "Received Email") == []


def test_an_unknown_tag_or_filter_is_an_error() -> None:
    assert render.check("{{ event.x|upper }}", "{% unsubscribe %}") == []
    assert len(render.check("{{ event.x|sparkle }}", "{% sparkle %}", "{% load static %}", "{% if %}")) == 4


def test_a_feed_is_fetched_again_only_after_a_quarter_of_an_hour(
    room: MailRoom, shelf: tuple[str, list[Response]]
) -> None:
    url, answers = shelf
    answers.append(held("vase"))
    ada = room.profile()
    room.feed("best", url)
    room.flow(room.mail("write", html=FEED))
    for minutes in (1, 13, 2):
        room.happens(ada)
        room.later(minutes=minutes)
    assert [mail.products for mail in room.sent(ada)] == [("throw",), ("throw",), ("vase",)]


def test_a_feed_that_cannot_be_fetched_keeps_its_mails_from_being_sent(
    room: MailRoom, shelf: tuple[str, list[Response]]
) -> None:
    url, answers = shelf
    answers[:] = [Response("no", 500)]
    ada = room.profile()
    room.feed("best", url)
    room.flow(room.mail("write", html=FEED))
    room.happens(ada)
    room.later(minutes=1)
    assert room.sent(ada) == []
    assert room.reasons(ada)[0].startswith("Skipped: Web Feed Unavailable (best")


def test_links_of_a_feed_get_no_dynamic_parameters(room: MailRoom, shelf: tuple[str, list[Response]]) -> None:
    ada = room.profile()
    room.feed("best", shelf[0])
    room.flow(room.mail("write", html=FEED + '<a href="https://store.example/pages/about">About</a>'))
    room.happens(ada)
    room.later(minutes=1)
    from_feed, own = (parse_qs(urlsplit(link.url).query) for link in room.sent(ada)[0].links)
    assert from_feed == {"utm_source": ["Klaviyo"], "_kx": [ada.kx]}
    assert own == {"utm_source": ["Klaviyo"], "utm_medium": ["email"], "_kx": [ada.kx]}


def test_a_click_is_counted_and_goes_on_with_the_shoppers_kx(room: MailRoom) -> None:
    ada = room.profile()
    flow = room.flow(room.mail("write"))
    room.happens(ada)
    room.later(minutes=1)
    [mail] = room.sent(ada)
    answer = room.http.get(f"/l/{mail.links[0].token}")
    query = parse_qs(urlsplit(answer.location).query)
    assert room.account.find({"_kx": query["_kx"][0]}) is ada
    [clicked] = room.events(ada, "Clicked Email")
    assert (clicked["URL"], clicked["$flow"]) == ("https://store.example/products/linen-throw", flow.id)


def test_the_inbox_shows_sent_and_skipped_mails(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write", "broken"), room.mail("broken", html="{% catalog 9 %}{% endcatalog %}"))
    room.happens(ada)
    room.later(minutes=1)
    assert "Ada" in room.http.get("/inbox").text
    page = room.http.get(f"/inbox/{ada.id}").text
    assert "For Ada" in page
    assert "Catalog Item Unavailable (9)" in page
    [mail] = room.sent(ada)
    assert room.http.get(f"/inbox/{ada.id}/{mail.id}?scheme=dark").status_code == 200
    assert room.http.get(f"/inbox/{ada.id}/{mail.id}.json").get_json()["mail"]["products"] == ["linen-throw"]


def test_reading_a_mail_in_the_inbox_opens_it_and_unsubscribing_ends_all_mail(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write"))
    room.happens(ada)
    room.later(minutes=1)
    [mail] = room.sent(ada)
    room.http.get(f"/o/{mail.open_token}.gif")
    assert len(room.events(ada, "Opened Email")) == 1
    room.http.post(f"/u/{mail.open_token}")
    assert ada.consent == UNSUBSCRIBED
    room.happens(ada)
    room.later(minutes=1)
    assert room.reasons(ada) == ["Skipped: Suppressed"]


def test_mails_that_show_what_cannot_be_bought_are_counted(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write"))
    room.happens(ada)
    room.later(minutes=1)
    room.account.mails.can_be_bought = lambda _handle: False
    room.happens(ada)
    room.later(minutes=1)
    told = room.http.get("/_dev/unbuyable?minutes=60").get_json()
    assert (told["mails"], told["unbuyable"], told["share"]) == (2, 1, 0.5)
    assert told["by_place"] == {"1": {"shown": 2, "unbuyable": 1}}
    room.later(hours=2)
    assert room.http.get("/_dev/unbuyable?minutes=60").get_json()["mails"] == 0
