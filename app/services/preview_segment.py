"""What a rule that is being written would catch: how many, and a few of them with what decided.

The page asks, a job counts, and the page looks until there is an answer.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

import orjson

from app import jobs
from app.core.segments.rules import Rule, measures
from app.core.shops import Shop
from app.ports import Clock, Jobs, RollUps
from app.ports.segments import Preview, SegmentCatalogue, Segmenter, SegmentPreviews
from app.services.save_segment import checked
from app.services.segment_customers import moments_of

SAMPLE: Final = 10


@dataclass(frozen=True, slots=True)
class Asking:
    previews: SegmentPreviews
    catalogue: SegmentCatalogue
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class Ports:
    previews: SegmentPreviews
    segmenter: Segmenter
    roll_ups: RollUps
    clock: Clock


def ask_preview(shop: Shop, rule: Rule, ports: Asking) -> str:
    """Have the rule counted; returns the id by which the answer is found.

    Raises:
        BadRule: it names what the store does not have.
    """
    checked(shop, rule, ports.catalogue)
    id = secrets.token_urlsafe(12)
    ports.previews.ask(shop.id, id, rule, at=ports.clock.now())
    ports.jobs.enqueue(jobs.PREVIEW_SEGMENT, shop.id, id)
    return id


def preview_segment(shop: Shop, id: str, ports: Ports) -> Preview | None:
    """Count and keep the answer; None where nobody waits for it any more."""
    asked = ports.previews.one(shop.id, id)
    if asked is None or asked.state != "waiting":
        return None
    try:
        answer = _counted(shop, asked, ports)
    except Exception:
        # The page waits for an answer, whatever went wrong; the job fails all the same.
        ports.previews.answer(shop.id, replace(asked, state="failed", complaint="The count did not succeed."))
        raise
    ports.previews.answer(shop.id, answer)
    return answer


def _counted(shop: Shop, asked: Preview, ports: Ports) -> Preview:
    moments, _ = moments_of(shop, ports.roll_ups, ports.clock.now())
    with ports.segmenter.counted(shop.id, measures(asked.rule), moments) as counted:
        number, found = counted.sample(asked.rule, limit=SAMPLE)
        everybody = counted.scale.people
    sample = [(profile, None, orjson.loads(why)) for profile, why in found]
    return replace(asked, state="done", count=number, everybody=everybody, sample=sample)
