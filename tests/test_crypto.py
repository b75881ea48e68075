"""Boxes open only where they belong, with any key of the ring, and never after being altered."""

from __future__ import annotations

import pytest

from app.adapters.crypto import Sealer
from app.core.ids import ShopId
from app.errors import Permanent

OLD, NEW = b"o" * 32, b"n" * 32
ALICE, CHARLIE = ShopId(1), ShopId(2)


def test_what_was_sealed_opens_again_and_does_not_stand_in_the_box() -> None:
    sealer = Sealer([NEW])
    box = sealer.seal(ALICE, "customers.contact", b"ada@example.com")
    assert b"ada" not in box
    assert sealer.open(ALICE, "customers.contact", box) == b"ada@example.com"


def test_two_boxes_of_the_same_text_differ() -> None:
    sealer = Sealer([NEW])
    assert sealer.seal(ALICE, "c", b"x") != sealer.seal(ALICE, "c", b"x")


@pytest.mark.parametrize(("shop", "column"), [(CHARLIE, "c"), (ALICE, "d")])
def test_a_box_moved_to_another_shop_or_column_does_not_open(shop: ShopId, column: str) -> None:
    sealer = Sealer([NEW])
    with pytest.raises(Permanent, match="altered or belongs elsewhere"):
        sealer.open(shop, column, sealer.seal(ALICE, "c", b"x"))


def test_an_altered_box_does_not_open() -> None:
    sealer = Sealer([NEW])
    box = bytearray(sealer.seal(ALICE, "c", b"x"))
    box[-1] ^= 1
    with pytest.raises(Permanent):
        sealer.open(ALICE, "c", bytes(box))


def test_after_a_rotation_old_boxes_open_and_new_ones_use_the_new_key() -> None:
    box = Sealer([OLD]).seal(ALICE, "c", b"x")
    rotated = Sealer([NEW, OLD])
    assert rotated.open(ALICE, "c", box) == b"x"
    assert not rotated.is_current(box)
    assert rotated.is_current(rotated.seal(ALICE, "c", b"x"))


def test_a_box_of_a_key_that_is_gone_says_what_to_do() -> None:
    box = Sealer([OLD]).seal(ALICE, "c", b"x")
    with pytest.raises(Permanent, match="ENCRYPTION_KEYS"):
        Sealer([NEW]).open(ALICE, "c", box)


def test_the_same_address_has_the_same_hash_in_one_shop_only() -> None:
    sealer = Sealer([NEW, OLD])
    assert sealer.email_hash(ALICE, " Ada@Example.com ") == sealer.email_hash(ALICE, "ada@example.com")
    assert sealer.email_hash(ALICE, "ada@example.com") != sealer.email_hash(CHARLIE, "ada@example.com")
    assert Sealer([OLD]).email_hash(ALICE, "a@b") in sealer.email_hashes(ALICE, "a@b")
