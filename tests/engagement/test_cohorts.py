"""The cohort in a profile: the key under which a campaign looks up what to show, in a feed that is the same for all."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app.core.email.feeds import BEST_SELLERS, COHORTS, cohort_in, cohort_of, cohorts_of
from app.core.email.look import Look
from app.core.email.names import FACTS
from app.core.email.templates.campaign import campaign
from app.core.segments.lifecycle import Stage
from app.core.shops import Shop
from app.services.prepare_feeds import prepare_feeds
from app.services.push_profiles import push_profiles
from app.services.segment_customers import segment_customers
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.wiring.worker import Worker
from devstore.klaviyo.mailer import Mailer, person
from devstore.klaviyo.records import Profile
from tests.klaviyo_fixture import Twin


@pytest.fixture
def pushed(klaviyo_shop: Shop, worker_wiring: Worker) -> Shop:
    """A shop whose customers stand in Klaviyo with their stage of life; one of them does not want to be known."""
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        session.execute(text("UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false"))
        session.execute(
            text(
                "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, changed_at) "
                "SELECT shop_id, 'customer', min(id)::text, false, now() FROM customers "
                "WHERE email_hash IS NOT NULL GROUP BY shop_id"
            )
        )
    segment_customers(klaviyo_shop, worker_wiring.segmenting)
    prepare_feeds(klaviyo_shop, worker_wiring.preparing_feeds)
    set_mail_settings(klaviyo_shop, Wanted(push=True), by="the owner", ports=worker_wiring.setting_mails)
    push_profiles(klaviyo_shop, worker_wiring.pushing, wait=lambda _: None)
    return klaviyo_shop


def cohorts(twin: Twin) -> dict[str, Profile]:
    """A profile of each cohort."""
    own = [one for one in twin.account.profiles.values() if FACTS in one.held]
    return {orjson.loads(one.held[FACTS])["cohort"]: one for one in own}


def feed(wiring: Worker, shop: Shop, name: str) -> dict[str, Any]:
    found = wiring.feeds.read(shop.id, name)
    assert found is not None
    document: dict[str, Any] = orjson.loads(found[1])
    return document


def test_a_category_without_products_leaves_the_stage() -> None:
    known = {cohort_of(Stage.LOST, "Lamps"), cohort_of(Stage.LOST, ""), cohort_of(None, "")}
    assert cohort_in(known, "lost", "Lamps") == "lost--lamps"
    assert cohort_in(known, "lost", "Vases") == "lost--any"
    assert cohort_in(known, "", "") == "none--any"
    assert cohort_in((), "at risk", "Lamps") == cohort_of(Stage.AT_RISK, "") == "at-risk--any"


def test_each_profile_names_a_cohort_of_the_feed(pushed: Shop, worker_wiring: Worker, twin: Twin) -> None:
    found = cohorts(twin)
    assert found.keys() <= feed(worker_wiring, pushed, COHORTS).keys()
    # Stages and categories are told apart, and whoever may not be learnt from is in no stage.
    assert len({name.partition("--")[0] for name in found}) > 1
    assert any(not name.endswith("--any") for name in found)
    assert "none--any" in found
    body = worker_wiring.feeds.read(pushed.id, COHORTS)
    assert body is not None
    assert cohorts_of(body[1]) == feed(worker_wiring, pushed, COHORTS).keys()


def test_a_campaign_shows_each_reader_the_products_of_their_cohort(
    pushed: Shop, worker_wiring: Worker, twin: Twin
) -> None:
    html = campaign(Look()).html
    lists = feed(worker_wiring, pushed, COHORTS)
    known = titles([*chain(*lists.values()), *feed(worker_wiring, pushed, BEST_SELLERS)["items"]])
    found = cohorts(twin)
    for name, profile in found.items():
        mail = Mailer(twin.account).preview(html, {"person": person(profile)})
        assert shown(mail, known) == titles(lists[name]), name
    assert len({frozenset(titles(lists[name])) for name in found}) > 1


def titles(items: list[dict[str, Any]]) -> set[str]:
    return {str(one["title"]) for one in items}


def shown(mail: str, known: set[str]) -> set[str]:
    plain = re.sub(r"&#x27;|&#39;", "'", mail).replace("&amp;", "&")
    return {title for title in known if re.search(rf">\s*{re.escape(title)}\s*<", plain)}
