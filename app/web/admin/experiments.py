"""The experiments: all of them with a sentence each, and one with everything that its figures say.

What is shown was counted by a job; pages only judge the newest reading. Figures of simulated shops are labelled so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, render_template

from app.core.experiments.judgement import DecisionKind
from app.core.experiments.reading import Reading
from app.core.experiments.rules import in_percent
from app.core.experiments.types import Experiment, ExperimentId, Kind, Show, Status
from app.core.experiments.words import CAUTIONS
from app.core.shops import Shop
from app.ports import KeptExperiment
from app.services.hold_out import share_of
from app.services.review_experiments import Review, review_experiment, review_experiments
from app.web import doors
from app.web.admin.experiment_chart import HEIGHT, WIDTH, charts
from app.web.admin.experiment_figures import arms, earned, excluded, sizes
from app.web.admin.experiment_words import DECISIONS, DEFINITIONS, DEFINITIONS_OF_VISITS, KINDS, METRICS, STATUSES
from app.web.admin.figures import rail_title
from app.web.admin.writing import count
from app.wiring.web import Web

PATH = "/admin/experiments"
NOTHING_YET = (
    "Nothing has been counted yet: figures appear about ten minutes after the first visitor who allows analytics has "
    "had the rail’s place in view."
)
NO_LIST_YET = "Nothing has been counted yet: customers count from the first list on that you download."
NOT_STARTED = "Not started: nobody is in it."
NOBODY_HELD_OUT = "Nobody is held out, so nothing is measured."


@dataclass(frozen=True, slots=True)
class ShownExperiment:
    """What every page says of an experiment."""

    review: Review
    badge: str
    tone: str
    days: int
    """Whole days since it was started, until it was stopped."""

    @classmethod
    def of(cls, review: Review, now: datetime) -> ShownExperiment:
        badge, tone = STATUSES[review.experiment.status]
        return cls(review, badge, tone, whole_days(review.kept, now))

    @property
    def experiment(self) -> Experiment:
        return self.review.experiment

    @property
    def kept(self) -> KeptExperiment:
        return self.review.kept

    @property
    def is_hold_out(self) -> bool:
        return self.experiment.kind is Kind.HOLD_OUT

    @property
    def is_email(self) -> bool:
        return self.experiment.kind is Kind.EMAIL

    @property
    def adopted(self) -> str:
        """The name of the arm that is everybody's since the end; empty where none is."""
        key = self.experiment.adopted
        return "" if key is None else self.experiment.arm(key).name

    @property
    def subtitle(self) -> str:
        """Which kind it is, and of which rails."""
        if self.is_hold_out:
            return f"{KINDS[self.experiment.kind]}, all rails"
        return ", ".join([KINDS[self.experiment.kind], *[rail_title(rail) for rail in self.experiment.rails]])

    @property
    def traffic(self) -> str:
        """The part of all visitors that takes part now."""
        if self.is_hold_out:
            return f"{in_percent(share_of(self.experiment))} held out"
        room = (self.experiment.slot_to - self.experiment.slot_from) / 10_000
        return in_percent(room * self.experiment.traffic) if self.experiment.is_running else DASH

    @property
    def sentence(self) -> str:
        """What is to be done now, or what came of it."""
        if self.experiment.status is Status.DRAFT:
            return NOT_STARTED
        if self.experiment.status is Status.STOPPED and self.kept.outcome:
            return self.kept.outcome
        if self.is_hold_out and not self.experiment.traffic:
            return NOBODY_HELD_OUT
        if self.review.verdict is not None:
            return self.review.verdict.decision.sentence
        return NO_LIST_YET if self.is_email else NOTHING_YET


DASH = "–"


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("experiments", __name__)

    @routes.get(PATH)
    def listed() -> str:
        shop = doors.admin().shop
        return _listed(shop, wiring)

    @routes.get(f"{PATH}/<int:number>")
    def page(number: int) -> str | Response:
        shop = doors.admin().shop
        review = review_experiment(shop, ExperimentId(number), wiring.reviewing)
        if review is None:
            return Response(_listed(shop, wiring, "These are all of your store’s."), status=404, mimetype="text/html")
        shown = ShownExperiment.of(review, wiring.clock.now())
        return render_template("admin/experiment.html", shown=shown, **_figures(review), **_forms(shown, shop, wiring))

    return routes


def _listed(shop: Shop, wiring: Web, complaint: str = "") -> str:
    found = shown_experiments(shop, wiring)
    return render_template(
        "admin/experiments.html",
        hold_out=next((one for one in found if one.is_hold_out), None),
        tests=[one for one in found if not one.is_hold_out],
        simulated=wiring.settings.is_test,
        complaint=complaint,
    )


def shown_experiments(shop: Shop, wiring: Web) -> Sequence[ShownExperiment]:
    """The hold-out first, then the newest first."""
    now = wiring.clock.now()
    return [ShownExperiment.of(review, now) for review in review_experiments(shop, wiring.reviewing)]


def whole_days(kept: KeptExperiment, now: datetime) -> int:
    if kept.started_at is None:
        return 0
    return max(((kept.stopped_at or now) - kept.started_at).days, 0)


def _figures(review: Review) -> dict[str, object]:
    """What was counted and judged. Of figures that can't be trusted only the arms' sizes are shown."""
    reading, verdict = review.reading, review.verdict
    blocked = verdict is not None and verdict.decision.kind is DecisionKind.BLOCKED
    readable = Review(review.kept) if blocked else review
    return {
        "reading": reading,
        "verdict": verdict,
        "heading": _heading(review),
        "cautions": [CAUTIONS[caution] for caution in verdict.cautions] if verdict else [],
        "arms": arms(readable),
        # Two rankings in one rail have no visitors of their own.
        "sizes": () if review.experiment.kind is Kind.INTERLEAVING else sizes(review),
        "charts": charts(review.experiment, readable.reading),
        "chart_size": (WIDTH, HEIGHT),
        "excluded": excluded(reading.excluded) if reading else [],
        "claims": _claims(readable),
        "primary": METRICS[review.experiment.primary],
        "definitions": _definitions(reading, is_blocked=blocked),
        "uncounted": _uncounted(review),
    }


def _uncounted(review: Review) -> bool:
    """Whether days were left out since the figures were counted."""
    return review.reading is not None and any(one.at > review.reading.at for one in review.kept.windows)


def _definitions(reading: Reading | None, *, is_blocked: bool) -> Mapping[str, str]:
    """What stands on the page, in words; of the metrics only those that were counted."""
    if reading is None:
        return {}
    if reading.preference is not None:
        return DEFINITIONS_OF_VISITS
    if is_blocked:
        return {name: DEFINITIONS[name] for name in ("Version", "Visitor")}
    counted = {METRICS[metric] for arm in reading.arms for metric in arm.metrics}
    return {name: words for name, words in DEFINITIONS.items() if name in counted or name not in METRICS.values()}


def _heading(review: Review) -> tuple[str, str]:
    """What stands over the sentence, and its tone."""
    badge, _ = STATUSES[review.experiment.status]
    if review.experiment.status is not Status.RUNNING:
        return badge, "info"
    if not review.experiment.traffic:
        return "Not measured", "info"
    return DECISIONS[review.verdict.decision.kind] if review.verdict else ("Nothing yet", "info")


def _claims(review: Review) -> Sequence[str]:
    """What clicks claim beside what the comparison says, a sentence an arm."""
    reading, verdict = review.reading, review.verdict
    if reading is None or verdict is None:
        return ()
    judged = [(arm, verdict.arm(arm.key)) for arm in review.experiment.arms[1:]]
    claims = [earned(found.incremental, reading, arm) for arm, found in judged if found is not None]
    return [claim for claim in claims if claim]


def _forms(shown: ShownExperiment, shop: Shop, wiring: Web) -> dict[str, object]:
    """What the merchant can do about it."""
    experiment = shown.experiment
    listed = wiring.email_customers.exposed(shop.id, experiment.id) if shown.is_email else {}
    return {
        "simulated": wiring.settings.is_test,
        "traffic": f"{100 * experiment.traffic:g}",
        "held_out": f"{100 * share_of(experiment):g}",
        "native": experiment.control.treatment.show is Show.NATIVE,
        "on_lists": [(arm.name, count(listed.get(arm.key, 0))) for arm in experiment.arms],
        "treated": experiment.arms[1:],
    }
