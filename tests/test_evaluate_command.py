"""`attune evaluate` and `make eval`, as they are called: files in, a table and JSON out, or a sentence why not."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from click.testing import CliRunner
from rich.console import Console

from app import cli
from app.adapters.data_files import layouts
from app.cli.evaluate import run_all
from app.cli.evaluation import everything, process
from app.cli.evaluation.known import KNOWN, Figure, known_set
from app.core.recommend.protocols.exam import Exam
from app.core.recommend.tasks import Task
from tests.conftest import real_data

SEQUENCES = 'user,items\nann,1 2 3 4\nbob,[2 3 5]\ncat,"3,4,1"\n'
TRAIN = 'items\n"7 8 9"\n"[8, 9]"\n"9;7"\n'


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return str(path)

    return written


def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The console script's exit code, and what it wrote."""
    monkeypatch.setattr(sys, "argv", ["attune", "evaluate", *arguments])
    try:
        cli.main()
        code: Any = 0
    except SystemExit as ended:
        code = ended.code or 0
    written = capsys.readouterr()
    return int(code), written.out + written.err


# -- what comes out ----------------------------------------------------------------------------------------------------


def test_models_are_measured_side_by_side_and_the_json_has_what_is_promised(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write("sequences.csv", SEQUENCES), tmp_path / "out.json"
    code, said = called(
        monkeypatch,
        capsys,
        file,
        "--protocol",
        "sequence",
        "--models",
        "popular,transitions",
        "--k",
        "1,2",
        "--json",
        str(out),
    )
    assert code == 0, said
    assert "popular" in said
    document = orjson.loads(out.read_bytes())
    assert (document["protocol"], document["data"]) == ("sequence", ["sequences.csv"])
    assert [result["model"] for result in document["results"]] == ["popular", "transitions"]
    result = document["results"][0]
    assert {"hr@1", "ndcg@1", "mrr@1", "coverage@1", "hr@2", "ndcg@2", "mrr@2", "coverage@2"} == set(result["metrics"])
    assert all(0.0 <= value <= 1.0 for value in result["metrics"].values())
    assert result["peak_mb"] > 10
    assert min(result["fit_s"], result["score_s"]) >= 0


def test_a_model_that_fails_is_named_and_the_others_are_still_measured(write: Any) -> None:
    exam = layouts.sequence(Path(write("sequences.csv", SEQUENCES)))
    jobs = [process.Job(name, exam, (1,)) for name in ("no such model", "popular")]
    results, failed = run_all(jobs, Console(quiet=True))
    assert [result.model for result in results] == ["popular"]
    assert "no such model" in failed["no such model"]


def _dies(pipe: Connection) -> None:
    os._exit(9)


def test_a_process_that_dies_before_it_has_read_its_job_is_named_and_not_waited_for(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "work", _dies)
    exam = layouts.sequence(Path(write("sequences.csv", SEQUENCES)))
    larger_than_a_pipe = exam.noting("much to say " * 100_000)
    with pytest.raises(process.Failed, match=r"popular: its process died \(exit code 9\)"):
        process.run(process.Job("popular", larger_than_a_pipe, (1,)))


# -- what goes in ------------------------------------------------------------------------------------------------------


def test_an_id_is_the_same_as_a_number_and_as_text(tmp_path: Path, write: Any) -> None:
    pa_parquet.write_table(pa.table({"items": [[7, 8, 9], [8, 9], [9, 7]]}), tmp_path / "train.parquet")
    test = Path(write("test.csv", 'prefix,target\n"7 8",9\n"x",7.0\n'))
    as_numbers = layouts.session(tmp_path / "train.parquet", test)
    as_text = layouts.session(Path(write("train.csv.gz", TRAIN)), test)
    for exam in (as_numbers, as_text):
        assert exam.names == ("7", "8", "9")
        assert exam.cases.target.tolist() == [2, 0]
        assert exam.training.item.tolist() == [0, 1, 2, 1, 2, 2, 0]


def test_an_id_keeps_its_leading_zeros(write: Any) -> None:
    exam = layouts.sequence(Path(write("s.csv", "user,items\n1,007 7 8\n2,7 007\n")))
    assert set(exam.names) == {"007", "7"}


@pytest.mark.parametrize(
    "written",
    [
        "2011-11-10T12:00:00",
        "2011-11-10 12:00:00Z",
        "11/10/2011 12:00",
        "10.11.2011 12:00",
        "1320926400",
        "1320926400000",
    ],
)
def test_times_may_be_written_in_many_ways(write: Any, written: str) -> None:
    # A day above 12 tells day and month apart.
    later = {"/": "11/30/2011 12:00", ".": "30.11.2011 12:00", "-": "2011-11-30T12:00:00"}
    other = next((text for mark, text in later.items() if mark in written), written.replace("1320926400", "1322654400"))
    log = f"user_id,item_id,timestamp\n1,a,{written}\n2,b,{written}\n1,b,{other}\n"
    exam = layouts.time([Path(write("log.csv", log))], until=15_300.0, days=60)
    assert exam.training.day is not None
    assert exam.training.day.tolist() == pytest.approx([15_288.5, 15_288.5])


def test_returns_are_netted_and_what_is_no_product_is_left_out_of_the_retail_log(write: Any) -> None:
    log = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,Holder,6,12/1/2010 8:26,2.5,17850.0,UK
1,71053,Lantern,6,12/1/2010 8:26,3.5,17850.0,UK
C2,71053,Lantern,-6,12/2/2010 8:26,3.5,17850,UK
3,POST,Postage,1,12/3/2010 8:26,18,17850,UK
3,85123a,Holder,1,12/3/2010 8:26,3.5,,UK
3,22423,Stand,1,12/4/2010 8:26,12.5,17851,UK
4,22423,Stand,1,12/23/2010 8:26,12.5,17850,UK
"""
    exam = layouts.time([Path(write("retail.csv", log))], until=14_953.0, days=28)
    assert exam.names == ("85123A", "22423")
    assert (len(exam.training), len(exam.cases)) == (2, 1)
    assert exam.facts is not None
    assert exam.facts.price.tolist() == [2.5, 12.5]


def test_of_a_log_of_events_only_purchases_count(write: Any) -> None:
    log = "user_id,item_id,timestamp,event\n1,a,2020-01-01,view\n1,b,2020-01-01,purchase\n2,c,2020-01-01,Purchase\n"
    log += "1,c,2020-01-09,purchase\n1,b,2020-01-09,view\n"
    exam = layouts.time([Path(write("log.csv", log))], until=18_268, days=9)
    assert exam.names == ("b", "c")
    assert exam.cases.target.tolist() == [1]
    assert "2 rows are no purchases" in " ".join(exam.notes)


def test_attributes_describe_the_catalogue_with_items_that_nobody_has_had(write: Any) -> None:
    items = Path(write("items.csv", 'item,attributes\n1,"red big"\n99,red\n3,\n'))
    exam = layouts.sequence(Path(write("s.csv", SEQUENCES)), items)
    assert exam.facts is not None
    assert exam.facts.attributes is not None
    number = (exam.facts.attributes.starts[1:] - exam.facts.attributes.starts[:-1]).tolist()
    described = dict(zip(exam.names, number, strict=True))
    assert (described["1"], described["99"], described["3"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("name", "text", "options", "sentence"),
    [
        ("a.csv", "user,things\n1,2\n", ["--protocol", "sequence"], "lacks the column items"),
        ("a.csv", "", ["--protocol", "sequence"], "cannot be read"),
        ("a.csv", "user,items\n", ["--protocol", "sequence"], "has no rows"),
        ("a.txt", SEQUENCES, ["--protocol", "sequence"], "is no data file"),
        ("a.parquet", "nonsense", ["--protocol", "sequence"], "cannot be read"),
        ("a.csv", "user,items\nann,5 5\n", ["--protocol", "sequence"], "two items or more"),
        (
            "a.csv",
            SEQUENCES,
            ["--protocol", "sequence", "--models", "magic"],
            "'magic' is no model; choose",
        ),
        ("a.csv", SEQUENCES, ["--protocol", "sequence", "--models", "tfidf"], "give --items"),
        ("a.csv", SEQUENCES, ["--protocol", "sequence", "--k", "0"], "must be 1 or more"),
        ("a.csv", SEQUENCES, ["--protocol", "sequence", "--k", "ten"], "whole numbers"),
        ("a.csv", SEQUENCES, ["--protocol", "sequence", "--cold", "0.05"], "--cold needs"),
        ("a.csv", SEQUENCES, ["--protocol", "session"], "takes TRAIN and TEST"),
        ("a.csv", "user,basket_no,items,is_future\n1,0,1 2,no\n", ["--protocol", "basket"], "is_future"),
        ("a.csv", "user,basket_no,items,is_future\n1,0,1 2,maybe\n", ["--protocol", "basket"], "'maybe'"),
        ("a.csv", "user_id,item_id,timestamp\n1,2,2020-01-01\n", ["--protocol", "time"], "needs --until"),
        ("a.csv", "user_id,item_id,timestamp\n1,2,2020-01-01\n", ["--protocol", "time", "--until", "soon"], "no day"),
        (
            "a.csv",
            "user_id,item_id,timestamp\n1,2,2020-01-01\n1,3,yesterday\n",
            ["--protocol", "time", "--until", "2020-02-01"],
            "'yesterday', which is no time",
        ),
        (
            "a.csv",
            "user_id,item_id,timestamp\n1,2,2020-01-01\n1,3,2020-01-02\n",
            ["--protocol", "time", "--until", "2021-01-01"],
            "nobody who was there before",
        ),
    ],
)
def test_bad_input_ends_in_a_sentence(
    write: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    options: Sequence[str],
    sentence: str,
) -> None:
    code, said = called(monkeypatch, capsys, write(name, text), *options)
    assert code != 0
    assert sentence in " ".join(said.split())
    assert "Traceback" not in said


# -- the known sets ----------------------------------------------------------------------------------------------------


def test_what_must_be_reached_is_the_greater_of_the_printed_and_the_recomputed_figure() -> None:
    figure = Figure("ndcg@10", 0.05, ("popular", "linear"), 1.1)
    assert figure.floor({"popular": {"ndcg@10": 0.01}}) == 0.05
    assert figure.floor({"popular": {"ndcg@10": 0.01}, "linear": {"ndcg@10": 0.1}}) == pytest.approx(0.11)


def test_missing_sets_are_skipped_aloud(tmp_path: Path) -> None:
    answer = CliRunner().invoke(everything.command, ["--folder", str(tmp_path)])
    assert answer.exit_code != 0
    assert answer.output.count("skipped:") == len(KNOWN)
    assert "nothing was measured" in answer.output


def exam_of(key: str) -> Exam:
    known = next(one for one in KNOWN if one.key == key)
    files = [real_data(name) for name in known.files]
    match known.task:
        case Task.SESSION:
            return layouts.session(*files)
        case Task.SEQUENCE:
            return layouts.sequence(files[0])
        case Task.BASKET:
            return layouts.basket(files[0])
        case _:
            return layouts.time(files, until=15_288.0, days=28)


@pytest.mark.realdata
@pytest.mark.parametrize("key", [one.key for one in KNOWN if one.questions])
def test_the_known_sets_are_recognised_by_what_they_hold(key: str) -> None:
    found = known_set(exam_of(key))
    assert found is not None
    assert found.key == key
