"""Tell what is known of a version: its model card, out of the register and of how it did with shoppers."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.recommend.canary import Trial
from app.core.recommend.model_card import Section, Subject, as_markdown, card
from app.ports import ModelRecord


def card_of(record: ModelRecord, trial: Trial | None) -> Sequence[Section]:
    """The version's card, section by section."""
    return card(_subject(record), trial)


def card_as_markdown(record: ModelRecord, trial: Trial | None) -> str:
    """The version's card as a Markdown document."""
    return as_markdown(_subject(record), card_of(record, trial))


def _subject(record: ModelRecord) -> Subject:
    return Subject(
        version=record.version,
        strategy=record.strategy,
        trained_at=record.trained_at,
        metrics=record.metrics,
        note=record.note,
        lineage=record.lineage,
    )
