"""A mail looked at as one shopper would get it: filled in by the simulated Klaviyo, recorded nowhere, kept an hour."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest

from app.core.email.flows.plan import Mail
from app.core.email.flows.series import CART, FLOWS, THANKS, WELCOME, WIN_BACK
from app.core.email.look import Look
from app.core.email.names import Arm, Trigger
from app.core.email.offers import OfferTerms
from app.core.email.previewed import framed, subject_of
from app.core.email.templates.mail import template_of
from app.core.events import EventType
from app.core.ids import CustomerId
from app.ports.flows import MadeTemplate
from app.ports.mail_previews import MailPreview, PreviewState
from app.services.erase_customer import erase_customer
from app.services.preview_mail import (
    AS_EXAMPLE,
    CODE,
    GONE,
    NO_ADDRESS,
    NO_CODE,
    NO_ORDER,
    NOT_MADE,
    SILENT,
    ask_preview,
    preview_mail,
)
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.train_models import train_models
from devstore.klaviyo.records import Template
from tests.devstore_fixture import DevStore, RunningApp
from tests.mail.conftest import Mails
from tests.pages.conftest import Work, signed, text_of


@pytest.fixture
def ready(mails: Mails) -> Mails:
    """The templates of all mails stand in Klaviyo."""
    account, now = mails.twin.account, mails.now()
    for plan in FLOWS:
        for mail in plan.mails:
            for arm in Arm:
                made = template_of(mail, arm, Look())
                id = account.new_id()
                account.templates[id] = Template(id, made.name, "CODE", made.html, made.text, now, now)
                mails.wiring.made_flows.put_template(mails.shop.id, MadeTemplate(made.key, id, "", made.digest))
    return mails


def look(shop: Mails, customer: CustomerId, mail: Mail, arm: Arm = Arm.ATTUNE) -> MailPreview:
    id = ask_preview(shop.shop, customer, mail.key, arm, by="a user", ports=shop.wiring.asking_mail_previews)
    preview_mail(shop.shop, id, shop.wiring.previewing_mails)
    found = shop.wiring.mail_previews.one(shop.shop.id, id, at=shop.now())
    assert found is not None
    return found


def products(preview: MailPreview) -> list[str]:
    return re.findall(r"/products/([\w-]+)\?attune_rid=", html.unescape(preview.html))


def test_each_shopper_sees_their_own_mail_and_nothing_is_recorded(ready: Mails) -> None:
    train_models(ready.shop, ready.wiring.training)
    ready.switch(Trigger.CART_LEFT)
    ready.do(ready.customers[0], EventType.ADD_TO_CART, ready.products[0], hours_ago=2)
    before = ready.execute("SELECT count(*) FROM decisions")
    shown = look(ready, ready.customers[0], CART.mails[0])
    assert shown.state is PreviewState.DONE
    assert products(shown)
    assert AS_EXAMPLE not in shown.notes
    thanks = [look(ready, customer, THANKS.mails[0]) for customer in ready.customers[:4]]
    assert len({tuple(products(one)) for one in thanks}) > 1
    terms = OfferTerms(is_on=True, amount=500, budget=2000)
    set_mail_settings(ready.shop, Wanted(offer=terms), by="the owner", ports=ready.wiring.setting_mails)
    offered = look(ready, ready.customers[0], WIN_BACK.mails[0])
    assert CODE in offered.html
    assert NO_CODE in offered.notes
    assert ready.execute("SELECT count(*) FROM mail_offers") == [(0,)]
    control = look(ready, ready.customers[0], WIN_BACK.mails[0], Arm.CONTROL)
    assert CODE not in control.html
    assert (control.state, products(control)) == (PreviewState.DONE, [])
    assert ready.execute("SELECT count(*) FROM decisions") == before
    assert not ready.events()
    assert not ready.twin.account.mails.all()


def test_whoever_would_not_get_the_mail_is_not_shown_it_and_the_reason_is_told(ready: Mails) -> None:
    for change, back, why in (
        ("email_marketing = 'UNSUBSCRIBED'", "email_marketing = 'SUBSCRIBED'", "do not accept e-mail marketing"),
        ("opted_out = true", "opted_out = false", "opted out"),
    ):
        ready.execute(f"UPDATE customers SET {change}")
        shown = look(ready, ready.customers[0], WELCOME.mails[0])
        assert (shown.state, shown.html) == (PreviewState.NONE, "")
        assert why in shown.complaint
        ready.execute(f"UPDATE customers SET {back}")
    ready.execute("DELETE FROM orders")
    assert look(ready, ready.customers[0], THANKS.mails[0]).complaint == NO_ORDER
    assert look(ready, ready.customers[0], WELCOME.mails[0]).state is PreviewState.DONE
    ready.execute("UPDATE customers SET contact = NULL")
    assert look(ready, ready.customers[0], WELCOME.mails[0]).complaint == NO_ADDRESS
    ready.execute("DELETE FROM klaviyo_templates")
    assert look(ready, ready.customers[0], WELCOME.mails[0]).complaint == NOT_MADE


def test_when_klaviyo_fails_the_page_says_what_to_do(ready: Mails) -> None:
    for words, mode, more in (
        (SILENT, "error", {"status": 503}),
        (SILENT, "rubbish", {}),
        (GONE, "error", {"status": 404}),
        ("could not fill it in", "error", {"status": 400}),
    ):
        ready.twin.fault(mode, path="/api/template-render", **more)
        shown = look(ready, ready.customers[0], WELCOME.mails[0])
        assert shown.state is PreviewState.FAILED
        assert words in shown.complaint


def test_who_looked_is_on_record_and_the_mail_goes_after_an_hour_and_with_its_shopper(ready: Mails) -> None:
    shown, wiring = look(ready, ready.customers[0], WELCOME.mails[0]), ready.wiring
    [entry] = wiring.access_log.entries(ready.shop.id, limit=5, subject_id=str(ready.customers[0]))
    assert (entry.reader, entry.why) == ("a user", "preview of a mail")
    [(box,)] = ready.execute("SELECT content FROM mail_previews")
    assert b"<html" not in bytes(box)
    address = wiring.picking.people.emails(ready.shop.id, ready.customers[:1])[ready.customers[0]]
    assert address not in shown.html
    look(ready, ready.customers[1], WELCOME.mails[0])
    erase_customer(ready.shop.id, ready.customers[0], request_id="r1", ports=wiring.erasing_customer)
    assert ready.execute("SELECT customer_id FROM mail_previews") == [(ready.customers[1],)]
    later = ready.now() + timedelta(minutes=61)
    assert wiring.mail_previews.one(ready.shop.id, shown.id, at=later) is None
    assert wiring.mail_previews.forget(ready.shop.id, at=later) == 1


def test_every_subject_can_be_read() -> None:
    for plan in FLOWS:
        for mail in plan.mails:
            for event in ({}, {"offer_ends": "8 December"}):
                subject = subject_of(mail, "The Shop", event)
                assert subject
                assert "{" not in subject
    assert "8 December" in subject_of(WIN_BACK.mails[1], "", {"offer_ends": "8 December"})


def test_dark_and_light_are_fixed_whatever_the_browser_prefers() -> None:
    mail = "<head><style>@media (prefers-color-scheme: dark) {}</style></head>"
    assert "@media all {" in framed(mail, dark=True)
    assert "@media not all {" in framed(mail, dark=False)


def test_the_page_leads_from_a_customer_to_their_mail(
    ready: Mails, running_app: RunningApp, devstore: DevStore, work: Work
) -> None:
    def send(**form: str) -> httpx.Response:
        said = {"q": str(ready.customers[0]), "mail": "welcome_1", "arm": "attune", **form}
        to = "/admin/email/previews"
        return running_app.http.post(to, data=said, headers=signed(devstore), follow_redirects=False)

    for field, value in (("q", "nobody@example.com"), ("mail", "none"), ("arm", "both")):
        refused = send(**{field: value})
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    path = send().headers["Location"].partition("?")[0]
    assert "Klaviyo is filling in the mail" in text_of(running_app.open(devstore, path).text)
    work()
    shown = running_app.open(devstore, f"{path}?scheme=dark").text
    assert re.search(r"<iframe sandbox [^>]*srcdoc=", shown)
    assert "allow-scripts" not in shown
    state = running_app.http.get(f"{path}.json", headers=signed(devstore))
    assert state.json() == {"state": "done"}
