"""Install the app in a shop: Shopify has done so already, we follow.

The first page that the merchant opens carries an ID token, which is exchanged for an access token; `finish_install`,
a job, does the rest. Both may be repeated: what is still to be done stands in the database until it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from app import jobs
from app.core.ids import ShopDomain, ShopId
from app.core.shops import Shop, ShopState
from app.errors import Permanent
from app.ports import AdminApi, AdminApis, Clock, Credentials, DueWork, Installations, Jobs, Shops, TokenIssuer
from app.services.connect_pixel import ask_for_pixel

CONFIG_NAMESPACE: Final = "attune"
CONFIG_KEY: Final = "config"
PROXY_PATH: Final = "/apps/attune"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What `install_shop` needs."""

    shops: Shops
    credentials: Credentials
    issuer: TokenIssuer
    installations: Installations
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class SetUp:
    """What `finish_install` needs."""

    shops: Shops
    apis: AdminApis
    installations: Installations
    due: DueWork
    jobs: Jobs
    app_url: str


def install_shop(domain: ShopDomain, id_token: str, ports: Arrival) -> Shop:
    """The installed shop of a verified ID token; exchanges the token if this is the first visit, or after a re-install.

    Raises:
        Permanent: Shopify refuses the token.
        Retryable: Shopify does not answer.
    """
    shop = ports.shops.by_domain(domain)
    if shop is not None and shop.state is ShopState.INSTALLED and ports.credentials.load(shop.id) is not None:
        return shop
    pair = ports.issuer.exchange(domain, id_token)
    shop = ports.installations.install(domain, pair, at=ports.clock.now())
    ports.jobs.enqueue(jobs.FINISH_INSTALL, shop.id)
    return shop


def finish_install(shop_id: ShopId, ports: SetUp) -> None:
    """Ask who the shop is, leave our address with the theme, have the pixel connected and the store's data imported.

    Raises:
        Permanent: there is no usable token, or Shopify does not take the metafield.
    """
    shop = ports.shops.by_id(shop_id)
    if shop is None or shop.state is not ShopState.INSTALLED:
        ports.due.done(shop_id, "install")
        return
    try:
        _set_up(shop, ports)
    except Permanent:
        ports.due.put_off(shop.id, "install", after_s=jobs.PUT_OFF_S)
        raise
    # These are noted before the set-up is done with: a kill in between repeats the set-up, and loses nothing.
    ports.due.put(shop.id, "sync")
    ask_for_pixel(shop.id, ports.due, ports.jobs)
    ports.due.done(shop.id, "install")
    ports.jobs.enqueue(jobs.SYNC_STORE, shop.id)


def _set_up(shop: Shop, ports: SetUp) -> None:
    api = ports.apis.of(shop)
    answer = api.run("shop")
    told = answer["shop"]
    ports.installations.describe(
        shop.id, name=told["name"], currency=told["currencyCode"], timezone=told["ianaTimezone"]
    )
    _leave_config(api, answer["currentAppInstallation"]["id"], shop, ports)


def _leave_config(api: AdminApi, installation: str, shop: Shop, ports: SetUp) -> None:
    """Where our theme element sends events and asks; Liquid reads it as ``app.metafields.attune.config``."""
    profile = ports.installations.profile(shop.id)
    assert profile is not None
    config = {"collect": f"{ports.app_url}/collect", "key": profile.collect_key, "proxy": PROXY_PATH}
    metafield = {
        "ownerId": installation,
        "namespace": CONFIG_NAMESPACE,
        "key": CONFIG_KEY,
        "type": "json",
        "value": orjson.dumps(config).decode(),
    }
    errors = api.run("set_metafields", {"metafields": [metafield]})["metafieldsSet"]["userErrors"]
    if errors:
        raise Permanent("; ".join(str(error["message"]) for error in errors))
