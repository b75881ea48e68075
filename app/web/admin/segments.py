"""Segments: which there are and how large, who is in one, since when and why, who came and went; rename and delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from flask import Blueprint, Response, render_template, request

from app import jobs
from app.core.segments.builtin import MEANING_OF
from app.core.segments.parse import as_json
from app.core.segments.words import Wording
from app.core.shops import Shop
from app.ports.segments import Member, Segment, SegmentDay, SegmentId
from app.services.save_segment import LONGEST_NAME, BadName, rename_segment, wording_of
from app.web import doors
from app.web.admin.audience import outlets_of
from app.web.admin.see_other import see_other
from app.web.admin.segment_builder import PATH, because
from app.web.admin.segment_rules import groups_of, written
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

SHOWN = 10
DAYS = 90


@dataclass(frozen=True, slots=True)
class ShownSegment:
    segment: Segment
    last: SegmentDay | None

    @property
    def sentence(self) -> str:
        return _sentence(self.segment)

    @property
    def change(self) -> str:
        """What the last count changed."""
        if self.last is None or not (self.last.entered or self.last.left):
            return "–"
        if self.last.entered == self.last.size and not self.last.left:
            return "all new"
        return " ".join(
            f"{sign}{number:,}" for sign, number in (("+", self.last.entered), ("−", self.last.left)) if number
        )


@dataclass(frozen=True, slots=True)
class ShownMember:
    customer: int | None
    since: datetime
    because: list[str]


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("segments", __name__)
    routes.register_error_handler(BadName, lambda error: problem(422, str(error), field="name"))

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        days = wiring.segments.last_days(shop.id)
        shown = [ShownSegment(one, days.get(one.id)) for one in wiring.segments.all(shop.id)]
        counted = max((one.segment.counted_at for one in shown if one.segment.counted_at), default=None)
        return render_template(
            "admin/segments.html",
            yours=[one for one in shown if not one.segment.is_builtin],
            builtin=[one for one in shown if one.segment.is_builtin],
            counted_at=counted,
            asked="counting" in request.args,
        )

    @routes.post(f"{PATH}/count")
    def count() -> Response:
        shop = doors.admin().shop
        wiring.jobs.enqueue(jobs.SEGMENT_CUSTOMERS, shop.id)
        return see_other(own(PATH, counting="1"))

    @routes.get(f"{PATH}/<int:number>")
    def one(number: int) -> str | tuple[str, int]:
        shop = doors.admin().shop
        segment = wiring.segments.one(shop.id, SegmentId(number))
        if segment is None:
            return render_template("admin/segment_gone.html"), 404
        return render_template("admin/segment.html", **_shown(shop, segment, wiring))

    @routes.post(f"{PATH}/<int:number>/rename")
    def rename(number: int) -> Response:
        shop = doors.admin().shop
        rename_segment(shop, SegmentId(number), request.form.get("name", ""), wiring.saving_segments)
        return see_other(own(f"{PATH}/{number}"))

    @routes.post(f"{PATH}/<int:number>/delete")
    def delete(number: int) -> Response:
        shop = doors.admin().shop
        wiring.segments.delete(shop.id, SegmentId(number))
        return see_other(own(PATH))

    return routes


def _shown(shop: Shop, segment: Segment, wiring: Web) -> dict[str, object]:
    wording = wording_of(shop, wiring.segment_catalogue, segment.rule)
    now_s = int((segment.counted_at or wiring.clock.now()).timestamp())
    members = wiring.segments.members(shop.id, segment.id, limit=SHOWN)
    days = wiring.segments.days(shop.id, segment.id, limit=DAYS)
    return {
        "segment": segment,
        "sentence": _sentence(segment),
        "members": [_member(one, segment, wording, now_s) for one in members],
        "changes": wiring.segments.changes(shop.id, segment.id, limit=SHOWN),
        "days": days,
        "tallest": max((day.size for day in days), default=0) or 1,
        "again": own(f"{PATH}/new", rule=_address(segment)),
        "longest_name": LONGEST_NAME,
        "outlets": outlets_of(shop, segment, wiring),
    }


def _sentence(segment: Segment) -> str:
    """The rule in words; of a stage of life what the stage means."""
    return MEANING_OF.get(segment.key, segment.sentence) if segment.is_builtin else segment.sentence


def _address(segment: Segment) -> str:
    return written(groups_of(orjson.dumps(as_json(segment.rule)).decode()))


def _member(member: Member, segment: Segment, wording: Wording, now_s: int) -> ShownMember:
    return ShownMember(member.customer, member.since, because(segment.rule, list(member.why), wording, now_s))
