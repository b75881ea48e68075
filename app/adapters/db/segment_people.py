"""Who is whom for the warehouse: profiles that hold a customer, as numbers, with the names under which they appear.

Whoever the consent function refuses (law 2) is nobody here: the whole profile, whichever of its customers said no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from app.core.profiles.consent import SUBSCRIBED, OwnSwitches, Purpose, ShopperConsent, allowed

MEMBERS: Final = """
    SELECT m.kind, m.id, m.profile, coalesce(c.opted_out, false)::int, coalesce(c.email_marketing, ''),
           CASE s.personalise WHEN true THEN 'yes' WHEN false THEN 'no' ELSE '' END
    FROM profile_members m
    LEFT JOIN customers c ON c.shop_id = m.shop_id AND c.id = CASE WHEN m.kind = 'customer' THEN m.id::bigint END
    LEFT JOIN shopper_preferences s ON s.shop_id = m.shop_id AND s.kind = m.kind AND s.who = CASE m.kind
        WHEN 'customer' THEN m.id ELSE encode(sha256(convert_to(m.kind || ':' || m.id, 'UTF8')), 'hex') END
    WHERE m.profile IN (SELECT o.profile FROM profile_members o WHERE o.kind = 'customer')
      AND (m.kind = 'customer' AND c.id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM tombstones t WHERE t.shop_id = m.shop_id AND t.customer_id = c.id)
           OR m.kind IN ('visitor', 'client', 'email', 'klaviyo') AND m.standing = 'own')
"""
"""What several persons use (`app.core.profiles.identity.Standing`) says nothing about one of them."""
COLUMNS: Final = {
    "kind": pa.string(),
    "id": pa.string(),
    "profile": pa.string(),
    "opted_out": pa.int8(),
    "email_marketing": pa.string(),
    "personalise": pa.string(),
}
WISHES: Final = ("opted_out", "email_marketing", "personalise")
SWITCH: Final = {"yes": True, "no": False}
BROWSERS: Final = ("visitor", "client")
MAILS: Final = ("email", "klaviyo")


@dataclass(frozen=True, slots=True)
class People:
    """`tables` as `app.analytics.customers` names them; `profiles[person]` is the id of a profile."""

    tables: Mapping[str, pa.Table]
    profiles: pa.Array


def people_of(connection: psycopg.Connection) -> People:
    """Everybody of whom something may be learnt."""
    members = _members(connection)
    encoded = members["profile"].combine_chunks().dictionary_encode()
    members = members.append_column("person", encoded.indices.cast(pa.int64()))
    members = members.filter(pc.invert(pc.is_in(members["person"], value_set=_refused(members))))
    customers = members.filter(pc.equal(members["kind"], "customer"))
    accepting = pc.cast(pc.equal(customers["email_marketing"], SUBSCRIBED), pa.int8())
    accepted = pa.table({"person": customers["person"], "accepts": accepting}).group_by("person")
    found = accepted.aggregate([("accepts", "max")])
    tables = {
        "people": pa.table({"person": found["person"], "accepts_email": found["accepts_max"].cast(pa.bool_())}),
        "buyers": pa.table({"customer_id": customers["id"].cast(pa.int64()), "person": customers["person"]}),
        "names": _named(members, found["person"], BROWSERS),
        "mail_names": _named(members, found["person"], MAILS),
    }
    return People(tables, encoded.dictionary)


def _members(connection: psycopg.Connection) -> pa.Table:
    with connection.cursor() as cursor, cursor.copy(f"COPY ({MEMBERS}) TO STDOUT (FORMAT csv)") as copy:
        text = b"".join(copy)
    if not text:
        return pa.table({name: pa.array([], type) for name, type in COLUMNS.items()})
    convert = pacsv.ConvertOptions(column_types=COLUMNS, strings_can_be_null=False)
    read = pacsv.ReadOptions(column_names=list(COLUMNS))
    return pacsv.read_csv(pa.BufferReader(text), read_options=read, convert_options=convert)


def _refused(members: pa.Table) -> pa.Array:
    """The persons for whom one of their names says no. There are few different wishes, so each is weighed once."""
    wishes = members.group_by(list(WISHES)).aggregate([]).to_pylist()
    refused = [wish for wish in wishes if not allowed(Purpose.LEARN, _consent(**wish))]
    persons = [
        members.filter(_all(pc.equal(members[name], value) for name, value in wish.items()))["person"]
        for wish in refused
    ]
    return (
        pa.concat_arrays([chunk for each in persons for chunk in each.chunks]) if persons else pa.array([], pa.int64())
    )


def _consent(*, opted_out: int, email_marketing: str, personalise: str) -> ShopperConsent:
    own = OwnSwitches(personalise=SWITCH.get(personalise))
    return ShopperConsent(email_marketing=email_marketing or None, opted_out=bool(opted_out), own=own)


def _all(masks: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    found: Iterator[pa.ChunkedArray] = iter(masks)
    both = next(found)
    for mask in found:
        both = pc.and_(both, mask)
    return both


def _named(members: pa.Table, people: pa.ChunkedArray, kinds: tuple[str, ...]) -> pa.Table:
    """``id, person`` of the names of these kinds, each id once."""
    wanted = pc.and_(
        pc.is_in(members["kind"], value_set=pa.array(kinds)), pc.is_in(members["person"], value_set=people)
    )
    named = members.filter(wanted).group_by("id").aggregate([("person", "min")])
    return pa.table({"id": named["id"], "person": named["person_min"]})
