"""The experiments' pages over the real app: creating, starting, ramping, stopping, and what is said of the figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.core.experiments.reading import Excluded, Preference
from app.core.experiments.types import Experiment, ExperimentId, Status
from app.core.ids import ModelVersion, ShopDomain
from app.core.recommend.rails import CHOICES
from app.core.recommend.types import Rail
from app.core.shops import Shop, ShopState
from app.ports import Change
from app.services.hold_out import ensure_hold_out
from tests.conftest import settings_of
from tests.devstore_fixture import DevStore, RunningApp, linked, serving_app, serving_devstore
from tests.experiments.register import publish
from tests.pages.conftest import signed, text_of
from tests.pages.experiments import Counted, Crowd, keep_reading
from tests.ports import free_port
from tests.services import TestServices
from tests.serving.catalogue import rows_of

MODEL = ModelVersion("20260501-aaaa-item_item")
PATH = "/admin/experiments"
TITLE = {"tested": "title", "name": "A warmer title", "rail_for_you": "on", "value_b": "Picked for you today"}
EQUAL = [Crowd(9_000, 0.03), Crowd(9_000, 0.03)]
BETTER = [Crowd(30_000, 0.030), Crowd(30_000, 0.036)]


@dataclass(frozen=True)
class Desk:
    """The owner at her experiments."""

    app: RunningApp
    devstore: DevStore
    shop: Shop

    def open(self, path: str = "") -> str:
        page = self.app.open(self.devstore, f"{PATH}{path}")
        assert page.status_code == 200, page.text
        return page.text

    def read(self, path: str = "") -> str:
        return text_of(self.open(path))

    def send(self, path: str = "", **fields: str) -> httpx.Response:
        address = f"{PATH}{path}"
        return self.app.http.post(address, data=fields, headers=signed(self.devstore), follow_redirects=False)

    def create(self, fields: Mapping[str, str] = TITLE, **others: str) -> int:
        answer = self.send(**{**fields, **others})
        assert answer.status_code == 303, answer.text
        found = re.match(rf"{PATH}/(\d+)\?", answer.headers["Location"])
        assert found
        return int(found[1])

    def running(self, fields: Mapping[str, str] = TITLE, **others: str) -> int:
        number = self.create(fields, **others)
        assert self.send(f"/{number}/start", traffic="100").status_code == 303
        return number

    def experiment(self, number: int) -> Experiment:
        kept = self.app.wiring.experiments.one(self.shop.id, ExperimentId(number))
        assert kept is not None
        return kept.experiment

    def count(self, number: int, crowds: list[Crowd], counted: Counted | None = None) -> None:
        """What the job would have counted."""
        now = self.app.wiring.clock.now()
        keep_reading(self.app.wiring.experiments, self.shop.id, self.experiment(number), now, crowds, counted)

    def publish(self) -> None:
        """A model in use."""
        wiring = self.app.wiring
        publish(self.shop, wiring.models, wiring.artefacts, MODEL, at=wiring.clock.now())

    def hold_out(self) -> int:
        number = ensure_hold_out(self.shop, share=0.05, ports=self.app.wiring.holding_out)
        assert number is not None
        return number


@pytest.fixture(scope="module")
def office(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, DevStore]]:
    """One store and one app for all of these tests; each brings a shop without any experiment."""
    url = f"http://127.0.0.1:{free_port()}"
    with services.database() as urls, serving_devstore(url, "small") as devstore:
        settings = settings_of(urls, services, tmp_path_factory.mktemp("office"))
        with serving_app(linked(settings, devstore, url)) as app:
            assert app.open(devstore).status_code == 200
            yield app, devstore


@pytest.fixture
def desk(office: tuple[RunningApp, DevStore]) -> Desk:
    app, devstore = office
    shop = app.wiring.shops.by_domain(devstore.shop_domain)
    assert shop is not None
    with app.wiring.database.shop(shop.id) as session:
        for table in ("experiments", "experiment_changes", "experiment_windows", "experiment_readings"):
            session.execute(text(f"DELETE FROM {table}"))
    return Desk(app, devstore, shop)


# -- a life -----------------------------------------------------------------------------------------------------------


def test_before_there_is_anything_the_page_says_what_comes_by_itself_and_what_can_be_done(desk: Desk) -> None:
    read = desk.read()
    assert "This begins by itself when the first model is in use" in read
    assert "None yet. You can test a rail against nothing" in read


def test_an_experiment_is_created_started_ramped_and_stopped_from_its_pages(desk: Desk) -> None:
    number = desk.create()
    assert "Not started: nobody is in it." in desk.read(f"/{number}")
    assert desk.send(f"/{number}/start", traffic="20").status_code == 303
    assert "figures appear about ten minutes after the first visitor" in desk.read(f"/{number}")
    assert desk.send(f"/{number}/ramp", traffic="50").status_code == 303
    assert desk.experiment(number).traffic == 0.5
    assert desk.send(f"/{number}/stop", choice="b").status_code == 303
    read = desk.read(f"/{number}")
    assert "Chosen: “Picked for you today”. Nothing was counted." in read
    assert "From 20 % to 50 % of its visitors" in read
    assert "Shopify user 1" in read
    assert "A warmer title A/B test, For you Ended" in desk.read()


def test_a_field_that_does_not_fit_is_named_in_the_problem(desk: Desk) -> None:
    answer = desk.send(**{**TITLE, "value_b": "{{ shop.name }}"})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == "value_b"
    assert "plain text" in answer.json()["detail"]
    assert desk.app.wiring.experiments.all(desk.shop.id) == []


@pytest.mark.parametrize(
    ("path", "fields", "status", "words"),
    [
        ("start", {"traffic": "0"}, 422, "a percentage from 1 to 100"),
        ("start", {}, 422, "a percentage from 1 to 100"),
        ("ramp", {"traffic": "50"}, 409, "has not started"),
        ("stop", {}, 409, "has not started"),
        ("windows", {"first": "soon", "last": "2026-11-01", "reason": "x"}, 422, "give a day"),
        ("windows", {"first": "2026-11-01", "last": "2026-11-01", "reason": "x"}, 409, "has not started"),
        ("customers", {}, 409, "only an e-mail experiment"),
    ],
)
def test_what_makes_no_sense_for_a_draft_is_refused_in_words(
    desk: Desk, path: str, fields: dict[str, str], status: int, words: str
) -> None:
    number = desk.create()
    answer = desk.send(f"/{number}/{path}", **fields)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_a_second_experiment_on_the_same_title_is_refused_by_the_others_name(desk: Desk) -> None:
    desk.running()
    second = desk.create(name="A colder title", value_b="More")
    answer = desk.send(f"/{second}/start", traffic="100")
    assert answer.status_code == 409
    assert "“A warmer title” is running and decides the title" in answer.json()["detail"]


def test_the_form_offers_what_is_free_beside_another_experiment(desk: Desk) -> None:
    desk.create(room="60")
    assert "Exclusive with “A warmer title”: 40 % of visitors are free" in desk.read("/new?what=title")
    answer = desk.send(**{**TITLE, "name": "Too much", "beside": "1", "room": "50"})
    assert answer.status_code == 409
    assert "only 40 % of visitors are free beside “A warmer title”" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("what", "rail"),
    [
        *[(what, "") for what in ("rail", "model", "trend", "title", "place", "explore", "slider", "email")],
        ("strategy", "&rail=for_you"),
        ("interleaving", "&rail=goes_well"),
    ],
)
def test_every_kind_of_test_has_a_form(desk: Desk, what: str, rail: str) -> None:
    assert f'href="/admin/experiments/new?what={what}' in desk.open("/new")
    page = desk.open(f"/new?what={what}{rail}")
    assert f'name="tested" value="{what}"' in page
    assert 'name="primary"' in page


@pytest.mark.parametrize("what", ["strategy", "interleaving"])
@pytest.mark.parametrize("rail", list(CHOICES))
def test_a_form_offers_the_rankings_that_its_rail_has(desk: Desk, what: str, rail: Rail) -> None:
    assert f"/admin/experiments/new?what={what}&amp;rail={rail}" in desk.open(f"/new?what={what}")
    page = desk.open(f"/new?what={what}&rail={rail}")
    field = re.search(r'<s-select [^>]*name="value_b">(.*?)</s-select>', page, re.DOTALL)
    assert field
    assert re.findall(r'<s-option value="(\w+)"', field[1]) == [str(one) for one in CHOICES[rail]]
    assert f'<input type="hidden" name="rail" value="{rail}">' in page
    assert desk.create(
        {"tested": what, "name": "Two of them", "rail": rail, "value_control": "trending", "value_b": CHOICES[rail][0]}
    )


def test_a_rail_without_rankings_is_not_offered_any(desk: Desk) -> None:
    assert "On which rail?" in desk.read("/new?what=strategy&rail=also_viewed")


def test_the_model_in_use_is_not_tested_against_itself(desk: Desk) -> None:
    desk.publish()
    assert "The one in use is the only one that is kept" in desk.read("/new?what=model")


def test_a_test_of_the_place_says_what_the_theme_must_hold(desk: Desk) -> None:
    read = desk.read("/new?what=place")
    assert "add the rail’s block once more" in read
    assert "set its “Position” to “Alternative (for a test)”" in read


def test_a_hostile_name_is_shown_and_not_executed(desk: Desk) -> None:
    assert desk.send(**{**TITLE, "name": "<script>alert(1)</script>"}).status_code == 422
    number = desk.create(name="\"onload='alert(2)' & more")
    for page in (desk.open(), desk.open(f"/{number}")):
        assert "&#34;onload=&#39;alert(2)&#39; &amp; more" in page
        assert "\"onload='alert" not in page


# -- whose experiments ------------------------------------------------------------------------------------------------


def test_experiments_are_for_the_shops_own_staff(desk: Desk) -> None:
    number = desk.create()
    for path in ("", f"/{number}/start", f"/{number}/stop", "/hold-out", f"/{number}/customers"):
        assert desk.app.http.post(f"{PATH}{path}", data=TITLE).status_code == 401
    assert desk.app.http.get(f"{PATH}/{number}").status_code == 401


def test_an_experiment_that_is_not_there_gives_the_list_with_a_word(desk: Desk) -> None:
    page = desk.app.open(desk.devstore, f"{PATH}/99")
    assert page.status_code == 404
    assert "There is no such experiment" in text_of(page.text)
    answer = desk.send("/99/start", traffic="20")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no experiment 99 in this shop")


@pytest.mark.parametrize("number", ["1", "9" * 30])
def test_another_shops_experiment_and_a_number_without_one_are_not_there(desk: Desk, number: str) -> None:
    wiring = desk.app.wiring
    experiments = wiring.experiments
    theirs = wiring.shops.put(ShopDomain("charlie.myshopify.com"), ShopState.INSTALLED)
    own = desk.create()
    with wiring.database.shop(theirs.id) as session:
        session.execute(text("DELETE FROM experiments"))
    # Charlie has an experiment of this number, and Alice has none any more.
    experiments.add(theirs.id, desk.experiment(own), Change(wiring.clock.now(), "Charlie", "Created"))
    with wiring.database.shop(desk.shop.id) as session:
        session.execute(text("DELETE FROM experiments"))
    assert desk.app.open(desk.devstore, f"{PATH}/{number}").status_code == 404
    day = wiring.clock.now().date().isoformat()
    for path in ("start", "ramp", "stop", "discard", "windows", "customers"):
        answer = desk.send(f"/{number}/{path}", traffic="20", first=day, last=day, reason="Why")
        assert answer.status_code == 404, path
    (kept,) = experiments.all(theirs.id)
    assert kept.experiment.status is Status.DRAFT


# -- what the figures say ---------------------------------------------------------------------------------------------


def test_a_clear_winner_is_said_in_one_sentence_with_its_figures_below(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, BETTER)
    page = desk.open(f"/{number}")
    read = text_of(page)
    assert "A clear winner Ship “Picked for you today”: conversion is 3.6 %" in read
    assert re.search(r"Conversion 3\.0 % 3\.6 % \+19\.\d % \+\d+\.\d % to \+\d+\.\d % &gt; 99\.9 % below 0\.01 %", read)
    assert "The versions’ sizes fit their shares (p = 1.00; below 0.001 nothing would be read)." in read
    assert "for the 45,000 of 60,000 who were new it explains about 0" in read
    assert re.search(r'<svg [^>]*aria-label="\+\d+\.\d % to \+\d+\.\d %"', page), "the interval is drawn"
    assert "<polygon points=" in page, "the range that holds at every look is drawn"
    assert "Ship “Picked for you today”" in desk.read()


def test_no_difference_leads_to_no_decision(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, EQUAL)
    read = desk.read(f"/{number}")
    assert "No decision yet Keep running:" in read
    assert "Ship" not in read


def test_sizes_that_cannot_be_chance_block_every_figure(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, [Crowd(9_000, 0.03), Crowd(8_000, 0.05)])
    read = desk.read(f"/{number}")
    assert "These figures cannot be trusted Blocked:" in read
    assert "As it is now 9,000 270 Picked for you today 8,000 400" in read
    assert "The versions’ sizes don’t fit their shares" in read
    assert not re.search(r"[+−]\d+\.\d %", read), "no lift is shown"
    assert "Chance to win" not in read, "and none is explained"


def test_too_few_orders_are_said_to_be_too_few_and_no_lift_is_shown(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, [Crowd(300, 0.03), Crowd(300, 0.05)])
    read = desk.read(f"/{number}")
    assert "Too few for a statement" in read
    assert "<polygon" not in desk.open(f"/{number}")
    assert not re.search(r"[+−]\d+\.\d %", read)


def test_an_experiment_that_nobody_has_seen_gives_a_page(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, [Crowd(0, 0.0), Crowd(0, 0.0)])
    assert "Keep running: nobody has seen this experiment yet" in desk.read(f"/{number}")


def test_who_was_left_out_is_told_by_reason(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, EQUAL, Counted(excluded=Excluded(two_arms=12, bots=3, foreign_orders=4)))
    read = desk.read(f"/{number}")
    assert "Left out Visitors seen in two versions: 12 Programs: more than 500 events in an hour" in read
    assert "Orders in another currency: 4" in read
    assert "staff" not in read.split("What was done")[0]


def test_days_are_left_out_by_a_form_and_stay_on_record(desk: Desk) -> None:
    number = desk.running()
    today = desk.app.wiring.clock.now().date()
    desk.count(number, EQUAL)
    fields = {"first": f"{today}", "last": f"{today}", "reason": "The payment page was down"}
    assert desk.send(f"/{number}/windows", **fields).status_code == 303
    read = desk.read(f"/{number}")
    assert "Not counted:" in read
    assert "The payment page was down." in read
    backwards = desk.send(f"/{number}/windows", **{**fields, "last": f"{today - timedelta(days=1)}"})
    assert (backwards.status_code, backwards.json()["field"]) == (422, "last")


def test_two_rankings_show_whose_visits_were_won(desk: Desk) -> None:
    desk.publish()
    fields = {"tested": "interleaving", "name": "Views or orders", "rail": "bought_together"}
    number = desk.running({**fields, "value_control": "item_item", "value_b": "trending"})
    desk.count(number, EQUAL, Counted(preference=Preference(40, 160, 9)))
    read = desk.read(f"/{number}")
    assert "Visits won by Visits Bought in the same orders 40 What is popular 160 Neither 9" in read
    assert "What that does to revenue was not measured." in read


def test_a_ranking_cannot_be_started_before_anything_was_learnt(desk: Desk) -> None:
    desk.app.wiring.models.forget(desk.shop.id)
    number = desk.create({"tested": "strategy", "name": "Popular", "rail_for_you": "on", "value_b": "trending"})
    answer = desk.send(f"/{number}/start", traffic="20")
    assert (answer.status_code, "nothing has been learnt yet" in answer.json()["detail"]) == (409, True)


# -- the hold-out -----------------------------------------------------------------------------------------------------


def test_the_hold_out_stands_first_and_says_what_attune_earns(desk: Desk) -> None:
    number = desk.hold_out()
    desk.count(number, [Crowd(40_000, 0.030), Crowd(40_000, 0.036)], Counted(clicked=9_000_000))
    read = desk.read()
    assert "5 % held out, since" in read
    assert "Keep Attune: revenue per visitor is" in read
    one = desk.read(f"/{number}")
    assert "orders after a click came to $90,000.00 USD: that is attribution. The difference in revenue" in one
    assert re.search(r"which the comparison shows, is \$[\d,.]+ USD \(95 % interval \$", one)
    assert "Keep Attune: revenue per visitor is" in text_of(desk.app.open(desk.devstore).text), "on the first page"


def test_the_hold_out_is_changed_by_its_form_and_not_stopped(desk: Desk) -> None:
    number = desk.hold_out()
    assert desk.send("/hold-out", share="10", show="native").status_code == 303
    assert desk.experiment(number).traffic == 0.2
    read = desk.read(f"/{number}")
    assert "From 5 % to 10 % of visitors held out" in read
    assert "Stop for good" not in read
    assert desk.send("/hold-out", share="60", show="empty").status_code == 422
    assert desk.send("/hold-out", share="10", show="ours").status_code == 422
    assert desk.send(f"/{number}/stop").status_code == 409


def test_without_anybody_held_out_the_page_says_that_nothing_is_measured(desk: Desk) -> None:
    number = desk.hold_out()
    desk.count(number, BETTER)
    assert desk.send("/hold-out", share="0", show="empty").status_code == 303
    for read in (desk.read(), desk.read(f"/{number}")):
        assert "Nobody is held out, so nothing is measured." in read
    assert "Until then: Keep Attune" in desk.read(f"/{number}")


def test_days_that_were_left_out_since_the_last_count_are_said_to_be_in_the_figures_still(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, EQUAL)
    today = desk.app.wiring.clock.now().date().isoformat()
    assert desk.send(f"/{number}/windows", first=today, last=today, reason="The till was down").status_code == 303
    note = "are still in these figures"
    assert note in desk.read(f"/{number}")
    desk.count(number, EQUAL)
    assert note not in desk.read(f"/{number}")


def test_a_simulated_shops_figures_are_labelled_so(desk: Desk) -> None:
    number = desk.running()
    for read in (desk.read(), desk.read(f"/{number}")):
        assert "they say nothing about what a real store would earn" in read


def test_every_figure_of_the_page_is_defined_on_it(desk: Desk) -> None:
    number = desk.running()
    desk.count(number, BETTER)
    figures, meanings = desk.read(f"/{number}").split("What the figures mean")
    for name in ("Conversion", "Revenue per visitor", "Order value", "Click-through", "Chance to win", "Expected loss"):
        assert name in figures
        assert f"{name} : " in meanings or f"{name}: " in meanings, name


# -- e-mail, and how long it takes ------------------------------------------------------------------------------------


def test_the_list_of_an_e_mail_test_is_a_file_of_customers_and_versions(desk: Desk) -> None:
    with rows_of(desk.app.wiring.database, desk.shop.id) as rows:
        put = "INSERT INTO customers (shop_id, id, email_marketing, opted_out, orders_count, amount_spent) "
        for customer in range(1, 21):
            rows.execute(f"{put} VALUES (%s, %s, 'SUBSCRIBED', false, 0, 0)".encode(), [desk.shop.id, customer])
        rows.commit()
    number = desk.running({"tested": "email", "name": "Fewer mails", "value_b": "One mail"})
    answer = desk.send(f"/{number}/customers")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="attune-test-{number}.csv"'
    header, *lines = answer.text.splitlines()
    assert header == f"shopify_customer_id,attune_test_{number}"
    assert len(lines) == 20
    assert all(re.fullmatch(r"\d+,(control|b)", line) for line in lines)
    assert f"One mail: {sum(line.endswith(',b') for line in lines)} so far" in desk.read(f"/{number}")


def test_how_long_it_takes_is_worked_out_from_what_the_merchant_puts_in(desk: Desk) -> None:
    read = desk.read("/new?what=title&visitors=1000&rate=3")
    few = re.search(r"\+10 % ([\d,]+) ([\d,]+)", read)
    assert few
    units, days = (int(number.replace(",", "")) for number in few.groups())
    assert days == -(-2 * units // 1_000)
    assert 40_000 < units < 200_000


@pytest.mark.parametrize(
    "query", ["visitors=-1&rate=3", "visitors=&rate=3", "visitors=10&rate=lots", "visitors=9e9&rate=3"]
)
def test_what_cannot_be_worked_out_is_said(desk: Desk, query: str) -> None:
    assert "That could not be worked out" in desk.read(f"/new?{query}")


def test_the_form_asks_for_planned_visitors_and_offers_clicks_only_where_both_versions_have_cards(desk: Desk) -> None:
    rail, title = (desk.open(f"/new?what={lever}") for lever in ("rail", "title"))
    assert 'name="planned"' in rail
    assert 'value="click_through"' not in rail
    assert 'value="click_through"' in title
    number = desk.create(planned="25000")
    assert desk.experiment(number).planned == 25_000
