"""What all tables share: the key, and the kinds of columns. Money is in minor units."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def moment(*, nullable: bool = True, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable, **options))


def big(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=nullable))


def box() -> Any:
    """An encrypted value, or nothing."""
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def json(default: str = "{}") -> Any:
    return Field(default=None, sa_column=Column(JSONB, nullable=False, server_default=default))


def texts() -> Any:
    return Field(default=None, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))


class ShopRow(SQLModel):
    """What all tables share but the open ones."""

    shop_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
