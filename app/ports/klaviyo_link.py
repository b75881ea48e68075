"""How a shop comes to its Klaviyo account: what the merchant has begun, the secrets, and Klaviyo's token endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from app.ports.klaviyo import KlaviyoConnections, LinkKind

if TYPE_CHECKING:
    from app.core.ids import ShopId
    from app.core.shops import Shop


@dataclass(frozen=True, slots=True)
class KlaviyoSecret:
    """What opens an account: a private key, or a pair of tokens, which is only ever replaced as a whole."""

    kind: LinkKind
    access: str
    """The key or the access token."""
    refresh: str = ""
    access_until: datetime | None = None
    """None for a key, which does not run out."""

    def __repr__(self) -> str:
        return f"KlaviyoSecret({self.kind})"


@dataclass(frozen=True, slots=True)
class StoredSecret:
    secret: KlaviyoSecret
    generation: int
    account: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Who the account is; `account` is Klaviyo's public id."""

    account: str
    name: str
    sender_name: str
    sender_email: str
    currency: str
    timezone: str


class KlaviyoLinks(KlaviyoConnections, Protocol):
    """Connections with the secrets behind them."""

    def put(
        self, shop: ShopId, secret: KlaviyoSecret, facts: AccountFacts, scopes: frozenset[str], *, at: datetime, by: str
    ) -> None:
        """Connect the shop, in place of what was connected before; of another account, what was there is forgotten."""

    def secret(self, shop: ShopId) -> StoredSecret | None:
        """None where nothing is connected, or the connection is broken."""

    def any_secret(self, shop: ShopId) -> StoredSecret | None:
        """Also of a broken connection, which can still be revoked."""

    def rotate(self, shop: ShopId, secret: KlaviyoSecret, *, generation: int) -> bool:
        """Replace the pair of this generation; False when another has taken its place."""

    def broken(self, shop: ShopId, trouble: str, *, at: datetime, generation: int | None = None) -> None:
        """As the port says; with a generation, only while that one is the current one."""

    def drop(self, shop: ShopId, *, generation: int | None = None) -> bool:
        """Forget the connection, and what was known of how things stand in the account; whether there was one.

        With a generation, only while that one is the current one.
        """


@dataclass(frozen=True, slots=True)
class Asking:
    """A connection that the merchant has begun; `kind` says by what.

    `verifier`, `code` and `browser` are OAuth's, `key` is the pasted one; `trouble` says why it came to nothing.
    """

    kind: LinkKind
    by: str
    until: datetime
    verifier: str = ""
    code: str = ""
    key: str = ""
    trouble: str = ""
    secret: KlaviyoSecret | None = None
    """What the code was exchanged for, until it is known whose account it opens: a code is good only once."""
    scopes: frozenset[str] = frozenset()
    browser: str = ""
    """The digest of what only the browser that went to Klaviyo holds; empty until one has gone."""

    @property
    def is_given(self) -> bool:
        """Whether the merchant's part is done, and a worker's is not."""
        return bool(self.code or self.key or self.secret) and not self.trouble

    def __repr__(self) -> str:
        return f"Asking({self.kind}, given={self.is_given})"


class KlaviyoAskings(Protocol):
    """At most one per shop: who begins anew forgets what was begun."""

    def put(self, shop: ShopId, asking: Asking, *, state: str = "") -> None:
        """`state` is OAuth's, by which `answered` knows who comes back."""

    def of(self, shop: ShopId) -> Asking | None: ...

    def claimed(self, shop: ShopId, state: str, browser: str, *, now: datetime) -> bool:
        """Tie a state to the browser that sets out; False where it is unknown, used, too old, or another's already."""

    def answered(self, shop: ShopId, state: str, code: str, browser: str, *, now: datetime) -> bool:
        """Note the code that Klaviyo sent; False for a state that is unknown, used, too old or another browser's."""

    def failed(self, shop: ShopId, trouble: str) -> None:
        """Keep only why; secrets go."""

    def drop(self, shop: ShopId) -> None: ...


class KlaviyoGate(Protocol):
    """Klaviyo's token endpoint, and the questions that a new connection is asked."""

    def exchange(self, code: str, verifier: str) -> tuple[KlaviyoSecret, frozenset[str]]:
        """The first pair of tokens, with the scopes that were granted.

        Raises:
            KlaviyoRefused: the code is not, or no longer, good.
        """

    def revoke(self, secret: KlaviyoSecret) -> None:
        """End an OAuth installation; a private key can be taken back only by its owner."""

    def refresh(self, secret: KlaviyoSecret) -> KlaviyoSecret:
        """The next pair of tokens; the one before may be dead with it.

        Raises:
            KlaviyoRefused: the refresh token is dead.
        """

    def unhook(self, secret: KlaviyoSecret, webhook: str) -> None:
        """Delete a webhook; one that is not there any more is deleted.

        Raises:
            KlaviyoRefused: the secret may not, or opens nothing.
        """

    def look(self, secret: KlaviyoSecret) -> AccountFacts:
        """Whose account the secret opens.

        Raises:
            KlaviyoRefused: the secret opens nothing, or may not read the account.
        """

    def may(self, secret: KlaviyoSecret) -> frozenset[str]:
        """Which of the needed scopes a private key has, found by asking what can be asked without a change."""


class KlaviyoTokens(Protocol):
    """Tokens of all shops, refreshed by one worker at a time."""

    def usable(self, shop: Shop) -> StoredSecret:
        """With at least a minute to live, refreshed first if need be.

        Raises:
            KlaviyoDisconnected: nothing is connected, or what was is dead.
        """

    def rotated(self, shop: Shop, *, seen: int) -> StoredSecret:
        """Newer than generation `seen`."""
