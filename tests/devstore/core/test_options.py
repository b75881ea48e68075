"""Reading shopify.app.toml as `app deploy` would."""

from __future__ import annotations

import pytest

from devstore.options import TomlError, read_toml
from devstore.server import create
from tests.devstore.core.shop import options, toml, world

APP = "http://127.0.0.1:8000"


def test_urls_move_to_where_the_app_listens() -> None:
    read = read_toml(toml(), APP)
    assert read.application_url == f"{APP}/admin"
    assert read.app_proxy is not None
    assert (read.app_proxy.url, read.app_proxy.path_prefix) == (f"{APP}/proxy", "/apps/attune")
    assert {s.url for s in read.subscriptions} == {f"{APP}/webhooks", f"{APP}/webhooks/compliance"}


def test_metafield_definitions_carry_their_type_and_access() -> None:
    (definition,) = read_toml(toml(), APP).metafields
    assert (definition.owner_type, definition.key, definition.type) == ("PRODUCT", "recs", "list.product_reference")
    assert definition.storefront_access


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "Attune"', ""),
        ('"2026-10"', '"2019-01"'),
        ("shop/redact", "shop/forget"),
        ('prefix = "apps"', 'prefix = "elsewhere"'),
        ("[webhooks]", "use_legacy_install_flow = true\n[webhooks]"),
        ('"products/create",', '"products/create", "products/create",'),
        ('uri = "/webhooks"\n', 'uri = "/webhooks"\nfilter = "id:1"\n'),
        ('uri = "/webhooks"\n', 'uri = "/webhooks"\ninclude_fields = ["customer.id"]\n'),
    ],
)
def test_what_shopify_would_refuse_is_refused(old: str, new: str) -> None:
    assert old in toml()
    with pytest.raises(TomlError):
        read_toml(toml().replace(old, new), APP)


def test_a_topic_that_is_never_sent_is_refused_at_the_start() -> None:
    text = toml().replace('"products/create"', '"product/create"')
    with pytest.raises(TomlError, match="product/create"):
        create(world(), options(app_toml=read_toml(text, APP)))
