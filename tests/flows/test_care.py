"""Care of what was bought: picked on the E-mail page, read from the store, and in the inbox after an order."""

from __future__ import annotations

import html
import json
from datetime import timedelta

import httpx
import pytest

from app.adapters.shopify import scopes
from app.config import API_VERSION
from app.core.email.care import Care, care_of, of_metafield, plain, shortened
from app.core.email.flows.series import THANKS
from app.core.email.names import Trigger
from app.core.ids import ProductId, gid
from app.services.make_flows import make_flows
from app.services.read_care import NO_ACCESS
from app.services.start_flows import Done
from devstore.klaviyo.records import SUBSCRIBED
from tests.devstore_fixture import DevStore, RunningApp
from tests.mail.conftest import Mails
from tests.pages.conftest import Work, signed, text_of

PAGE = "/admin/email"
KIND = "Chopping Board"


def grant(mails: Mails, devstore: DevStore) -> None:
    """What Shopify does when the merchant agrees."""
    granted = [*scopes.REQUIRED, *scopes.OPTIONAL]
    devstore.post("scopes", granted=granted)
    devstore.flush()
    mails.wiring.credentials.set_scopes(mails.shop.id, ",".join(granted))


def send(app: RunningApp, devstore: DevStore, path: str, **form: str) -> httpx.Response:
    return app.http.post(f"{PAGE}/{path}", data=form, headers=signed(devstore), follow_redirects=False)


def read(app: RunningApp, devstore: DevStore) -> str:
    return text_of(html.unescape(app.open(devstore, PAGE).text))


def write_metafield(mails: Mails, product: ProductId, type: str, value: str) -> None:
    """As another app, or the merchant, would."""
    stored = mails.wiring.credentials.load(mails.shop.id)
    assert stored is not None
    url = f"{mails.wiring.shopify.origin(mails.shop.domain)}/admin/api/{API_VERSION}/graphql.json"
    field = {"ownerId": gid("Product", product), "namespace": "custom", "key": "care", "type": type, "value": value}
    query = "mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { userErrors { message } } }"
    headers = {"X-Shopify-Access-Token": stored.pair.access_token}
    body = {"query": query, "variables": {"m": [field]}}
    answer = httpx.post(url, json=body, headers=headers, trust_env=False).json()
    assert answer["data"]["metafieldsSet"]["userErrors"] == []


def board_of(mails: Mails) -> tuple[ProductId, int]:
    """A product of the kind, and its variant."""
    [(product, variant)] = mails.execute(
        "SELECT p.id, v.id FROM products p JOIN variants v ON v.product_id = p.id "
        f"WHERE p.product_type = '{KIND}' ORDER BY v.id LIMIT 1"
    )
    return ProductId(product), variant


def test_from_the_pick_to_the_inbox(mails: Mails, running_app: RunningApp, devstore: DevStore, work: Work) -> None:
    grant(mails, devstore)
    assert send(running_app, devstore, "care/read").status_code == 303
    work()
    [article] = [one for one in mails.wiring.care.articles(mails.shop.id) if one.title.endswith(KIND)]
    form = {"product_type": KIND, "article": str(article.id), "metafield": ""}
    assert send(running_app, devstore, "care", **form).status_code == 303
    assert article.title in read(running_app, devstore)

    mails.twin.control.post("quota", json={"factor": 100})
    make_flows(mails.shop, mails.wiring.making_flows)
    made = mails.wiring.made_flows.flows(mails.shop.id)[THANKS.key]
    mails.twin.control.post(f"flows/{made.flow}", json={"status": "live"})
    mails.switch(Trigger.ORDERED)
    _, variant = board_of(mails)
    account, buyer = mails.twin.account, mails.customers[0]
    email = mails.wiring.picking.people.emails(mails.shop.id, [buyer])[buyer]
    account.set_consent(account.upsert({"email": email}, {}, {}), SUBSCRIBED)
    devstore.post("orders", lines=[{"variant_id": variant}], customer_id=buyer)
    devstore.flush()
    work()
    assert mails.start() == Done(sent=1)
    [event] = [one for one in mails.events() if one.properties.get("order_name")]
    assert event.properties["care"] == {
        "title": article.title,
        "url": f"{devstore.origin}{article.url}",
        "text": article.text,
    }
    began = account.now()
    account.now = lambda: began + timedelta(days=1, hours=1)
    assert mails.twin.control.post("run").status_code == 200
    [mail] = account.mails.of(event.profile_id)
    assert article.title in html.unescape(mail.html)
    assert article.text in html.unescape(mail.html)
    page = httpx.get(f"{devstore.origin}{article.url}", trust_env=False)
    assert (page.status_code, article.text in page.text) == (200, True)


def test_a_metafield_says_it_of_each_product_and_needs_no_further_permission(
    mails: Mails, running_app: RunningApp, devstore: DevStore, work: Work
) -> None:
    product, _ = board_of(mails)
    write_metafield(mails, product, "multi_line_text_field", "Oil it twice a year.\nNever soak it.")
    form = {"product_type": KIND, "metafield": "custom.care"}
    assert send(running_app, devstore, "care", **form).status_code == 303
    assert "Being read from your store" in read(running_app, devstore)
    work()
    care = mails.wiring.care.of(mails.shop, [product])[product]
    assert care.text == "Oil it twice a year. Never soak it."
    assert mails.wiring.care.reading(mails.shop.id).trouble == NO_ACCESS
    assert "Offer the articles of my blog" in read(running_app, devstore)
    write_metafield(mails, product, "multi_line_text_field", "Oil it.")
    send(running_app, devstore, "care/read")
    work()
    assert mails.wiring.care.of(mails.shop, [product])[product].text == "Oil it."
    send(running_app, devstore, "care/drop", product_type=KIND)
    assert mails.wiring.care.of(mails.shop, [product]) == {}


@pytest.mark.usefixtures("mails")
def test_what_cannot_be_picked_is_refused_at_its_field(running_app: RunningApp, devstore: DevStore) -> None:
    good = {"product_type": KIND, "article": "", "metafield": "custom.care"}
    for field, over in (
        ("product_type", {"product_type": "Rocket"}),
        ("article", {"article": "7"}),
        ("metafield", {"metafield": "care"}),
        ("metafield", {"metafield": ""}),
    ):
        answer = send(running_app, devstore, "care", **{**good, **over})
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_article_that_is_gone_is_named_and_no_mail_shows_it(
    mails: Mails, running_app: RunningApp, devstore: DevStore, work: Work
) -> None:
    grant(mails, devstore)
    send(running_app, devstore, "care/read")
    work()
    article = mails.wiring.care.articles(mails.shop.id)[0]
    kind = article.title.removeprefix("How to look after your ")
    send(running_app, devstore, "care", product_type=kind, article=str(article.id))
    mails.wiring.care.keep_articles(mails.shop.id, [])
    assert "no longer in your blog" in read(running_app, devstore)
    assert mails.wiring.care.of(mails.shop, mails.wiring.care.products(mails.shop.id, kind)) == {}


def test_the_first_product_that_has_care_is_told_of() -> None:
    known = {ProductId(2): Care("Two"), ProductId(3): Care("Three")}
    assert care_of([ProductId(1), ProductId(3), ProductId(2)], known) == Care("Three")
    assert care_of([ProductId(1)], known) is None


def test_texts_are_plain_and_not_too_long() -> None:
    assert plain("<style>p {}</style><p>Wash it</p><p>by&nbsp;hand &amp; dry.</p>") == "Wash it by hand & dry."
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one two", 9) == "one two"


def test_a_metafield_is_read_by_its_type() -> None:
    rich = {"type": "root", "children": [{"type": "paragraph", "children": [{"type": "text", "value": "Oil it."}]}]}
    assert of_metafield("Board", "rich_text_field", json.dumps(rich)) == Care(
        "Good to know about your Board", "", "Oil it."
    )
    assert of_metafield("Board", "url", "https://a.example/care") == Care(
        "Good to know about your Board", "https://a.example/care"
    )
    for type, value in (
        ("rich_text_field", "{"),
        ("url", "javascript:x"),
        ("number_integer", "3"),
        ("boolean", "true"),
    ):
        assert of_metafield("Board", type, value) is None
