"""Boxes: authenticated encryption for personal fields, tokens and raw webhook payloads, with keys that can be rotated.

A box is ``version | key id | nonce | AES-256-GCM ciphertext``. The key id is derived from the key, so the order of
`ENCRYPTION_KEYS` may change; the first key seals, every key opens. The shop and the column are bound in as associated
data: a box copied to another shop or column does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.ids import ShopId
from app.errors import Permanent

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES


class Sealer:
    """Seals and opens boxes, and makes keyed hashes.

    Args:
        keys: 32-byte keys, the newest first.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[0])
        self._hash_keys = [hashlib.sha256(b"attune email hash" + key).digest() for key in keys]

    def seal(self, shop: ShopId, column: str, plain: bytes) -> bytes:
        """Encrypt `plain` for one shop and column with the newest key."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._ciphers[self._newest]
        return VERSION + self._newest + nonce + cipher.encrypt(nonce, plain, _bound_to(shop, column))

    def open(self, shop: ShopId, column: str, box: bytes) -> bytes:
        """Decrypt a box that `seal` made for the same shop and column.

        Raises:
            Permanent: the key is no longer among ENCRYPTION_KEYS, or the box was altered or moved.
        """
        cipher = self._ciphers.get(key_id_of(box))
        if cipher is None:
            raise Permanent("a box was sealed with a key that is not in ENCRYPTION_KEYS; add the old key at the end")
        nonce = box[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES]
        try:
            return cipher.decrypt(nonce, box[HEADER_BYTES:], _bound_to(shop, column))
        except InvalidTag:
            raise Permanent(f"a box in {column} was altered or belongs elsewhere") from None

    @property
    def newest_key_id(self) -> bytes:
        """The id in every box that the newest key has sealed."""
        return self._newest

    def is_current(self, box: bytes) -> bool:
        """Whether the newest key sealed this box; rotation re-seals the others."""
        return key_id_of(box) == self._newest

    def email_hash(self, shop: ShopId, email: str) -> bytes:
        """A keyed hash of an e-mail address, equal for the same address in the same shop, under the newest key."""
        return self.email_hashes(shop, email)[0]

    def email_hashes(self, shop: ShopId, email: str) -> list[bytes]:
        """The hash under every key, newest first: what to look for while a rotation is under way."""
        text = f"{shop}:{email.strip().lower()}".encode()
        return [hmac.digest(key, text, "sha256") for key in self._hash_keys]


def key_id_of(box: bytes) -> bytes:
    """The id of the key that sealed a box."""
    return box[len(VERSION) : len(VERSION) + KEY_ID_BYTES]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"attune key id" + key).digest()[:KEY_ID_BYTES]


def _bound_to(shop: ShopId, column: str) -> bytes:
    return f"{shop}:{column}".encode()
