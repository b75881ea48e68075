"""The e-mail hold-out is computed: stable, of the stated size, and another share moves no more than it must."""

from __future__ import annotations

from app.core.email.hold_out import arm_of
from app.core.email.names import Arm
from app.core.ids import CustomerId

CUSTOMERS = [CustomerId(number) for number in range(1, 20_001)]


def held(salt: str, share: float) -> set[CustomerId]:
    return {one for one in CUSTOMERS if arm_of(salt, one, share=share) is Arm.CONTROL}


def test_the_share_is_held_out_within_sampling_error() -> None:
    assert abs(len(held("a", 0.1)) - 2000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5


def test_nobody_or_half_of_them_can_be() -> None:
    assert not held("a", 0.0)
    assert abs(len(held("a", 0.5)) - 10_000) < 4 * 5000**0.5


def test_a_larger_share_keeps_who_was_held_out_before() -> None:
    assert held("a", 0.1) < held("a", 0.2)


def test_another_shop_draws_others() -> None:
    assert abs(len(held("a", 0.1) & held("b", 0.1)) - 200) < 4 * 200**0.5
