"""The merchant's word that two names are two persons', written so that the profiles around them are made anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.due_work import PUT
from app.adapters.db.stitching import NAMES, arrays, written
from app.core.ids import ShopId
from app.core.profiles.identity import Cut
from app.jobs import STITCH_DUE

KEEP = text("""
    INSERT INTO identity_cuts (shop_id, left_kind, left_id, right_kind, right_id, at, by)
    VALUES (:shop, :left_kind, :left_id, :right_kind, :right_id, :at, :by) ON CONFLICT DO NOTHING
""")
DROP = text("""
    DELETE FROM identity_cuts WHERE left_kind = :left_kind AND left_id = :left_id
      AND right_kind = :right_kind AND right_id = :right_id
""")
AGAIN = text(f"""
    UPDATE identity_ties t SET stitched = false, marks = marks + 1 FROM {NAMES}
    WHERE (t.left_kind = n.kind AND t.left_id = n.id) OR (t.right_kind = n.kind AND t.right_id = n.id)
""")


def keep_cuts(session: Session, shop: ShopId, cuts: Iterable[Cut], *, by: str, at: datetime) -> None:
    for one in sorted(cuts):
        session.execute(KEEP, {"shop": shop, **written(*one), "at": at, "by": by})
        _again(session, shop, one)


def drop_cuts(session: Session, shop: ShopId, cuts: Iterable[Cut]) -> None:
    for one in sorted(cuts):
        session.execute(DROP, written(*one))
        _again(session, shop, one)


def _again(session: Session, shop: ShopId, one: Cut) -> None:
    session.execute(AGAIN, arrays(one))
    session.execute(PUT, {"shop": shop, "kind": STITCH_DUE, "id": "", "after_s": 0.0})
