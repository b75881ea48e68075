"""Metafield namespaces: what ``$app`` stands for, and which namespaces an app may not touch."""

from __future__ import annotations

from devstore.store import Store


def resolve(namespace: str | None, store: Store) -> str:
    """The stored namespace of what a request calls it."""
    return store.full_namespace(namespace)


def writable(namespace: str, store: Store) -> bool:
    """Other apps' and Shopify's own reserved namespaces are closed."""
    own = namespace == store.app_namespace or namespace.startswith(store.app_namespace + "--")
    return own or not namespace.startswith(("app--", "shopify--", "shopify"))
