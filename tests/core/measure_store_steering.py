"""Measure what sliders cost with a shop's own blend: `python -m tests.core.measure_store_steering FILE UNTIL`

A training of the shop as it stood on that day, on Online Retail, with the production code: the blend of "For you" is
learnt, sits its exam on the last 28 days, and the exam is asked again with the sliders moved. The customers are three
shops of their own, so that each training stays small; their figures are pooled.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np

from app.cli.evaluation.trade_off import described
from app.core.recommend import slider_exam
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.item_facts import Attributes, ItemFacts, attributes_of
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.training import learn
from app.core.recommend.slider_exam import Setting, SliderExam
from app.core.recommend.types import Rail, Strategy

PARTS = 3
MOST_ASKED = 1000
LEAST_CUSTOMERS = 200
SHOWN = ("ndcg", "coverage", "gini", "novelty", "alike", "off_mix", "kinds")
LINES = """
    WITH lines AS (
        SELECT InvoiceNo, upper(StockCode) AS code, min(InvoiceDate) AS bought, min(CustomerID) AS customer
        FROM read_parquet($file)
        WHERE InvoiceDate < $until AND InvoiceNo NOT LIKE 'C%' AND Quantity > 0 AND UnitPrice > 0
          AND regexp_matches(upper(StockCode), '^[0-9]{5}[A-Z]{0,2}$')
        GROUP BY 1, 2),
    orders AS (SELECT *, min(bought) OVER (PARTITION BY InvoiceNo) AS placed FROM lines)
    SELECT dense_rank() OVER (ORDER BY placed, InvoiceNo) AS number, dense_rank() OVER (ORDER BY code) AS product,
           code, epoch(placed) // 86400 AS day, coalesce(customer, 0) AS customer
    FROM orders WHERE hash(coalesce(CAST(customer AS varchar), InvoiceNo)) % $parts = $part ORDER BY number, product
"""
WORDS = """
    SELECT upper(StockCode),
           lower(regexp_replace(string_agg(DISTINCT trim(Description), ' '), '[^A-Za-z ]+', ' ', 'g'))
    FROM read_parquet($file) WHERE Description IS NOT NULL AND InvoiceDate < $before GROUP BY 1
"""


def orders_and_words(file: str, until: str, part: int) -> tuple[Baskets, Attributes]:
    """One shop's orders before that day, and the words of its products as far as the exam may know them."""
    rows = duckdb.execute(LINES, {"file": file, "until": until, "part": part, "parts": PARTS}).fetchnumpy()
    number, product, day, customer = (
        np.asarray(rows[name]).astype(np.int64) for name in ("number", "product", "day", "customer")
    )
    orders = baskets_of(number, product, day.astype(np.int32), customer=customer)
    before = str(np.datetime64(until) - 28)
    texts = dict(duckdb.execute(WORDS, {"file": file, "before": before}).fetchall())
    code_of = dict(zip(product.tolist(), rows["code"].tolist(), strict=True))
    told = [texts.get(code_of[product], "").split() for product in orders.items.tolist()]
    words = [[word for word in one if len(word) > 2] for one in told]
    number_of = {word: place for place, word in enumerate(sorted({word for one in words for word in one}))}
    pairs = [(item, number_of[word]) for item, one in enumerate(words) for word in one]
    item, attribute = (np.array(column) for column in zip(*pairs, strict=True))
    return orders, attributes_of(item, attribute, items=len(orders.items))


def examined(file: str, until: str, part: int) -> SliderExam:
    """What the exam of "For you" says of its sliders."""
    orders, attributes = orders_and_words(file, until, part)
    groups, _ = described(attributes)
    facts = replace(ItemFacts.unknown(len(orders.items)), attributes=attributes)
    facts = facts if groups is None else replace(facts, group=groups)
    material = Material(orders, groups=groups, facts=facts)
    exam = learn(material, today=int(orders.day[-1]), least_customers=LEAST_CUSTOMERS).exams[Rail.FOR_YOU]
    found = SliderExam.of(exam.as_json())
    assert exam.strategy is Strategy.RANKED
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class Pooled:
    """A line of the table: means over all questions, and the change of NDCG with its interval in per cent."""

    values: dict[str, float]
    change: tuple[float, float, float] | None = None


def pooled(exams: Sequence[SliderExam]) -> dict[str, Pooled]:
    """All shops' figures as of one; a change's error is read off its interval."""
    asked = np.array([one.questions for one in exams], dtype=np.float64)
    share = asked / asked.sum()

    def means(each: Sequence[Any]) -> dict[str, float]:
        return {name: float(share @ [values[name] for values in each]) for name in SHOWN}

    off = means([one.off for one in exams])
    lines = {"none": Pooled(off)}
    for same in zip(*(one.settings for one in exams), strict=True):
        base = np.array([one.off["ndcg"] for one in exams], dtype=np.float64)
        mean = float(share @ (base * [_part(one)[0] for one in same])) / off["ndcg"]
        errors = base * [(_part(one)[2] - _part(one)[1]) / 2.0 for one in same]
        margin = float(np.sqrt(((share * errors) ** 2).sum())) / off["ndcg"]
        change = (100 * mean, 100 * (mean - margin), 100 * (mean + margin))
        lines[f"{same[0].slider} {same[0].setting:g}"] = Pooled(means([one.values for one in same]), change)
    return lines


def _part(one: Setting) -> tuple[float, float, float]:
    assert one.change is not None
    return one.change


def main() -> None:
    file, until = sys.argv[1:]
    slider_exam.MOST_ASKED = MOST_ASKED
    exams = [examined(file, until, part) for part in range(PARTS)]
    print(f"{sum(one.questions for one in exams)} customers\n| {' | '.join(('sliders', *SHOWN))} |")
    for name, line in pooled(exams).items():
        change = " ({:+.1f}: {:+.1f} to {:+.1f})".format(*line.change) if line.change else ""
        figures = [f"{line.values[one]:.4f}{change if one == 'ndcg' else ''}" for one in SHOWN]
        print(f"| {' | '.join((name, *figures))} |", flush=True)


if __name__ == "__main__":
    main()
