"""The exams of the rails that live from what stands together in orders, and of their sliders."""

from __future__ import annotations

from dataclasses import replace

from app.core.recommend import evaluate, slider_exam
from app.core.recommend.evaluate import Exam
from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.questions import Question, cart_questions, complement_questions, pair_questions
from app.core.recommend.scorers import Scorer, beside, popular, served
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.tradeoff import About
from app.core.recommend.types import Rail, Strategy

NO_KINDS = "the products have neither types nor collections that tell them apart"


def bought_together(model: ItemModel, floor: ItemModel, window: Baskets, known: About) -> Exam:
    """Given one product of an order, another one of it."""
    rivals = beside(model), popular(floor)
    return _with_sliders(Rail.BOUGHT_TOGETHER, Strategy.ITEM_ITEM, rivals, pair_questions(window), known, window)


def goes_well(model: ItemModel, floor: ItemModel, window: Baskets, known: About) -> Exam:
    """Given some products of an order, another one of it."""
    rivals = beside_carts(model), popular(floor)
    return _with_sliders(Rail.GOES_WELL, model.goes_well, rivals, cart_questions(window), known, window)


def complete_the_look(model: ItemModel, floor: ItemModel, window: Baskets, groups: Groups | None) -> Exam:
    """Given one product of an order, another one of it that is of another kind."""
    asked = [] if groups is None else complement_questions(window, groups)
    result = evaluate.examine(beside(model, Table.COMPLEMENTS), popular(floor), asked)
    lacking = NO_KINDS if groups is None else ""
    return Exam(Rail.COMPLETE_THE_LOOK, Strategy.COMPLEMENTS, result, lacking=lacking)


def beside_carts(model: ItemModel) -> Scorer:
    """What would be served, had the rail passed its exam."""
    return served(replace(model, rails=frozenset({Rail.GOES_WELL})), Rail.GOES_WELL)


def _with_sliders(
    rail: Rail,
    strategy: Strategy,
    rivals: tuple[Scorer, Scorer],
    asked: list[Question],
    known: About,
    window: Baskets,
) -> Exam:
    """Both are asked; then what the rail shows is asked again with its sliders moved."""
    result = evaluate.examine(*rivals, asked)
    shown = slider_exam.by_given(rivals[0] if result.passed else rivals[1])
    return Exam(rail, strategy, result, slider_exam.measured(shown, asked, known, window.items))
