"""Settings: a malformed value stops the boot and names itself, and .env.example lists every one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.config import SettingsError, load
from tests.conftest import TEST_KEY

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": "secret",
    "APP_URL": "https://attune.example.com/",
    "ENCRYPTION_KEYS": TEST_KEY,
}


def test_unset_service_addresses_mean_the_embedded_services() -> None:
    settings = load(GOOD)
    assert (settings.database_url, settings.redis_url) == (None, None)
    assert settings.artefacts_url == f"file://{settings.data_dir}/artefacts"
    assert settings.app_url == "https://attune.example.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "http://x"),
        ("ARTEFACTS_URL", "ftp://x"),
        ("SHOPIFY_API_SECRET", " "),
        ("ENCRYPTION_KEYS", "short"),
        ("ENCRYPTION_KEYS", f"{TEST_KEY},%%%"),
        ("APP_URL", "attune.example.com"),
        ("APP_URL", "http://attune.example.com"),
        ("HOLD_OUT_PERCENT", "51"),
        ("HOLD_OUT_PERCENT", "-1"),
        ("HOLD_OUT_PERCENT", "five"),
        ("CANARY_PERCENT", "51"),
        ("CANARY_HOURS", "0"),
        ("CANARY_HOURS", "169"),
        ("CANARY_HOURS", "a day"),
        ("SHOPIFY_TEST_ORIGIN", "http://shop.example.com"),
        ("SHOPIFY_TEST_ORIGIN", "https://127.0.0.1"),
    ],
)
def test_a_malformed_value_stops_the_boot_and_names_itself(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({**GOOD, name: value})


@pytest.mark.parametrize(("value", "share"), [("", 0.05), ("0", 0.0), ("2.5", 0.025), ("50", 0.5)])
def test_the_hold_out_is_a_percentage_five_unless_said_otherwise(value: str, share: float) -> None:
    assert load({**GOOD, "HOLD_OUT_PERCENT": value}).hold_out_share == share


def test_a_devstore_on_this_machine_allows_plain_http_and_brings_its_clock() -> None:
    settings = load({**GOOD, "SHOPIFY_TEST_ORIGIN": "http://127.0.0.1:9292", "APP_URL": "http://127.0.0.1:8000"})
    assert settings.clock_url == "http://127.0.0.1:9292/_dev/clock"


def test_every_setting_that_the_code_reads_is_in_the_example_file() -> None:
    read = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', (ROOT / "app" / "config.py").read_text()))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == listed
