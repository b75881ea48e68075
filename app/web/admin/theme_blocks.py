"""The blocks of our theme extension as the first page lists them, each with the link that puts it into the theme.

Which of them stand in the theme only Shopify knows: the page asks App Bridge (`shopify.app.extensions()`), which needs
no scope, and fills in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from app.core.ids import ShopDomain


@dataclass(frozen=True, slots=True)
class ThemeBlock:
    """`handle` is the file's name in the extension; `template` the theme's template that it is made for."""

    handle: str
    title: str
    where: str
    template: str
    is_embed: bool = False

    def adding(self, admin: str, client_id: str) -> str:
        """The theme editor with this block about to be added, or the embed switched on.

        https://shopify.dev/docs/apps/build/online-store/theme-app-extensions/configuration

        Args:
            admin: the origin under which the shop's own admin stands.
        """
        block = f"{client_id}/{self.handle}"
        if self.is_embed:
            return _editor(admin, context="apps", template=self.template, activateAppId=block)
        return _editor(admin, template=self.template, addAppBlockId=block, target="newAppsSection")

    def changing(self, admin: str) -> str:
        """The theme editor where the block stands already; the link for adding would put a second one there."""
        if self.is_embed:
            return _editor(admin, context="apps", template=self.template)
        return _editor(admin, template=self.template)


BLOCKS = (
    ThemeBlock("tracker", "Visitor events and cart drawer", "Every page, once a visitor consents", "index", True),
    ThemeBlock("for-you", "For you", "Home page", "index"),
    ThemeBlock("buy-again", "Buy again", "Home page, for customers who are signed in", "index"),
    ThemeBlock("bought-together", "Often bought together", "Product page", "product"),
    ThemeBlock("also-viewed", "Also viewed", "Product page", "product"),
    ThemeBlock("complete-the-look", "Complete the look", "Product page", "product"),
    ThemeBlock("preferences", "Your preferences", "A page of its own, linked from the footer", "page"),
    ThemeBlock("cart-goes-well", "Goes well with your cart", "Cart page", "cart"),
)


def admin_origin(domain: ShopDomain, test_origin: str | None) -> str:
    """Where the shop's admin answers to theme editor links."""
    return test_origin or f"https://{domain}"


def _editor(admin: str, **query: str) -> str:
    return f"{admin}/admin/themes/current/editor?{urlencode(query, safe='/')}"
