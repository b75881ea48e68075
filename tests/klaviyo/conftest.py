"""A shop that is connected to the twin, without a store around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import redis

from app.adapters.db.claims import DbClaims
from app.adapters.db.engine import Database
from app.adapters.db.klaviyo_connections import DbKlaviyoConnections
from app.adapters.klaviyo.api import KlaviyoSdkApi
from app.adapters.klaviyo.apis import KlaviyoSdkApis
from app.adapters.klaviyo.oauth import OAuthClient
from app.adapters.klaviyo.tokens import Tokens
from app.config import Settings
from app.core.email.scopes import NEEDED
from app.core.shops import Shop
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import KlaviyoSecret
from tests.klaviyo_fixture import Twin, at_twin

CALLBACK = "http://127.0.0.1:1/klaviyo/callback"
TIMEOUT_S = (1.0, 1.0)


@dataclass(frozen=True)
class Linked:
    """A connected shop: its API, and what stands behind it."""

    shop: Shop
    links: DbKlaviyoConnections
    gate: OAuthClient
    tokens: Tokens
    apis: KlaviyoSdkApis

    @property
    def api(self) -> KlaviyoSdkApi:
        return self.apis.of(self.shop)

    def by_key(self, key: str) -> None:
        secret = KlaviyoSecret(LinkKind.KEY, key)
        self.links.put(self.shop.id, secret, self.gate.look(secret), frozenset(NEEDED), at=_now(), by="a test")

    def by_oauth(self, twin: Twin, *, left: timedelta = timedelta(hours=1)) -> None:
        """Through the twin's token endpoint; `left` is what we believe the access token has to live."""
        import base64
        import hashlib

        from devstore.klaviyo.credentials import CLIENT_ID

        verifier = "v" * 64
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        code = twin.account.credentials.allow(CLIENT_ID, CALLBACK, challenge, NEEDED)
        secret, scopes = self.gate.exchange(code, verifier)
        believed = KlaviyoSecret(LinkKind.OAUTH, secret.access, secret.refresh, _now() + left)
        self.links.put(self.shop.id, believed, self.gate.look(secret), scopes, at=_now(), by="a test")


@pytest.fixture
def linked(twin: Twin, database: Database, settings: Settings, shop: Shop) -> Iterator[Linked]:
    """Connected with the twin's private key; quotas begin empty."""
    from app.adapters.crypto import Sealer

    told = at_twin(settings, twin)
    links = DbKlaviyoConnections(database, Sealer(settings.encryption_keys))
    gate = OAuthClient(
        client_id=told.klaviyo_client_id,
        client_secret=told.klaviyo_client_secret,
        redirect_uri=CALLBACK,
        test_origin=twin.origin,
    )
    tokens = Tokens(gate, links, DbClaims(database))
    assert settings.redis_url is not None
    connection = redis.Redis.from_url(settings.redis_url)
    connection.flushdb()
    made = Linked(
        shop, links, gate, tokens, KlaviyoSdkApis(tokens, connection, origin=twin.origin, timeout_s=TIMEOUT_S)
    )
    made.by_key(twin.key)
    yield made
    gate.close()
    connection.close()


def _now() -> datetime:
    return datetime.now(UTC)
