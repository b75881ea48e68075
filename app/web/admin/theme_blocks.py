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

    def editor(self, admin: str, client_id: str) -> str:
        """The theme editor with this block about to be added, or the embed switched on.

        https://shopify.dev/docs/apps/build/online-store/theme-app-extensions/configuration

        Args:
            admin: the origin under which the shop's own admin stands.
        """
        if self.is_embed:
            query = {"context": "apps", "template": self.template, "activateAppId": f"{client_id}/{self.handle}"}
        else:
            query = {
                "template": self.template,
                "addAppBlockId": f"{client_id}/{self.handle}",
                "target": "newAppsSection",
            }
        return f"{admin}/admin/themes/current/editor?{urlencode(query, safe='/')}"


BLOCKS = (
    ThemeBlock("tracker", "Visitor events and cart drawer", "every page, once a visitor consents", "index", True),
    ThemeBlock("for-you", "For you", "home page", "index"),
    ThemeBlock("bought-together", "Often bought together", "product page", "product"),
    ThemeBlock("also-viewed", "Also viewed", "product page", "product"),
    ThemeBlock("complete-the-look", "Complete the look", "product page", "product"),
    ThemeBlock("cart-goes-well", "Goes well with your cart", "cart page", "cart"),
)


def admin_origin(domain: ShopDomain, test_origin: str | None) -> str:
    """Where the shop's admin answers to theme editor links."""
    return test_origin or f"https://{domain}"
