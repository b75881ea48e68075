"""OAuth tokens of all shops: refreshed in time by one worker at a time, dead ones noted in plain words.

Access tokens live an hour, refresh tokens until 90 days after their last use; a refresh may give a new refresh token,
so a pair is only ever replaced as a whole. https://developers.klaviyo.com/en/docs/set_up_oauth
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from app.core.shops import Shop
from app.errors import KlaviyoDisconnected, KlaviyoRefused, KlaviyoTrouble
from app.ports import Claims
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import KlaviyoLinks, KlaviyoSecret, StoredSecret

BUFFER: Final = timedelta(seconds=60)
CLAIM: Final = "refresh-klaviyo"
CLAIM_S: Final = 60.0
WAIT_S: Final = 45.0
POLL_S: Final = 0.1
DEAD: Final = frozenset({"invalid_grant"})
"""Reasons that speak of the token; a wrong client secret of ours must not cost every shop its connection."""

NOT_CONNECTED: Final = "no Klaviyo account is connected"
DEAD_ACCESS: Final = (
    "Klaviyo no longer accepts Attune’s access: it was removed in Klaviyo, or was not used for 90 days. "
    "Nothing is lost; connect again and it goes on where it stopped."
)
DEAD_KEY: Final = (
    "Klaviyo no longer accepts the private key: it was deleted or replaced in Klaviyo. "
    "Nothing is lost; paste a new key and it goes on where it stopped."
)


class Refresher(Protocol):
    def refresh(self, secret: KlaviyoSecret) -> KlaviyoSecret: ...


class Tokens:
    """Implements `app.ports.klaviyo_link.KlaviyoTokens`. Tokens live in wall time, whatever the store's clock says.

    Args:
        leaving: for the last work of connections that are being left, which are open to nobody else any more; one that
            works is not touched.
    """

    def __init__(
        self,
        client: Refresher,
        links: KlaviyoLinks,
        claims: Claims,
        *,
        leaving: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._links = links
        self._claims = claims
        self._leaving = leaving
        self._now = now

    def usable(self, shop: Shop) -> StoredSecret:
        """As the port says.

        Raises:
            KlaviyoDisconnected: nothing is connected, or what was is dead.
            KlaviyoTrouble: Klaviyo's token endpoint does not answer.
        """
        stored = self._stored(shop)
        until = stored.secret.access_until
        if until is None or until - self._now() > BUFFER:
            return stored
        return self.rotated(shop, seen=stored.generation)

    def rotated(self, shop: Shop, *, seen: int) -> StoredSecret:
        """As the port says: refreshed by this worker, or by another while this one waited."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with self._claims.hold(shop.id, CLAIM, seconds=CLAIM_S) as mine:
                stored = self._stored(shop)
                if stored.generation != seen:
                    return stored
                if mine:
                    return self._refresh(shop, stored)
            time.sleep(POLL_S)
        message = "another worker is still refreshing Klaviyo’s token"
        raise KlaviyoTrouble(message, plain="Klaviyo took long to renew Attune’s access.")

    def refused(self, shop: Shop, stored: StoredSecret) -> KlaviyoDisconnected:
        """Klaviyo took neither this secret nor a fresh one: note it, and give what is to be raised."""
        trouble = DEAD_KEY if stored.secret.kind is LinkKind.KEY else DEAD_ACCESS
        if not self._leaving:
            self._links.broken(shop.id, trouble, at=self._now(), generation=stored.generation)
        return KlaviyoDisconnected(trouble)

    def _refresh(self, shop: Shop, stored: StoredSecret) -> StoredSecret:
        try:
            fresh = self._client.refresh(stored.secret)
        except KlaviyoRefused as error:
            if error.code in DEAD:
                raise self.refused(shop, stored) from error
            raise
        if not self._links.rotate(shop.id, fresh, generation=stored.generation):
            # The merchant has connected anew meanwhile; that secret is newer than ours.
            return self.usable(shop)
        return StoredSecret(fresh, stored.generation + 1, stored.account)

    def _stored(self, shop: Shop) -> StoredSecret:
        stored = self._left(shop) if self._leaving else self._links.secret(shop.id)
        if stored is None:
            connection = self._links.of(shop.id)
            raise KlaviyoDisconnected(connection.trouble if connection else NOT_CONNECTED)
        return stored

    def _left(self, shop: Shop) -> StoredSecret | None:
        connection = self._links.of(shop.id)
        return None if connection is None or connection.works else self._links.any_secret(shop.id)
