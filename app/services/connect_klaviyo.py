"""Connect a Klaviyo account: by OAuth with PKCE (RFC 7636), or with a private key that the merchant pastes.

The web process only notes what the merchant did and what Klaviyo sent; a job exchanges the code, asks whose account it
is, and puts the connection in place of an earlier one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from app import jobs
from app.core.email.scopes import NEEDED
from app.core.errors import DomainError
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import KlaviyoRefused, Permanent
from app.ports import Clock, DueWork, Jobs, Shops
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import Asking, KlaviyoAskings, KlaviyoGate, KlaviyoLinks, KlaviyoSecret

AUTHORIZE: Final = "https://www.klaviyo.com/oauth/authorize"
CALLBACK: Final = "/klaviyo/callback"
PATIENCE: Final = timedelta(minutes=15)
"""How long the merchant may take at Klaviyo."""
KEY_PATIENCE: Final = timedelta(days=1)
_KEY: Final = re.compile(r"pk_\w{6,100}", re.ASCII)
_STATE: Final = re.compile(r"(\d{1,19})\.[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ports:
    """What the web process needs; `client_id` is empty where this installation has no OAuth app."""

    askings: KlaviyoAskings
    due: DueWork
    jobs: Jobs
    clock: Clock
    client_id: str
    app_url: str
    test_origin: str | None


@dataclass(frozen=True, slots=True)
class WorkPorts:
    """What the job needs."""

    shops: Shops
    askings: KlaviyoAskings
    links: KlaviyoLinks
    gate: KlaviyoGate
    due: DueWork
    clock: Clock


def begin(shop: Shop, *, by: str, ports: Ports) -> str:
    """Note that the merchant goes to Klaviyo now; gives OAuth's state, which names the shop when they come back.

    Raises:
        DomainError: this installation has no OAuth app at Klaviyo.
    """
    if not ports.client_id:
        raise DomainError("this Attune has no OAuth app at Klaviyo; connect with a private key")
    state = f"{shop.id}.{secrets.token_urlsafe(32)}"
    asking = Asking(
        LinkKind.OAUTH, by, ports.clock.now() + PATIENCE, verifier=_verifier(state, secrets.token_bytes(32))
    )
    ports.askings.put(shop.id, asking, state=state)
    return state


def waiting_for(state: str, ports: Ports) -> ShopId | None:
    """The shop whose connection was begun under this state; None where it is unknown, used or too old."""
    shop = shop_of(state)
    return shop if shop is not None and _begun(shop, state, ports) is not None else None


def set_out(state: str, browser: str, ports: Ports) -> str | None:
    """Klaviyo's page, for the one browser that may come back under this state; None where it is not good, or another's.

    Args:
        browser: a secret that only this browser holds.
    """
    shop = shop_of(state)
    if shop is None or not ports.askings.claimed(shop, state, _browser(browser), now=ports.clock.now()):
        return None
    asking = _begun(shop, state, ports)
    return _page(asking, state, ports) if asking is not None else None


def _begun(shop: ShopId, state: str, ports: Ports) -> Asking | None:
    asking = ports.askings.of(shop)
    # The verifier carries the state's digest, so that an old state does not open a newer attempt.
    if asking is None or not _is_verifier_of(state, asking.verifier) or asking.code or _over(asking, ports.clock.now()):
        return None
    return asking


def _page(asking: Asking, state: str, ports: Ports) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asking.verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": ports.client_id,
        "redirect_uri": f"{ports.app_url}{CALLBACK}",
        "scope": " ".join(NEEDED),
        "state": state,
        "code_challenge_method": "S256",
        "code_challenge": challenge,
    }
    page = f"{ports.test_origin}/oauth/authorize" if ports.test_origin else AUTHORIZE
    return f"{page}?{urlencode(query)}"


def came_back(state: str, code: str, browser: str, ports: Ports) -> ShopId | None:
    """Take the code that Klaviyo sent with the merchant, and have it exchanged.

    None for a state that is not good, or in another browser than the one that set out.
    """
    shop = shop_of(state)
    if shop is None or not 0 < len(code) <= 2000:
        return None
    if not ports.askings.answered(shop, state, code, _browser(browser), now=ports.clock.now()):
        return None
    _have_done(shop, ports)
    return shop


def refused(state: str, browser: str, ports: Ports) -> ShopId | None:
    """The merchant did not agree at Klaviyo; nothing changes but that the attempt is over."""
    shop = shop_of(state)
    asking = _begun(shop, state, ports) if shop is not None else None
    if shop is None or asking is None or not hmac.compare_digest(asking.browser, _browser(browser)):
        return None
    ports.askings.failed(shop, "You did not give Attune access in Klaviyo. Nothing was changed.")
    return shop


def offer_key(shop: Shop, key: str, *, by: str, ports: Ports) -> None:
    """Take a private key, and have a job try it.

    Raises:
        DomainError: that is no private key.
    """
    trimmed = key.strip()
    if not _KEY.fullmatch(trimmed):
        raise DomainError("a private key begins with pk_; you find it in Klaviyo under Settings, API keys")
    asking = Asking(LinkKind.KEY, by, ports.clock.now() + KEY_PATIENCE, key=trimmed)
    ports.askings.put(shop.id, asking)
    _have_done(shop.id, ports)


def connect(shop_id: ShopId, ports: WorkPorts) -> bool:
    """Finish what the merchant has begun; returns whether an account is connected now that was not before.

    Raises:
        Retryable: Klaviyo does not answer; the work stays due.
    """
    shop, asking = ports.shops.by_id(shop_id), ports.askings.of(shop_id)
    if shop is None or shop.state is not ShopState.INSTALLED or asking is None or not asking.is_given:
        ports.due.done(shop_id, jobs.KLAVIYO_DUE)
        return False
    try:
        _connect(shop, asking, ports)
    except Permanent as error:
        ports.askings.failed(shop_id, _in_words(asking, error))
        ports.due.done(shop_id, jobs.KLAVIYO_DUE)
        return False
    ports.askings.drop(shop_id)
    ports.due.done(shop_id, jobs.KLAVIYO_DUE)
    return True


def shop_of(state: str) -> ShopId | None:
    """Which shop a state speaks of; whether it is good, only the database knows."""
    found = _STATE.fullmatch(state)
    return ShopId(int(found[1])) if found and int(found[1]) < 2**63 else None


def _connect(shop: Shop, asking: Asking, ports: WorkPorts) -> None:
    before = ports.links.any_secret(shop.id)
    if asking.kind is LinkKind.KEY:
        secret = KlaviyoSecret(LinkKind.KEY, asking.key)
        facts = ports.gate.look(secret)
        scopes = ports.gate.may(secret)
    else:
        secret, scopes = _tokens(shop, asking, ports)
        facts = ports.gate.look(secret)
    ports.links.put(shop.id, secret, facts, scopes, at=ports.clock.now(), by=asking.by)
    if before is not None and asking.kind is LinkKind.KEY:
        # Two doors to one account would count every metric twice.
        _close_quietly(before.secret, ports)


def _tokens(shop: Shop, asking: Asking, ports: WorkPorts) -> tuple[KlaviyoSecret, frozenset[str]]:
    """The pair for the code. A code is good only once, so the pair is kept before anything else is asked."""
    if asking.secret is not None:
        return asking.secret, asking.scopes
    secret, scopes = ports.gate.exchange(asking.code, asking.verifier)
    ports.askings.put(shop.id, replace(asking, code="", secret=secret, scopes=scopes))
    return secret, scopes


def _close_quietly(secret: KlaviyoSecret, ports: WorkPorts) -> None:
    try:
        ports.gate.revoke(secret)
    except Permanent:
        return  # It was dead already.


def _in_words(asking: Asking, error: Permanent) -> str:
    """What the merchant reads when nothing came of it."""
    status = error.status if isinstance(error, KlaviyoRefused) else 0
    if asking.kind is LinkKind.KEY and status == 401:
        return "Klaviyo does not know this key. Copy it once more; Klaviyo shows a private key only when it is made."
    if asking.kind is LinkKind.KEY and status == 403:
        return "The key may not read the account. Make one with full access in Klaviyo, under Settings, API keys."
    if asking.kind is LinkKind.OAUTH and isinstance(error, KlaviyoRefused) and error.code == "invalid_grant":
        return "The way back from Klaviyo took too long. Begin once more."
    return f"Klaviyo did not accept the connection: {error}"


def _have_done(shop: ShopId, ports: Ports) -> None:
    ports.due.put(shop, jobs.KLAVIYO_DUE)
    ports.jobs.enqueue(jobs.CONNECT_KLAVIYO, shop)


def _over(asking: Asking, now: datetime) -> bool:
    return bool(asking.trouble) or asking.until <= now


def _verifier(state: str, salt: bytes) -> str:
    """A secret of 43 characters and more from the unreserved set, ending in the mark of its state."""
    return f"{base64.urlsafe_b64encode(salt).decode().rstrip('=')}.{_mark(state)}"


def _browser(secret: str) -> str:
    """What is kept of a browser's secret."""
    return hashlib.sha256(f"browser {secret}".encode()).hexdigest() if secret else "none"


def _is_verifier_of(state: str, verifier: str) -> bool:
    return bool(verifier) and hmac.compare_digest(verifier.rpartition(".")[2], _mark(state))


def _mark(state: str) -> str:
    return hashlib.sha256(f"mark {state}".encode()).hexdigest()[:16]
