"""The texts of products as attributes: the same words are the same numbers, whenever and wherever they are read."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.recommend.item_facts import ItemFacts, attributes_of
from app.core.recommend.item_words import MOST, ItemText, attributes_from, terms, words


def shared(one: ItemText, other: ItemText) -> set[int]:
    return set(terms(one)) & set(terms(other))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oak Cups & Saucers", ["oak", "cup", "saucer"]),
        ("Berries, berry!", ["berry", "berry"]),
        ("Glass dress for a bus", ["glass", "dress", "for", "bus"]),
        ("500 ml, 30x40 cm, 2026", ["ml", "cm"]),
        ("ＫＡＦＦＥＥ Größe Ñandú", ["kaffee", "grösse", "ñandú"]),
        ("<b>tea</b>\x00\ud800", ["tea"]),
        ("", []),
    ],
)
def test_words_are_told_alike_in_any_language_and_numbers_are_none(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_is_the_same_in_every_field_and_a_whole_tag_is_more_than_its_words() -> None:
    assert len(shared(ItemText(title="Tea pot"), ItemText(kind="teas"))) == 1
    assert len(shared(ItemText(tags=("tea pot",)), ItemText(tags=("Tea  Pot",)))) == 3
    assert len(shared(ItemText(tags=("tea pot",)), ItemText(tags=("pot", "tea")))) == 2
    assert not shared(ItemText(vendor="Oak"), ItemText(title="Oak"))
    assert len(terms(ItemText(tags=("\ud800",)))) == 1


def test_what_says_most_of_a_product_is_kept_when_there_is_too_much() -> None:
    listed = tuple(f"search{''.join(map(chr, (97 + n // 26, 97 + n % 26)))}" for n in range(500))
    found = terms(ItemText(title="Oak Bowl", kind="Bowl", tags=listed))
    assert len(found) == MOST
    assert set(terms(ItemText(kind="Bowl"))) & set(found)


def test_words_that_most_products_have_are_left_out_in_a_catalogue_large_enough() -> None:
    texts = [(place, ItemText(title=f"The {'oak' if place % 3 else 'elm'} thing")) for place in range(30)]
    the = next(iter(terms(ItemText(title="the"))))
    assert the not in attributes_from(texts, 30).attribute
    assert the in attributes_from(texts[:10], 10).attribute


def test_items_without_a_text_have_no_attributes() -> None:
    found = attributes_from([(3, ItemText(title="Elm bowl")), (1, ItemText())], 5)
    assert np.diff(found.starts).tolist() == [0, 0, 0, 2, 0]
    assert len(attributes_from([], 2)) == 2


def test_bare_attributes_count_once_however_often_they_are_listed() -> None:
    found = attributes_of(np.array([1, 1, 0, 1]), np.array([7, 7, 2, 3]), items=3)
    assert (found.starts.tolist(), found.attribute.tolist(), found.weight.tolist()) == (
        [0, 1, 3, 3],
        [2, 3, 7],
        [1, 1, 1],
    )


@pytest.mark.parametrize(("item", "attribute"), [([3], [0]), ([-1], [0]), ([0], [-1])])
def test_attributes_out_of_bounds_are_refused(item: list[int], attribute: list[int]) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        attributes_of(np.array(item), np.array(attribute), items=3)


def test_facts_come_back_from_an_artefact_as_they_went_and_damaged_ones_are_refused() -> None:
    facts = ItemFacts.unknown(4)
    whole = ItemFacts(
        np.arange(4, dtype=np.float32),
        facts.margin,
        facts.group,
        facts.created,
        facts.cover,
        attributes_from([(0, ItemText("Elm bowl"))], 4),
    )
    for one in (facts, whole, whole.without_attributes):
        read = ItemFacts.of(one.arrays(), one.meta())
        assert all(
            np.array_equal(read.arrays()[name], array, equal_nan=array.dtype.kind == "f")
            for name, array in one.arrays().items()
        )
        assert (read.attributes is None) == (one.attributes is None)
    for name in whole.arrays():
        with pytest.raises(ValueError, match=name):
            ItemFacts.of({other: array for other, array in whole.arrays().items() if other != name}, whole.meta())
        with pytest.raises(ValueError, match=r"length|fit together|catalogue"):
            ItemFacts.of({**whole.arrays(), name: whole.arrays()[name][:-1]}, whole.meta())
