"""Token pairs, both tokens in boxes. A pair is replaced as a whole, by compare-and-set on its generation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import StoredToken, TokenPair

ACCESS = "credentials.access_token"
REFRESH = "credentials.refresh_token"

LOAD = text("""
    SELECT access_token, refresh_token, scopes, access_expires_at, refresh_expires_at, generation FROM credentials
""")
PUT = text("""
    INSERT INTO credentials
        (shop_id, access_token, refresh_token, scopes, access_expires_at, refresh_expires_at, generation)
    VALUES (:shop, :access, :refresh, :scopes, :access_until, :refresh_until, 1)
    ON CONFLICT (shop_id) DO UPDATE SET
        access_token = excluded.access_token, refresh_token = excluded.refresh_token, scopes = excluded.scopes,
        access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at,
        generation = credentials.generation + 1
""")
ROTATE = text("""
    UPDATE credentials SET
        access_token = :access, refresh_token = :refresh, scopes = :scopes, access_expires_at = :access_until,
        refresh_expires_at = :refresh_until, generation = generation + 1
    WHERE shop_id = :shop AND generation = :generation
    RETURNING generation
""")
DROP = text("DELETE FROM credentials WHERE shop_id = :shop AND generation = :generation")
SET_SCOPES = text("UPDATE credentials SET scopes = :scopes WHERE shop_id = :shop")


class DbCredentials:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def load(self, shop: ShopId) -> StoredToken | None:
        with self._database.shop(shop) as session:
            row = session.execute(LOAD).first()
        if row is None or row.access_token is None or row.refresh_token is None:
            return None
        pair = TokenPair(
            access_token=self._sealer.open(shop, ACCESS, row.access_token).decode(),
            refresh_token=self._sealer.open(shop, REFRESH, row.refresh_token).decode(),
            scopes=row.scopes,
            access_expires_at=row.access_expires_at,
            refresh_expires_at=row.refresh_expires_at,
        )
        return StoredToken(pair, row.generation)

    def rotate(self, shop: ShopId, pair: TokenPair, *, generation: int) -> bool:
        values = {**pair_values(self._sealer, shop, pair), "generation": generation}
        with self._database.shop(shop) as session:
            return session.execute(ROTATE, values).first() is not None

    def drop(self, shop: ShopId, *, generation: int) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP, {"shop": shop, "generation": generation})

    def set_scopes(self, shop: ShopId, scopes: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(SET_SCOPES, {"shop": shop, "scopes": scopes})


def pair_values(sealer: Sealer, shop: ShopId, pair: TokenPair) -> dict[str, Any]:
    """The parameters of `PUT` and `ROTATE`, the tokens sealed."""
    return {
        "shop": shop,
        "access": sealer.seal(shop, ACCESS, pair.access_token.encode()),
        "refresh": sealer.seal(shop, REFRESH, pair.refresh_token.encode()),
        "scopes": pair.scopes,
        "access_until": pair.access_expires_at,
        "refresh_until": pair.refresh_expires_at,
    }
