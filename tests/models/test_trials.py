"""A new version's life with shoppers: canary, everybody, back again; over the real database, lake and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest

from app import jobs
from app.adapters.artefacts import PACKED
from app.cli import doctor_models
from app.config import Settings
from app.core.errors import NotEnoughData
from app.core.events import Event, EventType
from app.core.experiments.types import UNCHANGED, Treatment, Unit
from app.core.findings import Finding, Grade
from app.core.ids import ModelVersion, ProductId, RequestId, VisitorId
from app.core.recommend.canary import Canary, Ruling, Stage, Trial
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Placement, Rail, Strategy
from app.core.shops import Shop
from app.ports import Change, ConsentRecord, Decision, ModelRecord
from app.services import store_records as storing
from app.services.introduce_model import Introduced, Ports, introduce_model
from app.services.roll_back_models import roll_back
from app.services.watch_models import DAMAGED, Watched, is_watched, watch_models
from app.wiring.worker import Worker, current, worker
from tests.devstore_fixture import environment
from tests.experiments.register import SetClock
from tests.experiments.running import experiment
from tests.models.store import SHOP_DOMAIN, Installed
from tests.models.test_commands import succeed
from workers.jobs import watch as watch_job

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
OLD, NEW, NEXT = (ModelVersion(name) for name in ("old", "new", "next"))
CONSENT = {"analytics": True, "preferences": True, "marketing": False}


@dataclass
class TriedStore:
    """A shop with consent whose models shoppers get; times are hours after `START`."""

    wiring: Worker
    shop: Shop
    clock: SetClock
    share: float = 0.1
    waiting: list[Event | Decision] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def at(self, hours: float) -> datetime:
        self.clock.at = START + timedelta(hours=hours)
        return self.clock.at

    def introduce(self, version: ModelVersion, hours: float, *, at_once: bool = False) -> Introduced:
        """As a training does with what it has learnt."""
        at = self.at(hours)
        ids = np.arange(1, 4, dtype=np.int64)
        near = np.array([[(-1, 0.0)]] * 3, dtype=NEIGHBOUR)
        made = ItemModel(version, Strategy.TRENDING, ids, near, np.ones(3, dtype=np.float32))
        self.wiring.artefacts.write(self.shop.id, version, made.arrays(), made.meta())
        self.wiring.models.record(self.shop.id, ModelRecord(version, "training", "trending", at, 1, 1, {}, ""))
        ports = Ports(self.wiring.models, self.wiring.trials, self.wiring.artefacts, self.share, 20.0)
        return introduce_model(self.shop, version, ports, at=at, at_once=at_once)

    def watch(self, hours: float, *, closing: bool = False) -> Watched | None:
        self.at(hours)
        storing.store_records([(self.shop.id, one) for one in self.waiting], storing.Ports(self.wiring.lake))
        self.waiting.clear()
        return watch_models(self.shop, self.wiring.watching, closing=closing)

    def roll_back(self, hours: float) -> ModelVersion:
        self.at(hours)
        return roll_back(self.shop, self.wiring.rolling_back)

    def damage(self, version: ModelVersion) -> None:
        (self.wiring.artefacts.root / str(self.shop.id) / version / PACKED).write_bytes(b"damaged")

    @property
    def current(self) -> ModelVersion | None:
        return self.wiring.models.current(self.shop.id)

    def trial(self, version: ModelVersion) -> Trial:
        found = self.wiring.trials.one(self.shop.id, version)
        assert found is not None
        return found

    def state(self, version: ModelVersion) -> str:
        record = self.wiring.models.one(self.shop.id, version)
        assert record is not None
        return record.state

    # -- what shoppers do --------------------------------------------------------------------------------------------

    def visit(
        self, who: int, version: ModelVersion, hours: float, *, clicks: bool, cards: int = 4, **facts: object
    ) -> None:
        """One answer of the version's, so many of its cards in view, and perhaps a click on the first."""
        at, visitor = START + timedelta(hours=hours), VisitorId(f"{who:032x}")
        request = RequestId(f"r-{next(self.numbers)}")
        values: dict[str, object] = {"strategy": "trending", "variant": "default", "items": [], **facts}
        self.waiting.append(
            Decision(request, at, "product", "bought_together", ProductId(1), visitor, model_version=version, **values)  # type: ignore[arg-type]
        )
        for place in range(cards):
            self._event(visitor, EventType.EXPOSURE, at, request, place)
        if clicks:
            self._event(visitor, EventType.CLICK, at, request, 0)

    def visits(self, hours: float, *, new: float, old: float, visitors: int = 1500, new_fails: bool = False) -> None:
        """Visitors, a canary's share of them with the new version, who click with these chances."""
        generator, canary = np.random.default_rng(3), Canary(NEW, self.share)
        for who in range(visitors):
            is_new = canary.takes(Unit(f"{who:032x}"))
            clicks = generator.random() < (new if is_new else old)
            failed = int(is_new and new_fails)
            self.visit(who, NEW if is_new else OLD, hours, clicks=clicks, cards=1, failed=failed)

    def _event(self, visitor: VisitorId, type: EventType, at: datetime, request: RequestId, place: int) -> None:
        event = Event(
            f"e-{next(self.numbers)}",
            type,
            at,
            consent=CONSENT,
            visitor=visitor,
            client=None,
            placement=Placement.PRODUCT,
            rail=Rail.BOUGHT_TOGETHER,
            product_id=ProductId(2 + place),
            request_id=request,
            position=place,
        )
        self.waiting.append(event)


@pytest.fixture
def store(settings: Settings, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[TriedStore]:
    wiring = Worker(settings)
    clock = SetClock(START)
    monkeypatch.setitem(wiring.__dict__, "clock", clock)
    wiring.redis.flushdb()
    wiring.consents.record(shop.id, ConsentRecord(True, "the owner", "2026-11", START))
    yield TriedStore(wiring, shop, clock)
    wiring.close()


@pytest.fixture
def tried(store: TriedStore) -> TriedStore:
    """An older version in use, a newer one a canary since `START`."""
    assert store.introduce(OLD, -48) is Introduced.EVERYBODY
    assert store.introduce(NEW, 0) is Introduced.CANARY
    return store


# -- introduced ------------------------------------------------------------------------------------------------------


def test_a_shops_first_model_is_everybodys_at_once(store: TriedStore) -> None:
    assert store.introduce(OLD, 0) is Introduced.EVERYBODY
    assert (store.current, store.trial(OLD).stage, store.trial(OLD).incumbent) == (OLD, Stage.LIVE, None)


def test_the_next_one_begins_as_a_canary_and_the_pointer_stays(tried: TriedStore) -> None:
    assert tried.current == OLD
    assert tried.wiring.models.canary(tried.shop.id) == Canary(NEW, 0.1)
    assert (tried.state(OLD), tried.state(NEW)) == ("published", "canary")


def test_a_training_that_is_repeated_leaves_the_canary_as_it_is(tried: TriedStore) -> None:
    before = tried.trial(NEW)
    assert tried.introduce(NEW, 5) is Introduced.CANARY
    assert tried.trial(NEW) == before
    assert tried.state(NEW) == "canary"


def test_a_newer_version_replaces_a_canary(tried: TriedStore) -> None:
    assert tried.introduce(NEXT, 2) is Introduced.CANARY
    assert (tried.trial(NEW).stage, tried.trial(NEXT).stage, tried.current) == (Stage.REPLACED, Stage.CANARY, OLD)


def test_without_a_share_and_at_a_persons_wish_everybody_gets_it_at_once(tried: TriedStore) -> None:
    assert tried.introduce(NEW, 1, at_once=True) is Introduced.EVERYBODY
    assert (tried.current, tried.wiring.models.canary(tried.shop.id)) == (NEW, None)
    tried.share = 0.0
    assert tried.introduce(NEXT, 2) is Introduced.EVERYBODY
    assert (tried.current, tried.trial(NEW).stage) == (NEXT, Stage.REPLACED)


def test_where_the_model_in_use_is_damaged_there_is_nothing_to_be_careful_for(store: TriedStore) -> None:
    store.introduce(OLD, 0)
    store.damage(OLD)
    assert store.introduce(NEW, 1) is Introduced.EVERYBODY
    assert store.current == NEW


# -- watched as a canary ---------------------------------------------------------------------------------------------


def test_a_canary_as_good_as_the_others_is_everybodys_when_its_time_is_over(tried: TriedStore) -> None:
    tried.visits(1, new=0.1, old=0.1)
    waiting = tried.watch(2)
    assert waiting is not None
    assert (waiting.ruling, tried.current) == (Ruling.WAIT, OLD)
    figures = tried.trial(NEW).figures["canary"]
    assert 110 < figures["canary"]["visitors"] < 190
    assert figures["canary"]["visitors"] + figures["incumbent"]["visitors"] == 1500
    passed = tried.watch(20)
    assert passed is not None
    assert (passed.ruling, passed.moved, tried.current) == (Ruling.PASS, True, NEW)
    assert (tried.state(OLD), tried.state(NEW), tried.trial(NEW).stage) == ("retired", "published", Stage.LIVE)
    assert tried.wiring.due_work.waits(tried.shop.id, "publish_lists")


def test_a_canary_that_is_clicked_less_goes_back_and_says_why(tried: TriedStore) -> None:
    tried.visits(1, new=0.03, old=0.4)
    seen = tried.watch(2)
    assert seen is not None
    assert (seen.ruling, seen.moved, tried.current) == (Ruling.TAKE_BACK, False, OLD)
    assert "click" in tried.trial(NEW).reason
    assert (tried.trial(NEW).stage, tried.state(NEW)) == (Stage.TAKEN_BACK, "taken_back")
    assert tried.wiring.models.canary(tried.shop.id) is None
    assert int(tried.wiring.redis.get(f"attune:{tried.shop.id}:model") or 0) == 1


def test_a_canary_whose_sources_fail_goes_back_although_it_is_clicked(tried: TriedStore) -> None:
    tried.visits(1, new=0.1, old=0.1, new_fails=True)
    seen = tried.watch(2)
    assert seen is not None
    assert seen.ruling is Ruling.TAKE_BACK
    assert "had a source that failed" in seen.reason


def test_a_canary_with_damaged_files_goes_back_at_once(tried: TriedStore) -> None:
    tried.damage(NEW)
    seen = tried.watch(0.1)
    assert seen is not None
    assert (seen.ruling, seen.reason, tried.current) == (Ruling.TAKE_BACK, DAMAGED, OLD)


def test_what_was_taken_back_is_not_tried_again_unless_a_person_insists(tried: TriedStore) -> None:
    tried.damage(NEW)
    tried.watch(0.1)
    assert tried.introduce(NEW, 1) is Introduced.NOBODY
    assert (tried.current, tried.state(NEW)) == (OLD, "taken_back")
    assert tried.introduce(NEW, 2, at_once=True) is Introduced.EVERYBODY
    assert tried.current == NEW


def test_a_training_closes_a_trial_that_has_lasted_a_while(tried: TriedStore) -> None:
    tried.watch(4, closing=True)
    assert tried.current == OLD
    tried.watch(6, closing=True)
    assert tried.current == NEW


def test_answers_that_say_nothing_of_a_model_do_not_count(tried: TriedStore) -> None:
    tried.visit(1, NEW, 1, clicks=True)
    tried.visit(2, NEW, 1, clicks=True, show="empty")
    tried.visit(3, NEW, 1, clicks=True, show="native")
    tried.visit(4, NEW, -1, clicks=True)
    tried.visit(5, NEW, 1, clicks=False, cards=2001)
    tried.visit(6, ModelVersion("other"), 1, clicks=True)
    tried.waiting += tried.waiting
    tried.watch(3)
    assert tried.trial(NEW).figures["canary"]["canary"] == {
        "visitors": 1, "cards": 4, "clicks": 1, "answers": 1, "troubled": 0
    }  # fmt: skip


def test_visitors_who_an_experiment_keeps_from_the_canary_do_not_speak_against_it(tried: TriedStore) -> None:
    """Who compares versions never gets the canary, so among all who click fewer than its share are canaries."""
    versions = experiment(0, UNCHANGED, Treatment(model_version=OLD), rails=(Rail.BOUGHT_TOGETHER,))
    number = tried.wiring.experiments.add(tried.shop.id, versions, Change(START, "a test", "Started."))
    for who in range(150):
        tried.visit(who, OLD, 1, clicks=True, variant=f"{number}:control" if who % 2 else f"7:a,{number}:b1")
    for who in range(200, 220):
        tried.visit(who, NEW if who == 200 else OLD, 1, clicks=True, variant="7:a")
    seen = tried.watch(2)
    assert seen is not None
    assert seen.ruling is Ruling.WAIT
    figures = tried.trial(NEW).figures["canary"]
    assert (figures["canary"]["visitors"], figures["incumbent"]["visitors"]) == (1, 19)


def test_a_visitor_of_the_canary_stays_one_although_an_answer_came_from_the_model_in_use(tried: TriedStore) -> None:
    """Until a process has read the canary it answers by the model in use. Only the canary's own visitors meet that, so
    leaving them out would leave too few of those."""
    for who in range(100):
        tried.visit(who, OLD, 0.01, clicks=True)
        if who % 10 == 0:
            tried.visit(who, NEW, 1, clicks=True)
    seen = tried.watch(2)
    assert seen is not None
    assert seen.ruling is Ruling.WAIT
    figures = tried.trial(NEW).figures["canary"]
    assert (figures["canary"]["visitors"], figures["incumbent"]["visitors"]) == (10, 90)


def test_a_canary_whose_files_are_deleted_goes_back_at_once(tried: TriedStore) -> None:
    tried.wiring.artefacts.delete(tried.shop.id, NEW)
    tried.watch(0.1)
    assert (tried.trial(NEW).stage, tried.current, tried.wiring.models.canary(tried.shop.id)) == (
        Stage.TAKEN_BACK, OLD, None
    )  # fmt: skip


def test_empty_answers_are_trouble(tried: TriedStore) -> None:
    tried.visit(1, NEW, 1, clicks=False, cards=0, strategy="none")
    tried.watch(3)
    assert tried.trial(NEW).figures["canary"]["canary"]["troubled"] == 1


def test_without_consent_nothing_is_watched_and_withdrawal_forgets_the_trial(tried: TriedStore) -> None:
    tried.wiring.consents.record(tried.shop.id, ConsentRecord(False, "the owner", "2026-11", tried.at(1)))
    assert tried.watch(30) is None
    tried.wiring.models.forget(tried.shop.id)
    assert tried.wiring.models.canary(tried.shop.id) is None
    assert not is_watched(tried.shop, tried.wiring.trials)
    assert not tried.wiring.trials.promote(tried.shop.id, NEW, at=tried.at(31), reason="late")
    assert tried.current is None


# -- a person goes back ----------------------------------------------------------------------------------------------


def test_a_roll_back_by_hand_ends_the_canary_first_and_goes_no_further(tried: TriedStore) -> None:
    assert tried.roll_back(1) == OLD
    assert (tried.trial(NEW).stage, tried.wiring.models.canary(tried.shop.id)) == (Stage.REPLACED, None)
    # One that was killed before its lists were published is finished, not followed by another.
    assert tried.roll_back(1) == OLD
    tried.wiring.models.lists_settled(tried.shop.id, OLD)
    with pytest.raises(NotEnoughData):
        tried.roll_back(2)


# -- told and run ----------------------------------------------------------------------------------------------------


def told(store: TriedStore) -> dict[str, Finding]:
    return {finding.subject: finding for finding in doctor_models.models(store.wiring, store.shop)}


def test_the_doctor_tells_of_a_canary_and_of_what_was_taken_back(tried: TriedStore) -> None:
    found = told(tried)
    assert (found["model"].grade, found["canary"].grade) == (Grade.PASS, Grade.PASS)
    tried.damage(NEW)
    tried.watch(1)
    found = told(tried)
    assert "canary" not in found
    assert (found["model taken back"].grade, DAMAGED in found["model taken back"].detail) == (Grade.WARN, True)
    tried.at(24 * 9)
    assert "model taken back" not in told(tried)


def test_the_doctor_names_what_is_damaged(tried: TriedStore) -> None:
    tried.damage(OLD)
    found = told(tried)
    assert found["model"].grade is Grade.WARN
    assert "old is not used: artefact old" in found["model"].detail


def test_the_jobs_look_where_there_is_something_and_have_the_lists_follow(
    tried: TriedStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    worker.cache_clear()
    try:
        watch_job.watch_everywhere()
        assert [job.func_name for job in tried.wiring.jobs._queue("imports").jobs] == [jobs.WATCH_MODELS]
        watch_job.watch_models(tried.shop.id)
        assert tried.current == NEW  # By the wall's clock its hours are long over.
        assert jobs.PUBLISH_LISTS in [job.func_name for job in tried.wiring.jobs._queue("default").jobs]
        watch_job.watch_models(tried.shop.id + 1)
    finally:
        current().close()
        worker.cache_clear()


# -- watched as everybody's ------------------------------------------------------------------------------------------


@pytest.fixture
def live(tried: TriedStore) -> TriedStore:
    """Ten days of the older version, and the newer one everybody's since `START`."""
    for day in range(-10, 0):
        for who in range(500):
            tried.visit(who, OLD, 24 * day + 1, clicks=who % (24 + day % 3) == 0, cards=1)
    tried.introduce(NEW, 0, at_once=True)
    return tried


def after(store: TriedStore, *, every: int, **facts: object) -> None:
    for who in range(500):
        store.visit(who, NEW, 1, clicks=who % every == 0, cards=1, **facts)


def test_what_everybody_gets_is_kept_after_three_days_like_those_before(live: TriedStore) -> None:
    after(live, every=24)
    seen = live.watch(25)
    assert seen is not None
    assert seen.ruling is Ruling.WAIT
    assert live.trial(NEW).figures["live"]["before"]["days"] == 10
    assert live.watch(25.2) is None
    live.watch(73)
    assert (live.trial(NEW).stage, live.current) == (Stage.KEPT, NEW)
    assert not is_watched(live.shop, live.wiring.trials)


def test_a_day_far_below_those_before_has_the_one_before_serve_again(live: TriedStore) -> None:
    after(live, every=400)
    assert live.watch(2) is not None
    assert live.current == NEW
    seen = live.watch(25)
    assert seen is not None
    assert (seen.ruling, seen.moved, live.current) == (Ruling.TAKE_BACK, True, OLD)
    assert (live.state(NEW), live.state(OLD)) == ("taken_back", "published")
    assert "further down than days differ" in live.trial(NEW).reason
    assert live.wiring.due_work.waits(live.shop.id, "publish_lists")


def test_failing_sources_take_back_what_everybody_gets_within_hours(live: TriedStore) -> None:
    after(live, every=24, failed=1)
    live.watch(2)
    assert live.current == OLD


def test_damaged_files_take_back_what_everybody_gets(live: TriedStore) -> None:
    live.damage(NEW)
    live.watch(0.1)
    assert (live.current, live.trial(NEW).reason) == (OLD, DAMAGED)


def test_where_nothing_came_before_a_damaged_model_stays_and_says_so(store: TriedStore) -> None:
    store.introduce(OLD, 0)
    store.damage(OLD)
    seen = store.watch(0.1)
    assert seen is not None
    assert (seen.ruling, seen.moved, store.current) == (Ruling.WAIT, False, OLD)
    assert "no earlier model" in seen.reason


# -- from the command line -------------------------------------------------------------------------------------------


def test_a_second_training_is_on_trial_until_a_person_decides(trained: Installed) -> None:
    with_canaries = replace(trained, env={**trained.env, "CANARY_PERCENT": "10"})
    models, id = trained.wiring.models, trained.shop.id
    succeed(with_canaries, "train", SHOP_DOMAIN)
    first = models.current(id)
    trained.order(99_999, trained.products[:2], days_ago=0.01)
    told = succeed(with_canaries, "train", SHOP_DOMAIN)
    canary = models.canary(id)
    assert canary is not None
    assert f"On trial: {canary.version} for 10% of visitors, everybody's after 20 hours" in told
    assert models.current(id) == first
    assert {first, canary.version} <= set(trained.wiring.artefacts.versions(id))
    assert str(first) in succeed(with_canaries, "train", SHOP_DOMAIN, "--roll-back")
    assert (models.current(id), models.canary(id)) == (first, None)
    assert f"In use: {canary.version}" in succeed(with_canaries, "train", SHOP_DOMAIN, "--at-once")
    assert models.current(id) == canary.version
