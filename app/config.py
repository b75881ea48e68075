"""Settings: one frozen object, read once at boot from the environment; every name is listed in ``.env.example``.

A malformed value stops the boot with a message that names it. Unset service URLs mean the embedded services, which
`app.adapters.embedded` starts; this module only records the choice.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.core.experiments.types import HOLD_OUT_SHARE
from app.core.recommend import canary

API_VERSION = "2026-10"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(Exception):
    """One environment variable has an unusable value; the message names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process. URLs carry no trailing slash; `None` for a service URL means the embedded service."""

    database_url: str | None
    database_owner_url: str | None
    redis_url: str | None
    artefacts_url: str
    lake_url: str
    """Where the event lake's files lie: ``file://`` or ``s3://``."""
    warehouse_url: str
    """Which engine counts over the lake, with its options."""
    shopify_api_key: str
    shopify_api_secret: str
    shopify_api_secret_old: str | None
    shopify_test_origin: str | None
    klaviyo_client_id: str
    """Empty where this installation has no OAuth app at Klaviyo; merchants then connect with a private key."""
    klaviyo_client_secret: str
    klaviyo_test_origin: str | None
    """What stands in for Klaviyo's hosts in demo and tests."""
    app_url: str
    encryption_keys: tuple[bytes, ...]
    """32-byte keys, the newest first; only the first encrypts, all decrypt."""
    data_dir: Path
    """Where embedded services and local artefacts live."""
    hold_out_share: float
    """The part of a shop's visitors who are held out from its first model on, 0 to 0.5; 0 makes no hold-out."""
    canary_share: float
    """The part of visitors who get a new model first, 0 to 0.5; with 0 everybody gets it at once."""
    canary_hours: float
    """How long, at most."""
    clock_url: str | None
    """Where the store's time is read from in demo and tests (the devstore's clock), never in production."""

    @property
    def is_test(self) -> bool:
        return self.shopify_test_origin is not None


def data_dir(env: Mapping[str, str] | None = None) -> Path:
    """ATTUNE_DATA_DIR, or a directory of this user's own under the system's temporary folder."""
    given = (os.environ if env is None else env).get("ATTUNE_DATA_DIR")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"attune-{os.getuid()}"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `env` (the process environment by default).

    Raises:
        SettingsError: a value is missing or malformed; the message names the variable.
    """
    source = os.environ if env is None else env
    test_origin = _loopback(source, "SHOPIFY_TEST_ORIGIN")
    klaviyo_id, klaviyo_secret = _klaviyo_client(source)
    folder = data_dir(source)
    return Settings(
        database_url=_url(source, "DATABASE_URL", schemes=("postgresql",)),
        database_owner_url=_url(source, "DATABASE_OWNER_URL", schemes=("postgresql",)),
        redis_url=_url(source, "REDIS_URL", schemes=("redis", "rediss", "unix")),
        artefacts_url=_url(source, "ARTEFACTS_URL", schemes=("file",)) or f"file://{folder}/artefacts",
        lake_url=_url(source, "LAKE_URL", schemes=("file", "s3")) or f"file://{folder}/lake",
        warehouse_url=_url(source, "WAREHOUSE_URL", schemes=("duckdb", "pyspark", "snowflake")) or "duckdb://",
        shopify_api_key=_required(source, "SHOPIFY_API_KEY"),
        shopify_api_secret=_required(source, "SHOPIFY_API_SECRET"),
        shopify_api_secret_old=source.get("SHOPIFY_API_SECRET_OLD") or None,
        shopify_test_origin=test_origin,
        klaviyo_client_id=klaviyo_id,
        klaviyo_client_secret=klaviyo_secret,
        klaviyo_test_origin=_loopback(source, "KLAVIYO_TEST_ORIGIN"),
        app_url=_app_url(source, test=test_origin is not None),
        encryption_keys=_keys(_required(source, "ENCRYPTION_KEYS")),
        data_dir=folder,
        hold_out_share=_percent(source, "HOLD_OUT_PERCENT", default=100 * HOLD_OUT_SHARE, most=50) / 100,
        canary_share=_percent(source, "CANARY_PERCENT", default=100 * canary.SHARE, most=50) / 100,
        canary_hours=_hours(source, "CANARY_HOURS", default=canary.HOURS, most=168),
        clock_url=f"{test_origin}/_dev/clock" if test_origin else None,
    )


def _loopback(env: Mapping[str, str], name: str) -> str | None:
    """The address of what stands in for somebody else's hosts: on this machine only, so that no secret goes astray."""
    origin = _url(env, name, schemes=("http",))
    if origin is not None and urlsplit(origin).hostname not in LOOPBACK_HOSTS:
        raise SettingsError(f"{name} must be a loopback address such as http://127.0.0.1:9292")
    return origin


def _klaviyo_client(env: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of the OAuth app at Klaviyo; both empty where there is none."""
    id, secret = (env.get(name, "").strip() for name in ("KLAVIYO_CLIENT_ID", "KLAVIYO_CLIENT_SECRET"))
    if bool(id) != bool(secret):
        raise SettingsError("KLAVIYO_CLIENT_ID and KLAVIYO_CLIENT_SECRET are set together, or neither of them")
    return id, secret


def _percent(env: Mapping[str, str], name: str, *, default: float, most: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,3}(\.\d+)?", text, re.ASCII) or float(text) > most:
        raise SettingsError(f"{name} must be a percentage from 0 to {most:g}")
    return float(text)


def _hours(env: Mapping[str, str], name: str, *, default: float, most: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,3}(\.\d+)?", text, re.ASCII) or not 0 < float(text) <= most:
        raise SettingsError(f"{name} must be a number of hours above 0, {most:g} at most")
    return float(text)


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; see .env.example")
    return value


def _url(env: Mapping[str, str], name: str, *, schemes: tuple[str, ...]) -> str | None:
    value = env.get(name, "").strip()
    if not value:
        return None
    scheme = re.match(r"([a-z]+)(?:\+[a-z0-9]+)?://.", value)
    if scheme is None or scheme[1] not in schemes:
        raise SettingsError(f"{name} must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
    return value.rstrip("/")


def _app_url(env: Mapping[str, str], *, test: bool) -> str:
    value = _url(env, "APP_URL", schemes=("https", "http"))
    if value is None:
        raise SettingsError("APP_URL is not set; it is the public address of this app, e.g. https://attune.example.com")
    if value.startswith("http://") and not test:
        raise SettingsError("APP_URL must start with https:// (plain http is for tests against SHOPIFY_TEST_ORIGIN)")
    return value


def _keys(value: str) -> tuple[bytes, ...]:
    keys = []
    for number, text in enumerate(value.split(","), start=1):
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32:
            raise SettingsError(
                f"ENCRYPTION_KEYS: key {number} is not 32 bytes in base64 (make one: openssl rand -base64 32)"
            )
        keys.append(key)
    return tuple(keys)
