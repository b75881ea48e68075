"""shopify.app.toml and package-lock.json as their readers need them. Scopes are held to the documents elsewhere."""

from __future__ import annotations

import json
import tomllib

from devstore.options import AppToml, read_toml
from tests.extensions.node import ROOT


def app_toml() -> AppToml:
    return read_toml((ROOT / "shopify.app.toml").read_text(), "http://127.0.0.1:8000")


def test_every_webhook_comes_to_one_of_two_doors() -> None:
    doors = {(subscription.url, "redact" in subscription.topic or "data_request" in subscription.topic)
             for subscription in app_toml().subscriptions}  # fmt: skip
    assert doors == {("http://127.0.0.1:8000/webhooks", False), ("http://127.0.0.1:8000/webhooks/compliance", True)}


def test_the_three_compliance_topics_are_subscribed() -> None:
    topics = {subscription.topic for subscription in app_toml().subscriptions}
    assert {"customers/data_request", "customers/redact", "shop/redact"} <= topics


def test_the_storefront_may_read_the_lists_and_their_reason() -> None:
    readable = {(field.owner_type, field.key): field.type for field in app_toml().metafields if field.storefront_access}
    assert readable == {
        ("PRODUCT", "recs"): "list.product_reference",
        ("PRODUCT", "recs_reason"): "single_line_text_field",
        ("PRODUCT", "also_viewed"): "list.product_reference",
        ("PRODUCT", "complete_the_look"): "list.product_reference",
    }


def test_the_proxy_is_where_the_storefront_expects_it() -> None:
    proxy = app_toml().app_proxy
    assert proxy is not None
    assert (proxy.path_prefix, proxy.url) == ("/apps/attune", "http://127.0.0.1:8000/proxy")


def test_the_app_is_installed_by_shopify_and_asks_for_no_scope_twice() -> None:
    raw = tomllib.loads((ROOT / "shopify.app.toml").read_text())
    assert "use_legacy_install_flow" not in raw["access_scopes"]
    scopes = app_toml().scopes + app_toml().optional_scopes
    assert len(set(scopes)) == len(scopes)


def test_the_web_process_is_described_for_shopify_app_dev() -> None:
    web = tomllib.loads((ROOT / "shopify.web.toml").read_text())
    assert web["webhooks_path"] == "/webhooks"
    assert web["commands"]["dev"]


def test_node_packages_are_pinned_and_name_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)
