"""`attune doctor [SHOP]`: looks at configuration, connections and data, and says what to do about each problem."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from app import config
from app.adapters.db.tables import OPEN_TABLES
from app.adapters.redis import keys
from app.adapters.redis.backlog import MOST_ENTRIES, MOST_FOR_DECISIONS, read_backlog
from app.adapters.shopify.scopes import missing as missing_scopes
from app.cli import doctor_klaviyo, doctor_lake, doctor_models, doctor_people, doctor_sources
from app.cli.migrations import newest_revision
from app.cli.shop_argument import find_shop
from app.core.findings import Finding, Grade, failed, passed, warned
from app.core.shops import Shop
from app.services.connect_pixel import PixelState, pixel_state
from app.wiring.worker import Worker

COLOURS = {Grade.PASS: "green", Grade.WARN: "yellow", Grade.FAIL: "red"}
OLDEST_POSTGRES = 150000
OLDEST_REDIS = (6, 2)
OLDEST_UNCONSUMED_S = 60.0
"""The lake's readers gather for two seconds; a minute means that they are away or too slow."""


@click.command()
@click.argument("shop", required=False)
def command(shop: str | None) -> None:
    """Check configuration, connections and, with SHOP, one shop's data. Exits with 1 when something fails."""
    findings = list(examine(shop))
    _show(findings)
    sys.exit(1 if any(finding.grade is Grade.FAIL for finding in findings) else 0)


def examine(shop: str | None) -> Iterator[Finding]:
    """All findings, in the order in which one would repair them."""
    try:
        settings = config.load()
    except config.SettingsError as error:
        yield failed("settings", str(error), "correct the variable in the environment or .env; .env.example lists all")
        return
    yield passed("settings", "complete and well-formed")
    wiring = Worker(settings)
    try:
        yield from _origin(settings)
        yield from _guarded("PostgreSQL", lambda: _database(wiring))
        yield from _guarded("Redis", lambda: _redis(wiring))
        yield from _guarded("event stream", lambda: _stream(wiring))
        yield from _guarded("artefacts", lambda: _artefacts(settings))
        yield from _guarded("lake", lambda: doctor_lake.lake(wiring))
        if shop is not None:
            yield from _guarded(shop, lambda: _shop(wiring, shop))
    finally:
        wiring.close()


def _guarded(subject: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that cannot even run is a finding too, and the others still run."""
    try:
        yield from check()
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        yield failed(
            subject, f"{type(error).__name__}: {first_line}", "see the message; check the address and the server"
        )


def _origin(settings: config.Settings) -> Iterator[Finding]:
    if settings.shopify_test_origin is None:
        yield passed("Shopify", "the real one")
    else:
        yield warned(
            "Shopify", f"a devstore at {settings.shopify_test_origin}", "unset SHOPIFY_TEST_ORIGIN in production"
        )


def _database(wiring: Worker) -> Iterator[Finding]:
    facts = wiring.diagnosis.facts()
    if facts.version < OLDEST_POSTGRES:
        yield failed("PostgreSQL", f"version {facts.version // 10000}", "use PostgreSQL 15 or newer")
    else:
        yield passed("PostgreSQL", f"version {facts.version // 10000}")
    if facts.can_bypass:
        yield failed(
            "database role",
            f"{facts.role} can bypass row-level security",
            "connect as a role with NOSUPERUSER NOBYPASSRLS",
        )
    else:
        yield passed("database role", f"{facts.role} is bound by row-level security")
    newest = newest_revision()
    if facts.revision is None:
        yield failed("migrations", "none has run", "run `alembic upgrade head` with DATABASE_OWNER_URL set")
    elif facts.revision != newest:
        yield failed("migrations", f"at {facts.revision}, newest is {newest}", "run `alembic upgrade head`")
    elif facts.unprotected - OPEN_TABLES:
        yield failed(
            "migrations", f"unprotected: {', '.join(sorted(facts.unprotected - OPEN_TABLES))}", "report this bug"
        )
    else:
        yield passed("migrations", f"at {facts.revision}, every shop table is protected")


def _redis(wiring: Worker) -> Iterator[Finding]:
    info = wiring.redis.info()
    version = str(info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield failed("Redis", f"version {version}", "use Redis 6.2 or newer, or Valkey")
    elif not info.get("aof_enabled"):
        yield warned("Redis", f"{version}, without append-only file", "set appendonly yes, or a restart loses events")
    else:
        yield passed("Redis", f"version {version}, append-only file on")


def _stream(wiring: Worker) -> Iterator[Finding]:
    backlog = read_backlog(wiring.redis)
    behind = max(backlog.oldest_s.values())
    detail = f"{backlog.entries:,} entries, the oldest unconsumed for {behind:,.0f} s"
    run = "run the stream process (python -m workers.stream), more of them if one does not keep up"
    if backlog.entries >= MOST_FOR_DECISIONS:
        yield failed("event stream", f"{detail}; at {MOST_ENTRIES:,} no event is taken any more", run)
    elif behind > OLDEST_UNCONSUMED_S:
        yield warned("event stream", detail, run)
    else:
        yield passed("event stream", detail)
    if backlog.dead:
        remedy = f"look at the reasons: XRANGE {keys.DEAD_LETTERS} - +; they are kept until 10,000 newer ones came"
        yield warned("dead letters", f"{backlog.dead:,} entries could not be stored", remedy)


def _artefacts(settings: config.Settings) -> Iterator[Finding]:
    folder = Path(settings.artefacts_url.removeprefix("file://"))
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    yield passed("artefacts", f"{folder} can be written")


def _shop(wiring: Worker, text: str) -> Iterator[Finding]:
    shop = find_shop(wiring.shops, text)
    health = wiring.diagnosis.shop(shop.id)
    yield from _access(health.scopes, health.token_expired)
    counts = wiring.progress.counts(shop.id)
    yield (passed if counts.orders else _no_data)("data", f"{counts.products:,} products, {counts.orders:,} orders")
    if health.sync_problems:
        yield warned("import", f"{health.sync_problems:,} lines could not be used", f"see `attune sync {shop.domain}`")
    if health.failed_deliveries or health.late:
        detail = f"{health.failed_deliveries} webhooks given up, {health.late} waiting for over an hour"
        yield failed(
            "webhooks", detail, "check that workers and clock run; the next nightly reconciliation repairs the data"
        )
    else:
        yield passed("webhooks", "none given up, none late")
    yield from doctor_lake.events(wiring, shop, health)
    yield from doctor_sources.sources(wiring, shop)
    yield from doctor_people.people(wiring, shop)
    yield from _pixel(wiring, shop)
    yield from doctor_klaviyo.klaviyo(wiring, shop)
    yield from _learning(wiring, shop)


def _no_data(subject: str, detail: str) -> Finding:
    return warned(subject, detail, "run `attune sync SHOP`; without orders only what is popular can be shown")


def _access(scopes: str | None, token_expired: bool | None) -> Iterator[Finding]:
    if scopes is None or token_expired:
        yield failed("access", "no usable token", "the merchant must open the app once from the Shopify admin")
        return
    lacking = missing_scopes(scopes)
    if lacking:
        yield failed(
            "access", f"missing scopes: {', '.join(lacking)}", "deploy shopify.app.toml; the merchant approves"
        )
    else:
        yield passed("access", "a token with every required scope")


def _pixel(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    state = pixel_state(shop, wiring.known_of_pixels)
    if state is PixelState.CONNECTED:
        yield passed("web pixel", "connected")
    elif state is PixelState.MISSING_SCOPE:
        yield warned(
            "web pixel",
            "its scopes are not granted, so only the theme's own events are seen",
            "deploy shopify.app.toml; the merchant opens the app and approves",
        )
    else:
        remedy = "it is tried every hour; check that workers and clock run, and look at the log of connect_pixel"
        yield warned("web pixel", "not connected", remedy)


def _learning(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    decision = wiring.consents.current(shop.id)
    if decision is None or not decision.granted:
        yield warned("consent", "the merchant has not consented to training", "the merchant decides on the app's page")
        return
    yield passed("consent", f"given by {decision.by} on {decision.at:%Y-%m-%d}, text {decision.text_version}")
    yield from doctor_models.models(wiring, shop)


def _show(findings: list[Finding]) -> None:
    """One line a finding, its remedy under it; long texts are left to the terminal to wrap."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        grade = f"[{COLOURS[finding.grade]}]{finding.grade}[/]"
        console.print(f"{grade}  [bold]{escape(finding.subject)}[/]: {escape(finding.detail)}")
        if finding.remedy:
            console.print(f"      → {escape(finding.remedy)}")
