"""Nothing is kept that the catalogue does not name: every column, every field of the lake, every key, every model."""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy import LargeBinary

from app.adapters.db.tables import Receipt
from app.adapters.lake.schema import SCHEMAS
from app.adapters.redis import keys
from app.core.governance.catalogue import Closeness, Place, found
from app.core.governance.places import PLACES, fields
from app.core.governance.terms import Term
from app.web.admin.privacy_fields import lines

BY_NAME = {place.name: place for place in PLACES}
TABLES = Receipt.metadata.tables
NAMING = {"customer_id", "visitor", "client", "unit", "email_hash", "profile", "klaviyo", "ga4", "who", "external"}
"""Columns of these names tell people apart wherever they stand."""


def test_every_place_stands_there_once() -> None:
    assert len(BY_NAME) == len(PLACES)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_every_table_is_in_the_catalogue(table: str) -> None:
    place = BY_NAME.get(f"database.{table}")
    assert place is not None, f"say in app/core/governance what {table} is for"
    assert set(place.fields()) == set(TABLES[table].columns.keys()) - {"shop_id"}


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_every_field_of_the_lake_is_in_the_catalogue(kind: str) -> None:
    assert set(BY_NAME[f"lake.{kind}"].fields()) == set(SCHEMAS[kind].names)


def test_every_key_of_redis_is_in_the_catalogue() -> None:
    written = {name for name, one in vars(keys).items() if inspect.isfunction(one) and one.__module__ == keys.__name__}
    written = (written | {"events", "dead_letters"}) - {"own_of"}
    assert {name.removeprefix("redis.") for name in BY_NAME if name.startswith("redis.")} == written


def test_every_sealed_column_is_called_sealed_and_nothing_else_is() -> None:
    for name, table in TABLES.items():
        closeness = BY_NAME[f"database.{name}"].fields()
        for column in table.columns:
            if column.name == "shop_id":
                continue
            is_box = isinstance(column.type, LargeBinary) and column.name != "email_hash"
            assert is_box == (closeness[column.name] in {Closeness.SEALED, Closeness.KEY}), f"{name}.{column.name}"


def test_what_tells_people_apart_is_called_so() -> None:
    for field in fields():
        if field.name in NAMING and not field.place.startswith("redis."):
            assert field.closeness is Closeness.PSEUDONYM, f"{field.place}.{field.name}"


def test_no_model_holds_a_field_about_a_person() -> None:
    place = BY_NAME["artefacts.model"]
    assert set(place.fields().values()) == {Closeness.NOBODY}


def test_fields_are_found_by_words_and_by_whether_they_are_about_people() -> None:
    everything = fields()
    klaviyo = found(iter(everything), words="KLAVIYO mail")
    assert klaviyo
    for one in klaviyo:
        told = " ".join(map(str, (one.name, one.title, one.source, one.purpose, one.place)))
        assert "klaviyo" in told.lower(), told
        assert "mail" in told.lower(), told
    people, others = found(iter(everything), personal=True), found(iter(everything), personal=False)
    assert len(people) + len(others) == len(everything)
    assert all(one.is_personal for one in people)


def test_the_file_says_how_long_by_the_shops_own_terms() -> None:
    clicks = found(iter(fields()), words="database.clicks visitor")
    (text,) = lines(clicks, {**dict.fromkeys(Term, 1), Term.BEHAVIOUR: 123})
    header, first, *_ = text.splitlines()
    assert header.startswith("place,title,field,source,purpose,personal")
    assert first.endswith(",123 days")


def test_a_field_that_is_missing_would_be_found() -> None:
    whole = BY_NAME["database.clicks"]
    less = Place(whole.name, whole.title, whole.source, whole.purpose, whole.term, plain=whole.plain)
    assert set(less.fields()) != set(TABLES["clicks"].columns.keys()) - {"shop_id"}
