"""The list of an e-mail experiment: who is on it, in which arm, and that whoever is on it counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from app.adapters.crypto import Sealer
from app.adapters.db.email_customers import DbEmailCustomers
from app.adapters.db.engine import Database
from app.adapters.db.erasure import places
from app.adapters.db.outcomes import DbOutcomes
from app.config import Settings
from app.core.errors import DomainError
from app.core.experiments.types import ExperimentId
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Subject
from app.services import email_arms
from tests.experiments.register import Register
from tests.services import TestServices
from tests.serving.catalogue import rows_of

ACCEPTING, OPTED_OUT, SILENT, ERASED = 1_001, 1_002, 1_003, 1_004
CROWD = range(2_000, 2_400)


@dataclass
class Mailing:
    register: Register
    id: ExperimentId
    ports: email_arms.Ports

    def rows(self) -> dict[int, str]:
        """The list as a program reads it."""
        text = "".join(email_arms.arms_list(self.register.shop, self.id, self.ports))
        found = list(csv.DictReader(text.splitlines()))
        return {int(row["shopify_customer_id"]): row[f"attune_test_{self.id}"] for row in found}


@pytest.fixture
def rows(shop: Shop, database: Database) -> Iterator[psycopg.Connection]:
    with rows_of(database, shop.id) as connection:
        connection.autocommit = True
        put = "INSERT INTO customers (shop_id, id, email_marketing, opted_out, orders_count, amount_spent) "
        for id, marketing, opted_out in (
            (ACCEPTING, "SUBSCRIBED", False),
            (OPTED_OUT, "SUBSCRIBED", True),
            (SILENT, "NOT_SUBSCRIBED", False),
            (ERASED, "SUBSCRIBED", False),
            *((id, "SUBSCRIBED", False) for id in CROWD),
        ):
            connection.execute(f"{put} VALUES (%s, %s, %s, %s, 0, 0)", [shop.id, id, marketing, opted_out])
        connection.execute(
            "INSERT INTO tombstones (shop_id, customer_id, at) VALUES (%s, %s, now())", [shop.id, ERASED]
        )
        yield connection


@pytest.fixture
def mailing(
    shop: Shop, database: Database, settings: Settings, services: TestServices, rows: psycopg.Connection
) -> Mailing:
    register = Register(shop, database, settings, services)
    id = register.create(tested="email", value_b="Three mails", room="80")
    register.start(id)
    return Mailing(register, id, email_arms.Ports(register.experiments, DbEmailCustomers(database), register.clock))


def test_only_customers_who_accept_marketing_and_did_not_opt_out_are_on_the_list(mailing: Mailing) -> None:
    listed = mailing.rows()
    assert set(listed) <= {ACCEPTING, *CROWD}
    assert set(listed.values()) == {"control", "b"}
    # Eight of ten are kept for the experiment, half of them in each arm.
    assert len(listed) == pytest.approx(0.8 * 401, abs=30)
    assert sum(arm == "b" for arm in listed.values()) == pytest.approx(len(listed) / 2, abs=35)


def test_whoever_is_on_a_list_counts_from_the_first_one_on(mailing: Mailing, rows: psycopg.Connection) -> None:
    began, listed = mailing.register.clock.now(), mailing.rows()
    mailing.register.clock.pass_days(1)
    assert mailing.rows() == listed
    kept = rows.execute("SELECT customer_id, arm, at FROM experiment_customers").fetchall()
    assert {id: arm for id, arm, _ in kept} == listed
    assert {at for _, _, at in kept} == {began}


def test_a_ramp_adds_customers_and_moves_none(mailing: Mailing) -> None:
    mailing.register.ramp(mailing.id, 0.25)
    few = mailing.rows()
    mailing.register.ramp(mailing.id, 1.0)
    assert few.items() < mailing.rows().items()


def test_the_list_is_the_same_however_it_is_cut_into_batches(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mailing.rows()
    monkeypatch.setattr(email_arms, "BATCH", 7)
    assert mailing.rows() == whole


def test_an_erased_customer_is_on_no_list_any_more(mailing: Mailing, rows: psycopg.Connection) -> None:
    gone = next(iter(mailing.rows()))
    rows.execute("DELETE FROM customers WHERE id = %s", [gone])
    assert gone not in mailing.rows()


def test_an_erasure_takes_the_customer_out_and_an_export_shows_their_arm(
    mailing: Mailing, database: Database, sealer: Sealer, rows: psycopg.Connection
) -> None:
    customer, arm = next(iter(mailing.rows().items()))
    shop, subject = mailing.register.shop.id, Subject(CustomerId(customer))
    place = next(one for one in places(database, sealer) if one.name == "database.experiment_customers")
    assert [(row["experiment_id"], row["arm"]) for row in place.export_customer(shop, subject)] == [(mailing.id, arm)]
    assert place.erase_customer(shop, subject) == 1
    left = rows.execute("SELECT count(*) FROM experiment_customers WHERE customer_id = %s", [customer]).fetchone()
    assert left == (0,)


def test_whoever_opts_out_later_is_counted_no_more(
    mailing: Mailing, database: Database, rows: psycopg.Connection
) -> None:
    gone, *others = mailing.rows()
    rows.execute("UPDATE customers SET opted_out = true WHERE id = %s", [gone])
    listed = DbOutcomes(database).listed(mailing.register.shop.id, mailing.id)
    assert [one.customer for one in listed] == sorted(others)


def test_there_is_a_list_only_while_an_e_mail_experiment_runs(mailing: Mailing) -> None:
    register = mailing.register
    register.stop(mailing.id)
    with pytest.raises(DomainError, match="while the experiment runs"):
        mailing.rows()
    mailing.id = register.create(tested="title", value_b="Picked today")
    with pytest.raises(DomainError, match="only an e-mail experiment"):
        mailing.rows()
    mailing.id = ExperimentId(99)
    with pytest.raises(DomainError, match="there is no experiment 99"):
        mailing.rows()
