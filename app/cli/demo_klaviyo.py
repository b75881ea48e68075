"""The demo's Klaviyo account: the twin beside the store, connected and switched on as the world's owner would.

Everything goes through the app's own pages; only the flows are set live in Klaviyo itself, where merchants do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from app import jobs
from app.adapters.shopify.scopes import OFFERS
from app.core.email.names import Trigger
from app.core.shops import Shop
from app.errors import Permanent
from app.wiring.worker import Worker

KEY: Final = "pk_" + "7" * 34
"""The private key of the twin's account; it opens nothing but this simulation."""
CONNECTION, MAILS = "/admin/klaviyo", "/admin/email"
SETTINGS: Final[Mapping[str, str]] = {
    "push": "on",
    "hold_out": "10",
    **{one.name: "on" for one in Trigger},
}
OFFER: Final[Mapping[str, str]] = {"is_on": "on", "amount": "10", "least_order": "40", "days": "14", "budget": "2,000"}


@dataclass(frozen=True, slots=True)
class KlaviyoOwner:
    """What the owner does about mails.

    `submit` sends a form of the app's, `wait` waits until something is so; `url` is the twin's, `store` the shop's.
    """

    shop: Shop
    wiring: Worker
    url: str
    store: str
    submit: Callable[[str, Mapping[str, str]], None]
    wait: Callable[[Callable[[], bool]], None]

    def connect(self) -> str:
        """Paste the key into the app's page; a worker tries it, and asks whose account it opens."""
        self.submit(f"{CONNECTION}/key", {"key": KEY})
        self.wait(self._answered)
        link = self.wiring.klaviyo_connections.of(self.shop.id)
        assert link is not None
        return f"account {link.account}, {link.name}"

    def switch_on(self) -> str:
        """Switch on everything that Attune sends, have the series made, and set them live in Klaviyo."""
        self.submit(f"{MAILS}/settings", SETTINGS)
        self._agree(OFFERS)
        self.submit(f"{MAILS}/offer", OFFER)
        self._look()
        made = [one for one in self.wiring.made_flows.flows(self.shop.id).values() if one.flow]
        for one in made:
            httpx.post(f"{self.url}/_dev/flows/{one.flow}", json={"status": "live"}, timeout=30).raise_for_status()
        self._look()
        return f"{len(made)} flows, live"

    def _look(self) -> None:
        """Have what is missing made, and the page told how the flows stand."""
        self.submit(f"{MAILS}/make", {})
        self.wait(lambda: not self.wiring.due_work.waits(self.shop.id, jobs.FLOWS_DUE))

    def _agree(self, scopes: Iterable[str]) -> None:
        """What the owner does in Shopify's dialog that asks for more access."""
        granted = httpx.get(f"{self.store}/_dev/state", timeout=30).raise_for_status().json()["scopes"]
        wanted = sorted({*granted, *scopes})
        httpx.post(f"{self.store}/_dev/scopes", json={"granted": wanted}, timeout=30).raise_for_status()

    def _answered(self) -> bool:
        asking = self.wiring.klaviyo_askings.of(self.shop.id)
        if asking is not None and asking.trouble:
            raise Permanent(f"the Klaviyo twin was not connected: {asking.trouble}")
        return self.wiring.klaviyo_connections.of(self.shop.id) is not None
