"""The inbox pages of the simulated Klaviyo, as somebody reads them in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FrameLocator, Locator, Page, ViewportSize

from tests.mail_in_the_browser.house import MailHouse

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SIDEWAYS = "node => node.ownerDocument.documentElement.scrollWidth - node.ownerDocument.documentElement.clientWidth"
BACKGROUND = "node => getComputedStyle(node).backgroundColor"


@dataclass(frozen=True, slots=True)
class Shown:
    """A product as a mail shows it; `url` is where its link leads in the end."""

    title: str
    price: str
    reason: str
    url: str

    @property
    def handle(self) -> str:
        return urlsplit(self.url).path.removeprefix("/products/")

    @property
    def request(self) -> str:
        """The decision that chose it, as its link says."""
        return parse_qs(urlsplit(self.url).query).get("attune_rid", [""])[0]


class Inbox:
    """Read in a page of somebody's browser, in light or dark."""

    def __init__(self, page: Page, house: MailHouse, *, scheme: str = "light") -> None:
        self._house, self._scheme, self.page = house, scheme, page

    def open(self, email: str, mail: str) -> None:
        """From the list of inboxes to the newest mail of the shopper that has this in its line."""
        profile = self._house.account.find({"email": email})
        assert profile is not None, email
        self.page.goto(f"{self._house.klaviyo}/inbox?scheme={self._scheme}")
        self.page.locator(f"a[href^='/inbox/{profile.id}']").click()
        self.page.locator("ul.rows a", has_text=mail).first.click()
        self.letter.locator("h1").wait_for()

    @property
    def letter(self) -> FrameLocator:
        """The mail itself."""
        return self.page.frame_locator("iframe[title='The mail']")

    @property
    def heading(self) -> str:
        return self.letter.locator("h1").inner_text()

    def products(self) -> list[Shown]:
        """The cards of the mail, in their order."""
        return [self._shown(card) for card in self.letter.locator("td.cell", has=self.letter.locator("a")).all()]

    def follow(self, link: Locator) -> None:
        """Click on a link of the mail, as a reader does; the store's page opens in its place."""
        link.click()
        self.page.wait_for_url(f"{self._house.url}/**")

    def sideways(self) -> tuple[int, int]:
        """By how much the page, and the mail in it, are wider than their places."""
        return int(self.page.locator("body").evaluate(SIDEWAYS)), int(self.letter.locator("body").evaluate(SIDEWAYS))

    def background(self) -> str:
        return str(self.letter.locator("td.inner").evaluate(BACKGROUND))

    def _shown(self, card: Locator) -> Shown:
        reasons = card.locator("> span.soft").all_inner_texts()
        address = str(card.locator("a").get_attribute("href"))
        leads = self.page.request.get(address, max_redirects=0).headers["location"]
        price = card.locator("> span.ink").inner_text()
        return Shown(card.locator("a").inner_text().strip(), price.strip(), " ".join(reasons).strip(), leads)
