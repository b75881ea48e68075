"""The pages in the Shopify admin's frame, in a real browser, as the merchant sees and uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, Request, expect

from app.core.shops import Shop
from app.core.training_consent import CURRENT
from tests.browser.chromium import running_chromium
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import Work, decide
from tests.patience import eventually

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
PAGES = (
    "/",
    "/admin/preview",
    "/admin/shoppers",
    "/admin/shoppers?visitor=" + "a" * 32,
    "/admin/results",
    "/admin/experiments",
    "/admin/experiments/new",
    "/admin/experiments/new?what=strategy",
    "/admin/experiments/new?what=interleaving&rail=goes_well",
    "/admin/experiments/new?what=place",
    "/admin/audiences",
    "/admin/email",
    "/admin/klaviyo",
    "/admin/model",
    "/admin/consent",
    "/admin/import-problems",
)
WIDE, NARROW = 1280, 390
WIDER_THAN_ITS_PLACE = """body => {
  const page = body.ownerDocument.documentElement;
  const tables = [...body.querySelectorAll('s-table')].filter((table) => table.scrollWidth > table.clientWidth + 1);
  return [page.scrollWidth - page.clientWidth, tables.map((table) => table.textContent.trim().slice(0, 40))];
}"""


@dataclass
class Merchant:
    """The owner's browser at one width; `complaints` is what its console said."""

    page: Page
    store: str
    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.context.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.context.on("request", self._request)
        self.page.context.on("requestfinished", self._answered)
        self.page.context.on("requestfailed", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        self.addresses.append(request.url)
        self.under_way.add(request)

    def _answered(self, request: Request) -> None:
        self.under_way.discard(request)

    def leave(self) -> None:
        """Have the page ask nothing more, and return when all that it asked has been answered."""
        self.page.context.route("**/*", lambda route: route.abort())
        eventually(
            lambda: not self.under_way,
            "every request is answered",
            pause=lambda seconds: self.page.wait_for_timeout(1000 * seconds),
        )

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#app")

    def open(self, path: str = "/") -> FrameLocator:
        self.page.goto(f"{self.store}/admin/apps/attune{'' if path == '/' else path}")
        self.frame.locator("s-page").wait_for()
        return self.frame

    def heading(self, text: str) -> None:
        expect(self.frame.locator(f's-page[heading="{text}"]')).to_be_attached()

    def badge(self, block: str, text: str) -> None:
        expect(self.frame.locator(f'[data-block="{block}"] [data-state]')).to_have_text(text)

    def step(self, key: str, text: str) -> None:
        expect(self.frame.locator(f'[data-step="{key}"] [data-badge]')).to_have_text(text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@pytest.fixture(params=[WIDE, NARROW])
def width(request: pytest.FixtureRequest) -> int:
    wide: int = request.param
    return wide


@pytest.fixture
def merchant(browser: Browser, devstore: DevStore, running_app: RunningApp, width: int) -> Iterator[Merchant]:
    """Her page asks again and again, so it is closed before the app is."""
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    merchant = Merchant(context.new_page(), devstore.origin)
    yield merchant
    merchant.leave()
    context.close()
    devstore.flush()


def test_every_page_opens_without_a_complaint_and_without_scrolling_sideways(
    merchant: Merchant, running_app: RunningApp, trained: Shop
) -> None:
    for path in PAGES:
        body = merchant.open(path).locator("body")
        merchant.page.wait_for_timeout(300)
        assert body.evaluate(WIDER_THAN_ITS_PLACE) == [0, []], path
    assert merchant.complaints == []


@pytest.mark.parametrize("width", [WIDE])
def test_links_forms_and_the_way_back_stay_inside_the_app(
    merchant: Merchant, running_app: RunningApp, trained: Shop
) -> None:
    frame = merchant.open("/admin/preview")
    frame.locator("s-list-item s-link", has_text="Olive Wood Chopping Board").click()
    merchant.heading("Olive Wood Chopping Board")
    frame.locator("[slot=breadcrumb-actions]").click()
    merchant.heading("Preview")
    frame.locator("s-search-field input").fill("board")
    frame.locator("s-button[type=submit]").click()
    expect(frame.locator("s-list-item")).to_have_count(2)
    merchant.page.go_back()
    merchant.heading("Preview")
    assert merchant.complaints == []


@pytest.mark.parametrize("width", [WIDE])
def test_an_address_that_is_typed_travels_in_a_body_and_its_error_stands_at_the_field(
    merchant: Merchant, running_app: RunningApp, trained: Shop
) -> None:
    frame = merchant.open("/admin/shoppers")
    frame.locator("s-search-field input").fill("nobody@example.com")
    frame.locator("s-button[type=submit]").click()
    expect(frame.locator("s-search-field .error")).to_contain_text("Nobody was found")
    frame.locator("s-search-field input").fill("c" * 32)
    frame.locator("s-button[type=submit]").click()
    merchant.heading("Visitor cccccccc…")
    assert not [address for address in merchant.addresses if "nobody" in address]
    # The browser itself notes the answer 422.
    assert [said for said in merchant.complaints if "422" not in said] == []


@pytest.mark.parametrize("width", [WIDE])
def test_the_badges_follow_the_theme_while_the_merchant_edits_it(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    devstore.patch(
        "theme", templates={"product": [{"block": "bought-together", "settings": {}}]}, embeds={"tracker": False}
    )
    frame = merchant.open()
    merchant.badge("bought-together", "In your theme")
    merchant.badge("also-viewed", "Not added")
    merchant.badge("tracker", "Switched off")
    merchant.step("theme", "Partly")
    expect(frame.locator('[data-block="bought-together"] [data-editor]')).to_have_text("Change")
    adding = frame.locator('[data-block="also-viewed"] [data-editor]').get_attribute("href")
    editor = merchant.page.context.new_page()
    assert adding
    editor.goto(adding)
    merchant.badge("also-viewed", "In your theme")
    placed = [one["block"] for one in devstore.get("theme")["templates"]["product"]]
    assert placed == ["bought-together", "also-viewed"]
    changing = frame.locator('[data-block="also-viewed"] [data-editor]').get_attribute("href")
    assert changing == f"{devstore.origin}/admin/themes/current/editor?template=product"
    assert merchant.complaints == []


@pytest.mark.parametrize("width", [WIDE])
def test_coming_back_from_the_editor_asks_again_even_when_all_had_settled(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    frame = merchant.open()
    merchant.step("theme", "Done")
    devstore.patch("theme", embeds={"tracker": False})
    frame.locator("body").evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    merchant.badge("tracker", "Switched off")
    merchant.step("theme", "Partly")


LOOK_SLOWLY = """() => {
  const { app } = window.shopify;
  const ask = app.extensions.bind(app);
  app.extensions = async () => {
    const told = await ask();
    app.extensions = ask;
    await new Promise((release) => { window.release = release; });
    return told;
  };
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("width", [WIDE])
def test_coming_back_while_the_page_is_asking_is_not_lost(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    body = merchant.open().locator("body")
    merchant.step("theme", "Done")
    body.evaluate(LOOK_SLOWLY)
    body.evaluate(
        "() => new Promise((go) => { const wait = () => window.release ? go() : setTimeout(wait, 20); wait(); })"
    )
    devstore.patch("theme", embeds={"tracker": False})
    body.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); window.release(); }")
    merchant.badge("tracker", "Switched off")


@pytest.mark.parametrize("width", [WIDE])
def test_the_page_follows_from_the_installation_to_the_last_list(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, installed_shop: Shop, work: Work
) -> None:
    frame = merchant.open()
    merchant.step("import", "Under way")
    work()
    merchant.step("import", "Done")
    merchant.step("pixel", "Done")
    merchant.step("consent", "To do")
    frame.locator('[data-step="consent"] s-button').click()
    merchant.heading("Learning from your data")
    frame.locator("s-button[type=submit]", has_text="Allow Attune to learn").click()
    expect(frame.locator('s-banner[heading="You have allowed this"]')).to_be_visible()
    merchant.open()
    merchant.step("model", "Under way")
    work()
    merchant.step("lists", "Done")
    merchant.step("model", "Done")
    expect(frame.locator("#setup")).to_have_attribute("slot", "aside")
    assert merchant.complaints == []


@pytest.mark.parametrize("width", [WIDE])
def test_a_consent_form_of_an_old_text_says_so_above_its_button(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    frame = merchant.open("/admin/consent")
    frame.locator("input[name=text_version]").evaluate("field => { field.value = '1999-01'; }")
    frame.locator("s-button[type=submit]").click()
    expect(frame.locator("[data-problem]")).to_contain_text("The text has changed since the page was opened")
    assert running_app.wiring.consents.current(imported.id) is None


@pytest.mark.parametrize("width", [WIDE])
def test_when_shopify_does_not_say_what_stands_in_the_theme_the_page_says_so(
    merchant: Merchant, running_app: RunningApp, trained: Shop
) -> None:
    merchant.page.route("**/admin/_frame/extensions", lambda route: route.fulfill(json=[]))
    frame = merchant.open()
    merchant.badge("for-you", "Unknown")
    merchant.step("theme", "Unknown")
    expect(frame.locator("[data-unknown]")).to_be_visible()
    expect(frame.locator('[data-block="for-you"] [data-editor]')).to_have_text("Add")


@pytest.mark.parametrize("width", [WIDE])
def test_hostile_titles_do_not_execute_in_the_frame(
    merchant: Merchant, running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    title = '<img src=x onerror="window.hacked=1">"\'><script>window.hacked=1</script> Vase'
    made = devstore.post("products", title=title, price=100, quantity=5)
    devstore.flush()
    decide(running_app, devstore, decision="grant", text_version=CURRENT.version)
    work()
    for path in ("/admin/preview?q=vase", f"/admin/preview?product_id={made['id']}"):
        body = merchant.open(path).locator("body")
        expect(body).to_be_visible()
        assert body.evaluate("() => window.hacked ?? null") is None
    merchant.heading(title.replace('"', '\\"'))
    assert merchant.complaints == []
