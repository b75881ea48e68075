"""Files as people have them: odd types, odd marks, several of them. Each makes an exam, or ends in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from app.adapters.data_files import layouts
from app.core.recommend.protocols.exam import BadData, Exam

ITEMS = [["a", "b", "c"], ["b", "a"], ["c", "a", "b"]]
SEQUENCES = "user,items\nann,1 2 3 4\nbob,2 3 5\ncat,3 4 1\n"
LOG = "user_id,item_id,timestamp\n1,a,2020-01-01\n2,b,2020-01-02\n1,b,2020-01-12\n"
UNTIL = 18_271.0
"""2020-01-10."""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def written(name: str, text: str | bytes = "", **columns: Any) -> Path:
        path = tmp_path / name
        if columns:
            pa_parquet.write_table(pa.table(columns), path)
        else:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return written


def sequences(exam: Exam) -> list[str]:
    return ["".join(exam.names[item] for item in history.item.tolist()) for history in exam.training]


# -- what is understood ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "items",
    [
        pa.array(ITEMS),
        pa.array(ITEMS, pa.large_list(pa.large_string())),
        pa.array(ITEMS, pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        pa.array([" ".join(one) for one in ITEMS]).dictionary_encode(),
        pa.array([str(one) for one in ITEMS], pa.string_view()),
        pa.array([",".join(one).encode() for one in ITEMS]),
        pa.array([[*one, None] for one in ITEMS]),
    ],
    ids=lambda items: str(items.type)[:30],
)
def test_lists_may_be_of_any_type_that_holds_ids(file: Callable[..., Path], items: Any) -> None:
    exam = layouts.sequence(file("a.parquet", user=pa.array([1.0, 2.0, float("inf")]), items=items))
    assert sequences(exam) == ["ab", "b", "ca"]


@pytest.mark.parametrize(
    "text", ["\ufeff" + SEQUENCES, SEQUENCES.replace("\n", "\r\n"), SEQUENCES.replace("user", " USER ")]
)
def test_a_byte_order_mark_foreign_line_ends_and_capitals_do_no_harm(file: Callable[..., Path], text: str) -> None:
    assert len(layouts.sequence(file("a.csv", text)).cases) == 3


def test_every_file_of_a_log_may_write_ids_and_times_in_its_own_way(file: Callable[..., Path]) -> None:
    others = (
        file("b.csv", "item_id,user_id,timestamp,price\nc,3,01/05/2020 08:26,2.5\n"),
        file(
            "c.parquet",
            user_id=pa.array([1.0]),
            item_id=pa.array(["c"]),
            timestamp=pa.array([int(UNTIL) + 3], pa.date32()),
        ),
    )
    exam = layouts.time([file("a.csv", LOG), *others], until=UNTIL, days=28)
    assert exam.names == ("a", "b", "c")
    assert exam.training.day is not None
    assert exam.training.day.tolist() == pytest.approx([18_262.0, 18_263.0, 18_266.351], abs=0.002)
    [case] = exam.cases
    assert sorted(exam.names[item] for item in case.targets.tolist()) == ["b", "c"]
    assert exam.facts is not None
    assert np.nan_to_num(exam.facts.price).tolist() == [0.0, 0.0, 2.5]


def test_baskets_may_be_in_the_order_of_their_days(file: Callable[..., Path]) -> None:
    text = "user,basket_no,items,is_future\n1,2020-02-01,a b,1\n1,2020-01-09,b,0\n1,2019-12-31,b a,0\n"
    exam = layouts.basket(file("b.csv", text))
    assert (sequences(exam), exam.training.step.tolist()) == (["bab"], [1, 1, 2])


def test_prices_that_no_price_can_be_are_not_known(file: Callable[..., Path]) -> None:
    text = "user_id,item_id,timestamp,price\n1,a,2020-01-01,1e39\n2,b,2020-01-02,1e-60\n3,c,2020-01-02,inf\n"
    text += "3,d,2020-01-02,-2\n3,e,2020-01-02,4\n1,b,2020-01-12,nan\n"
    facts = layouts.time([file("a.csv", text)], until=UNTIL, days=28).facts
    assert facts is not None
    assert np.nan_to_num(facts.price, nan=-1.0).tolist() == [-1.0, -1.0, -1.0, -1.0, 4.0]


def test_attributes_that_name_nothing_are_no_attributes(file: Callable[..., Path]) -> None:
    items = file("i.csv", "item,attributes\n1,nan\n2,\n3,x x y\n3,y\n,z\n")
    described = layouts.sequence(file("a.csv", SEQUENCES), items).facts
    assert described is not None
    assert described.attributes is not None
    assert np.diff(described.attributes.starts).tolist() == [0, 0, 2, 0]


# -- what is not -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"user": [1, 2], "items": [[[1]], [[2]]]}, "which is no id"),
        ({"user": [[1], [2]], "items": [[1, 2], [2, 1]]}, "which is no id"),
        ({"user": [b"\xff", b"b"], "items": [[1, 2], [2, 1]]}, "UTF-8"),
        ({"user": [1, 2], "items": [{"a": 1}, {"a": 2}]}, "a column of lists holds"),
        ({"user": [1, 2], "items": [None, None]}, "nothing to learn from"),
    ],
)
def test_a_column_of_the_wrong_type_is_refused_in_words(
    file: Callable[..., Path], columns: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadData, match=sentence):
        layouts.sequence(file("a.parquet", **{name: pa.array(values) for name, values in columns.items()}))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SEQUENCES.replace(",", ";"), "Separate columns with commas"),
        (SEQUENCES.replace(",", "\t"), "Separate columns with commas"),
        (SEQUENCES.replace("ann", "Jos\xe9").encode("latin-1"), "UTF-8"),
        ("user,items,Items\n1,1 2,2 1\n2,1 2,2 1\n", "more than once"),
        ("user,items\n1,1,2,3\n2,2\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_says_what_to_do(file: Callable[..., Path], text: str | bytes, sentence: str) -> None:
    with pytest.raises(BadData, match=sentence):
        layouts.sequence(file("a.csv", text))


def test_a_split_beyond_the_log_says_of_when_the_log_is(file: Callable[..., Path]) -> None:
    log = file("a.csv", LOG)
    with pytest.raises(BadData, match=r"nobody who was there before.*2020-01-01 to 2020-01-12"):
        layouts.time([log], until=UNTIL + 365, days=28)
    with pytest.raises(BadData, match=r"Choose a later day.*2020-01-01 to 2020-01-12"):
        layouts.time([log], until=UNTIL - 365, days=28)


def test_what_hides_nothing_that_is_asked_says_so(file: Callable[..., Path]) -> None:
    items = file("i.csv", "item,attributes\n1,x\n2,y\n3,x y\n")
    with pytest.raises(BadData, match="No list ends with a hidden item"):
        layouts.sequence(file("a.csv", SEQUENCES.replace("cat,3 4 1", "cat,3 4 6")), items, hide=0.3, seed=1)
