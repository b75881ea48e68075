"""Simulated shoppers answer their mails over HTTP, and machines open some that nobody has read."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx

from devstore.klaviyo.answers import ANSWERING, Answering, Readers
from devstore.klaviyo.mailer import Mailer
from devstore.klaviyo.records import KLAVIYO, Flow, Template
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin
from devstore.server import serving
from devstore.worlds.taste import Tastes, tastes_of
from tests.klaviyo_twin.test_native import Joined

PEOPLE = 60


def test_the_numbers_of_answering_are_frozen_with_the_worlds() -> None:
    assert Answering(opens=0.38, apple=0.45, scanner=0.03, unsubscribes=0.004, spam=0.0005) == ANSWERING


def test_each_mail_is_answered_once_and_machines_are_told_from_people() -> None:
    joined = Joined()
    tastes = tastes_of(joined.store.world)
    with serving(joined.app) as store, serving(create_twin(joined.account)) as twin:
        joined.account.origin = twin
        _send(joined, store)
        counts, again = asyncio.run(_answered(twin, store, tastes))
    assert again == 0
    assert min(counts[what] for what in ("opens", "machine_opens", "clicks", "visits")) > 0
    opened = _events(joined.account, "Opened Email")
    by_machine = sum(bool(event.get("Apple Privacy Open")) for event in opened)
    assert (by_machine, len(opened)) == (counts["machine_opens"], counts["opens"] + counts["machine_opens"])
    assert all("/products/" in event["URL"] for event in _events(joined.account, "Clicked Email"))


def test_a_fault_costs_one_mail_its_answer_and_what_came_before_is_not_listed_again() -> None:
    joined, broken = Joined(), False

    async def break_once(request: httpx.Request) -> None:
        nonlocal broken
        if request.url.path.startswith("/inbox/") and not broken:
            broken = True
            raise httpx.ConnectError("gone", request=request)

    async def answered(twin: str, store: str) -> tuple[Counter[str], int]:
        async with (
            httpx.AsyncClient(base_url=twin, timeout=20, event_hooks={"request": [break_once]}) as mails,
            httpx.AsyncClient(base_url=store, timeout=20) as shop,
        ):
            readers = Readers(mails, shop, tastes_of(joined.store.world), seed=5, pace=2000)
            assert await readers.answer_all() == PEOPLE
            listed = (await mails.get(f"/_dev/mails?after={PEOPLE - 1}")).json()
            assert (len(listed["mails"]), listed["next"]) == (1, PEOPLE)
            return readers.counts, await readers.answer_all()

    with serving(joined.app) as store, serving(create_twin(joined.account)) as twin:
        joined.account.origin = twin
        _send(joined, store)
        counts, again = asyncio.run(answered(twin, store))
    assert (counts["failed"], again) == (1, 0)
    assert counts["opens"] > 0


def _send(joined: Joined, store: str) -> None:
    """A mail with eight products to the first customers that may get one."""
    account, now = joined.account, joined.account.now()
    handles = [one.handle for one in joined.store.products.values() if joined.account.mails.can_be_bought(one.handle)][
        :8
    ]
    html = "".join(f'<a href="{store}/products/{handle}">{handle}</a>' for handle in handles)
    account.templates["T"] = Template("T", "T", "CODE", html, "", now, now)
    flow, mailer = Flow("F", "Test", "live", {}, now, now), Mailer(account)
    people = [one for one in account.profiles.values() if one.can_receive and one.external_id][:PEOPLE]
    for profile in people:
        mailer.send(flow, "a", {"template_id": "T", "subject_line": "Hello"}, profile, {}, now)


async def _answered(twin: str, store: str, tastes: Tastes) -> tuple[Counter[str], int]:
    async with (
        httpx.AsyncClient(base_url=twin, timeout=20) as mails,
        httpx.AsyncClient(base_url=store, timeout=20) as shop,
    ):
        readers = Readers(mails, shop, tastes, seed=5, pace=2000)
        assert await readers.answer_all() == PEOPLE
        return readers.counts, await readers.answer_all()


def _events(account: Account, metric: str) -> list[dict[str, Any]]:
    of = account.metric(metric, KLAVIYO).id
    return [event.properties for profile in list(account.profiles) for event in account.events_of(profile, of)]
