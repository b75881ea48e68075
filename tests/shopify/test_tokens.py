"""Many workers, one expiring token: it is rotated once, and everybody ends with the pair that is valid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.adapters.db.credentials import DbCredentials
from app.adapters.shopify import tokens
from app.adapters.shopify.tokens import TokenClient, Tokens
from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.ports import StoredToken, TokenPair
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp


def make_stale(wiring: Worker, shop: Shop) -> StoredToken:
    """Let the stored access token run out soon, by our clock only."""
    with wiring.database.shop(shop.id) as session:
        session.execute(text("UPDATE credentials SET access_expires_at = now() + interval '30 seconds'"))
    stored = wiring.credentials.load(shop.id)
    assert stored is not None
    return stored


def test_a_token_with_less_than_a_minute_is_refreshed_first(installed_shop: Shop, worker_wiring: Worker) -> None:
    before = make_stale(worker_wiring, installed_shop)
    after = worker_wiring.tokens.usable(installed_shop)
    assert after.generation == before.generation + 1
    assert after.pair.access_expires_at > datetime.now(UTC) + timedelta(minutes=50)


def test_many_workers_rotate_the_token_once(installed_shop: Shop, worker_wiring: Worker) -> None:
    before = make_stale(worker_wiring, installed_shop)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: worker_wiring.tokens.usable(installed_shop), range(24)))
    assert {stored.generation for stored in found} == {before.generation + 1}
    assert len({stored.pair.access_token for stored in found}) == 1
    assert worker_wiring.admin_apis.of(installed_shop).run("shop")


def test_many_workers_that_meet_a_dead_token_rotate_it_once(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore
) -> None:
    before = worker_wiring.credentials.load(installed_shop.id)
    assert before is not None
    devstore.post("tokens/expire")
    api = worker_wiring.admin_apis.of(installed_shop)
    with ThreadPoolExecutor(6) as pool:
        names = {answer["shop"]["name"] for answer in pool.map(lambda _: api.run("shop"), range(12))}
    after = worker_wiring.credentials.load(installed_shop.id)
    assert len(names) == 1
    assert after is not None
    assert after.generation == before.generation + 1


class Dying(TokenClient):
    """A worker that is killed after Shopify has answered and before the answer is stored."""

    def refresh(self, domain: object, refresh_token: str) -> TokenPair:
        super().refresh(domain, refresh_token)  # type: ignore[arg-type]
        raise KeyboardInterrupt


def test_a_worker_killed_while_it_refreshes_leaves_a_token_that_the_next_one_can_refresh(
    installed_shop: Shop, worker_wiring: Worker
) -> None:
    make_stale(worker_wiring, installed_shop)
    settings = worker_wiring.settings
    client = Dying(worker_wiring.shopify, client_id=settings.shopify_api_key, client_secret=settings.shopify_api_secret)
    with pytest.raises(KeyboardInterrupt):
        Tokens(client, worker_wiring.credentials, worker_wiring.claims).usable(installed_shop)
    assert worker_wiring.tokens.usable(installed_shop)
    assert worker_wiring.admin_apis.of(installed_shop).run("shop")


def test_a_pair_is_replaced_only_if_it_is_still_the_one_that_was_read(
    installed_shop: Shop, worker_wiring: Worker
) -> None:
    stored = worker_wiring.credentials.load(installed_shop.id)
    assert stored is not None
    other = replace(stored.pair, access_token="shpat_other")
    assert worker_wiring.credentials.rotate(installed_shop.id, other, generation=stored.generation)
    assert not worker_wiring.credentials.rotate(installed_shop.id, stored.pair, generation=stored.generation)
    now = worker_wiring.credentials.load(installed_shop.id)
    assert now is not None
    assert now.pair.access_token == "shpat_other"


def test_a_stored_token_does_not_open_in_another_shop(
    installed_shop: Shop, other_shop: Shop, worker_wiring: Worker
) -> None:
    with worker_wiring.database.shop(installed_shop.id) as session:
        row = session.execute(text("SELECT access_token, refresh_token FROM credentials")).one()
    with worker_wiring.database.shop(other_shop.id) as session:
        statement = (
            "INSERT INTO credentials (shop_id, access_token, refresh_token, scopes, generation, access_expires_at) "
            "VALUES (:shop, :a, :r, '', 1, now())"
        )
        session.execute(text(statement), {"shop": other_shop.id, "a": row.access_token, "r": row.refresh_token})
    with pytest.raises(Permanent, match="altered or belongs elsewhere"):
        DbCredentials(worker_wiring.database, worker_wiring.sealer).load(other_shop.id)


def test_a_wrong_client_secret_is_permanent(running_app: RunningApp, devstore: DevStore) -> None:
    client = TokenClient(running_app.wiring.shopify, client_id="test-api-key", client_secret="wrong")
    with pytest.raises(Permanent, match="invalid_client"):
        client.exchange(devstore.shop_domain, devstore.id_token())


def test_a_token_endpoint_that_does_not_answer_may_be_tried_again(running_app: RunningApp, devstore: DevStore) -> None:
    running_app.wiring.shopify._test_origin = "http://127.0.0.1:9"
    with pytest.raises(Retryable):
        running_app.wiring.token_client.exchange(devstore.shop_domain, "token")


def test_a_wrong_secret_of_ours_costs_no_shop_its_token(
    installed_shop: Shop, running_app: RunningApp, worker_wiring: Worker
) -> None:
    before = make_stale(worker_wiring, installed_shop)
    wrong = TokenClient(worker_wiring.shopify, client_id=worker_wiring.settings.shopify_api_key, client_secret="wrong")
    with pytest.raises(Permanent, match="invalid_client"):
        Tokens(wrong, worker_wiring.credentials, worker_wiring.claims).usable(installed_shop)
    assert worker_wiring.credentials.load(installed_shop.id) == before
    assert worker_wiring.tokens.usable(installed_shop).generation == before.generation + 1


def test_a_refused_refresh_token_is_forgotten(installed_shop: Shop, worker_wiring: Worker, devstore: DevStore) -> None:
    before = make_stale(worker_wiring, installed_shop)
    dead = replace(before.pair, refresh_token="shprt_dead")
    assert worker_wiring.credentials.rotate(installed_shop.id, dead, generation=before.generation)
    with pytest.raises(Permanent, match="open the app"):
        worker_wiring.tokens.usable(installed_shop)
    assert worker_wiring.credentials.load(installed_shop.id) is None


def test_the_claim_outlasts_every_time_out_of_a_refresh() -> None:
    timeouts = (tokens.TIMEOUT.connect, tokens.TIMEOUT.write, tokens.TIMEOUT.read, tokens.TIMEOUT.pool)
    assert sum(seconds or 1000.0 for seconds in timeouts) < tokens.CLAIM_S
