"""How one devstore process is started: where it listens, which app is installed in it, and what that app declares.

`AppToml` is the part of shopify.app.toml that Shopify acts on after `app deploy`. The origin that the file states (the
production host) is replaced by the one the app really listens on, as `shopify app dev` does with its tunnel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

API_VERSION = "2026-10"
COMPLIANCE_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


class TomlError(ValueError):
    """shopify.app.toml lacks something that Shopify requires, or holds something that it refuses."""


@dataclass(frozen=True, slots=True)
class Subscription:
    topic: str
    url: str
    name: str | None = None
    include_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppProxy:
    url: str
    prefix: str
    subpath: str

    @property
    def path_prefix(self) -> str:
        """What the shop's own domain serves the proxy under, such as ``/apps/attune``."""
        return f"/{self.prefix}/{self.subpath}"


@dataclass(frozen=True, slots=True)
class MetafieldDefinition:
    """A declarative metafield of the app; its namespace is the app's own (``$app``)."""

    owner_type: str
    key: str
    type: str
    name: str
    storefront_access: bool


@dataclass(frozen=True, slots=True)
class AppToml:
    name: str
    handle: str
    client_id: str
    application_url: str
    embedded: bool
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]
    subscriptions: tuple[Subscription, ...]
    app_proxy: AppProxy | None
    metafields: tuple[MetafieldDefinition, ...]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    port: int
    app_url: str
    """The origin that the app really listens on, without a trailing slash."""
    app_toml: AppToml
    extensions: Path
    api_key: str
    api_secret: str
    shop_domain: str
    origin: str
    """The devstore's own origin; stands for the shop, admin.shopify.com and cdn.shopify.com."""
    webhook_retries_s: tuple[float, ...] = (0.2, 0.5, 1, 2, 4, 8, 16, 32)
    """Shopify's eight retries take four hours; here they are compressed in wall time."""
    level2: bool = True
    """Whether the app is approved for names, e-mails, phones and addresses (protected customer data, level 2)."""
    bulk_url_lifetime_s: float = 7 * 24 * 3600


def read_toml(text: str, app_url: str) -> AppToml:
    """Parse shopify.app.toml as `app deploy` would, with every URL moved to `app_url`."""
    raw = tomllib.loads(text)
    for key in ("client_id", "name", "application_url", "embedded"):
        if key not in raw:
            raise TomlError(f"shopify.app.toml: {key} is required")
    scopes = raw.get("access_scopes", {})
    if scopes.get("use_legacy_install_flow"):
        raise TomlError("shopify.app.toml: use_legacy_install_flow is refused, apps are installed by Shopify")
    return AppToml(
        name=raw["name"],
        handle=raw.get("handle") or raw["name"].lower().replace(" ", "-"),
        client_id=raw["client_id"],
        application_url=_moved(raw["application_url"], app_url),
        embedded=bool(raw["embedded"]),
        scopes=_split(scopes.get("scopes", "")),
        optional_scopes=tuple(scopes.get("optional_scopes", ())),
        subscriptions=tuple(_subscriptions(raw.get("webhooks", {}), app_url)),
        app_proxy=_proxy(raw.get("app_proxy"), app_url),
        metafields=tuple(_definitions(raw)),
        raw=raw,
    )


def _split(scopes: str) -> tuple[str, ...]:
    return tuple(scope.strip() for scope in scopes.split(",") if scope.strip())


def _moved(url: str, app_url: str) -> str:
    """`url` with its origin replaced; a relative one is joined, as Shopify joins it to application_url."""
    if not urlsplit(url).netloc:
        return urljoin(app_url + "/", url)
    origin = urlsplit(app_url)
    _, _, path, query, fragment = urlsplit(url)
    return urlunsplit((origin.scheme, origin.netloc, path, query, fragment))


def _subscriptions(webhooks: dict[str, Any], app_url: str) -> Iterator[Subscription]:
    if webhooks and webhooks.get("api_version") != API_VERSION:
        raise TomlError(f"shopify.app.toml: webhooks.api_version must be {API_VERSION} here")
    seen: set[tuple[str, str, str]] = set()
    for entry in webhooks.get("subscriptions", ()):
        compliance = entry.get("compliance_topics", ())
        if wrong := set(compliance) - set(COMPLIANCE_TOPICS):
            raise TomlError(f"shopify.app.toml: not compliance topics: {sorted(wrong)}")
        for topic in (*entry.get("topics", ()), *compliance):
            key = (topic, entry["uri"], entry.get("filter", ""))
            if key in seen:
                raise TomlError(f"shopify.app.toml: {topic} is subscribed twice at {entry['uri']}")
            seen.add(key)
            include = _include_fields(entry)
            yield Subscription(topic, _moved(entry["uri"], app_url), entry.get("name"), include)


def _include_fields(entry: dict[str, Any]) -> tuple[str, ...]:
    """The top-level fields to send; what the devstore would silently do otherwise than Shopify is refused."""
    for key in ("filter", "metafield_namespaces", "metafields"):
        if entry.get(key):
            raise TomlError(f"shopify.app.toml: the devstore does not simulate {key} of a webhook subscription")
    include = tuple(entry.get("include_fields", ()))
    if any("." in name for name in include):
        raise TomlError("shopify.app.toml: the devstore simulates include_fields of the top level only")
    return include


def _proxy(table: dict[str, str] | None, app_url: str) -> AppProxy | None:
    if table is None:
        return None
    if table.get("prefix") not in ("apps", "a", "community", "tools"):
        raise TomlError("shopify.app.toml: app_proxy.prefix must be apps, a, community or tools")
    return AppProxy(_moved(table["url"], app_url), table["prefix"], table["subpath"])


def _definitions(raw: dict[str, Any]) -> Iterator[MetafieldDefinition]:
    """``[product.metafields.app.recs]`` and the like: owner, then metafields, then the namespace ``app``, then key."""
    for owner, table in raw.items():
        if not isinstance(table, dict) or not isinstance(table.get("metafields"), dict):
            continue
        for key, entry in table["metafields"].get("app", {}).items():
            access = entry.get("access", {}).get("storefront", "none")
            yield MetafieldDefinition(
                owner.upper(), key, entry["type"], entry.get("name", key), access == "public_read"
            )
