"""What the doctor says about a shop's Klaviyo account."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.email.scopes import NOT_WITH_A_KEY, missing
from app.core.findings import Finding, failed, passed, warned
from app.core.shops import Shop
from app.ports.klaviyo import LinkKind
from app.wiring.worker import Worker

SUBJECT = "Klaviyo"


def klaviyo(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    """One line on the connection, and one for each kind of work that does not go through.

    None for a shop that has never connected an account.
    """
    asking = wiring.klaviyo_askings.of(shop.id)
    link = wiring.klaviyo_connections.of(shop.id)
    if link is None:
        if asking is not None and asking.trouble:
            yield warned(SUBJECT, f"not connected: {asking.trouble}", "the merchant begins anew on the Klaviyo page")
        return
    if not link.works:
        yield failed(SUBJECT, link.trouble, "the merchant connects again on the Klaviyo page; what is due is kept")
        return
    known = NOT_WITH_A_KEY if link.kind is LinkKind.KEY else frozenset[str]()
    lacking = [scope for scope, _ in missing(link.scopes) if scope not in known]
    how = "by a private key" if link.kind is LinkKind.KEY else "by OAuth"
    if lacking:
        detail = f"account {link.account} {how}, without {', '.join(lacking)}"
        yield warned(SUBJECT, detail, "the merchant connects again and grants all, or pastes a key with full access")
    else:
        yield passed(SUBJECT, f"account {link.account} {how}")
    for one in wiring.klaviyo_troubles.of(shop.id):
        remedy = "it is tried again by itself" if one.again else "the Klaviyo page says what to do; what waits is kept"
        yield warned(SUBJECT, f"{one.work}, since {one.since:%Y-%m-%d %H:%M} UTC: {one.said}", remedy)
