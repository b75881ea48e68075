"""Tokens of links in mails, which stand among the ties until Klaviyo has said whose they are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.identity_ties import note
from app.core.ids import ShopId
from app.core.profiles.identity import Evidence, Name, Named, tie
from app.core.profiles.identity_ties import KX
from app.ports.engagement import MailLink

WAITING = text(f"""
    SELECT left_kind, left_id, right_kind, right_id, hours FROM identity_ties
    WHERE evidence = '{Evidence.EMAIL_LINK}'
      AND ((left_kind = '{Name.KLAVIYO}' AND left_id LIKE '{KX}%')
           OR (right_kind = '{Name.KLAVIYO}' AND right_id LIKE '{KX}%'))
    ORDER BY left_id, right_id LIMIT :limit
""")
DROP_TIES = text(f"""
    DELETE FROM identity_ties WHERE (left_kind = '{Name.KLAVIYO}' AND left_id = :id)
        OR (right_kind = '{Name.KLAVIYO}' AND right_id = :id)
""")
DROP_NAME = text(f"DELETE FROM profile_members WHERE kind = '{Name.KLAVIYO}' AND id = :id")


class DbMailLinks:
    """Implements `app.ports.engagement.MailLinks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[MailLink]:
        """Tokens that nobody has exchanged, each with a browser."""
        found = []
        with self._database.shop(shop) as session:
            for row in session.execute(WAITING, {"limit": limit}):
                sides = [Named(Name(row.left_kind), row.left_id), Named(Name(row.right_kind), row.right_id)]
                token = next(one for one in sides if one.kind is Name.KLAVIYO and one.id.startswith(KX))
                browser = next(one for one in sides if one != token)
                found.append(MailLink(token.id.removeprefix(KX), browser, tuple(row.hours)))
        return found

    def exchanged(self, shop: ShopId, link: MailLink, profile: str, email: str | None) -> None:
        """Tie the browser to Klaviyo's profile, and this to its address's keyed hash, in the token's place."""
        holder = Named(Name.KLAVIYO, profile)
        ties = [tie(link.browser, holder, Evidence.EMAIL_LINK, hour) for hour in link.hours]
        if email and link.hours:
            ties.append(tie(holder, Named(Name.EMAIL, email), Evidence.KLAVIYO_RECORD, max(link.hours)))
        with self._database.shop(shop) as session:
            _drop(session, link.token)
            note(session, shop, ties)

    def drop(self, shop: ShopId, token: str) -> None:
        """Forget the token and what it ties."""
        with self._database.shop(shop) as session:
            _drop(session, token)


def _drop(session: Session, token: str) -> None:
    for statement in (DROP_TIES, DROP_NAME):
        session.execute(statement, {"id": KX + token})
