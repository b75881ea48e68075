"""Experiments: what they are, what was done to them, what was counted, and which customers an e-mail test took in.

Who is in which arm is computed and stands nowhere, except for e-mail: there the list that was handed out is the fact.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, json, moment


class ExperimentRow(ShopRow, table=True):
    __tablename__: ClassVar[str] = "experiments"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str
    status: str
    definition: dict[str, Any] = json()
    """`app.core.experiments.types.Experiment` without its id and status."""
    created_at: datetime = moment(nullable=False)
    started_at: datetime | None = moment()
    stopped_at: datetime | None = moment()
    outcome: str = ""

    __table_args__ = (
        # A shop has one hold-out, whoever publishes its first model twice at the same time.
        Index("experiments_hold_out", "shop_id", unique=True, postgresql_where=text("kind = 'hold_out'")),
    )


class ExperimentChange(ShopRow, table=True):
    """Something that was done to an experiment, never changed, only added to."""

    __tablename__: ClassVar[str] = "experiment_changes"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    experiment_id: int = Field(sa_type=BigInteger)
    at: datetime = moment(nullable=False)
    by: str
    what: str

    __table_args__ = (Index("experiment_changes_experiment", "shop_id", "experiment_id"),)


class ExperimentWindow(ShopRow, table=True):
    """A span of time that is left out of an experiment's figures."""

    __tablename__: ClassVar[str] = "experiment_windows"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    experiment_id: int = Field(sa_type=BigInteger)
    since: datetime = moment(nullable=False)
    until: datetime = moment(nullable=False)
    reason: str
    by: str
    at: datetime = moment(nullable=False)

    __table_args__ = (Index("experiment_windows_experiment", "shop_id", "experiment_id"),)


class ExperimentReading(ShopRow, table=True):
    """What was counted up to one of the shop's days: sums, nobody's name."""

    __tablename__: ClassVar[str] = "experiment_readings"
    experiment_id: int = Field(sa_type=BigInteger, primary_key=True)
    day: date = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    reading: dict[str, Any] = json()
    """`app.core.experiments.reading.Reading`."""


class ExperimentCustomer(ShopRow, table=True):
    """A customer who was put on a list that a merchant took away for an e-mail test, and their arm."""

    __tablename__: ClassVar[str] = "experiment_customers"
    experiment_id: int = Field(sa_type=BigInteger, primary_key=True)
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    arm: str
    at: datetime = moment(nullable=False)
    """When they were on such a list for the first time: from then on they count."""

    __table_args__ = (Index("experiment_customers_customer", "shop_id", "customer_id"),)
