"""Which failures are tried once more, alone, and which are believed at once."""

from __future__ import annotations

import pytest

from tests.second_look import MOST, worth_it


@pytest.mark.parametrize(
    ("failed", "tried"),
    [
        ([], False),
        (["tests/a.py::test_one"], True),
        ([f"tests/a.py::test_{number}" for number in range(MOST)], True),
        ([f"tests/a.py::test_{number}" for number in range(MOST + 1)], False),
        (["tests/a.py::test_one", "tests/b.py"], False),
    ],
)
def test_only_a_few_whole_tests_are_tried_again(failed: list[str], tried: bool) -> None:
    assert worth_it(failed) is tried
