"""The names of all jobs, as strings, so that the web process can enqueue work without importing what does it.

A job's arguments are JSON values, the shop's id first. RQ only carries the hint; what is due stands in PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROCESS_WEBHOOK: Final = "workers.jobs.webhooks.process_webhook"
FINISH_INSTALL: Final = "workers.jobs.install.finish_install"
CONNECT_PIXEL: Final = "workers.jobs.install.connect_pixel"
CONNECT_CHANGED_PIXELS: Final = "workers.jobs.install.connect_changed_pixels"
SYNC_STORE: Final = "workers.jobs.sync.sync_store"
RECONCILE_STORE: Final = "workers.jobs.sync.reconcile_store"
FETCH_REFUNDS: Final = "workers.jobs.sync.fetch_refunds"
ASK_OPT_OUTS: Final = "workers.jobs.sync.ask_opt_outs"
TRAIN_MODELS: Final = "workers.jobs.train.train_models"
WATCH_MODELS: Final = "workers.jobs.watch.watch_models"
WATCH_EVERYWHERE: Final = "workers.jobs.watch.watch_everywhere"
PUBLISH_LISTS: Final = "workers.jobs.publish.publish_lists"
LEARN_NEWS: Final = "workers.jobs.news.learn_news"
PLAN_TRAININGS: Final = "workers.jobs.news.plan_trainings"
FORGET_MODELS: Final = "workers.jobs.train.forget_models"
STITCH_PROFILES: Final = "workers.jobs.identity.stitch_profiles"
RENEW_PROFILES: Final = "workers.jobs.identity.renew_profiles"
ROLL_UP: Final = "workers.jobs.lake.roll_up"
TIDY_LAKE: Final = "workers.jobs.lake.tidy_lake"
TIDY_LAKES: Final = "workers.jobs.lake.tidy_lakes"
IMPORT_SOURCE: Final = "workers.jobs.sources.import_source"
MEASURE_SOURCES: Final = "workers.jobs.sources.measure_sources"
READ_EXPERIMENTS: Final = "workers.jobs.experiments.read_experiments"
READ_EVERYWHERE: Final = "workers.jobs.experiments.read_everywhere"
SEGMENT_CUSTOMERS: Final = "workers.jobs.segments.segment_customers"
PREVIEW_SEGMENT: Final = "workers.jobs.segments.preview_segment"
TELL_SEGMENTS: Final = "workers.jobs.outlets.tell_segments"
TELL_FLOW: Final = "workers.jobs.outlets.tell_flow"
UNTELL: Final = "workers.jobs.outlets.untell"
CONNECT_KLAVIYO: Final = "workers.jobs.klaviyo.connect_klaviyo"
LEAVE_KLAVIYO: Final = "workers.jobs.klaviyo.leave_klaviyo"
REFRESH_KLAVIYO: Final = "workers.jobs.klaviyo.refresh_klaviyo"
PUSH_PROFILES: Final = "workers.jobs.push.push_profiles"
UNPUSH: Final = "workers.jobs.push.unpush"
PUSH_OBJECTIONS: Final = "workers.jobs.push.push_objections"
PUSH_STALE: Final = "workers.jobs.push.push_stale_everywhere"
PREPARE_FEEDS: Final = "workers.jobs.engagement.prepare_feeds"
FEEDS_EVERYWHERE: Final = "workers.jobs.engagement.feeds_everywhere"
RENEW_FEEDS: Final = "workers.jobs.engagement.renew_feeds_everywhere"
COUNT_MAILS: Final = "workers.jobs.engagement.count_mails"
READ_ENGAGEMENT: Final = "workers.jobs.engagement.read_engagement"
ENGAGEMENT_EVERYWHERE: Final = "workers.jobs.engagement.engagement_everywhere"
SEND_HISTORY: Final = "workers.jobs.engagement.send_history"
HISTORY_EVERYWHERE: Final = "workers.jobs.engagement.history_everywhere"
MAKE_FLOWS: Final = "workers.jobs.flows.make_flows"
PREVIEW_MAIL: Final = "workers.jobs.flows.preview_mail"
FORGET_PREVIEWS: Final = "workers.jobs.flows.forget_previews"
READ_CARE: Final = "workers.jobs.flows.read_care"
CARE_EVERYWHERE: Final = "workers.jobs.flows.care_everywhere"
START_FLOWS: Final = "workers.jobs.mail.start_flows"
START_EVERYWHERE: Final = "workers.jobs.mail.start_everywhere"
ISSUE_OFFERS: Final = "workers.jobs.mail.issue_offers"
SWEEP: Final = "workers.jobs.sweep.sweep"
APPLY_RETENTION: Final = "workers.jobs.sweep.apply_retention"
REFRESH_TOKENS: Final = "workers.jobs.sweep.refresh_tokens"
FORGET_BROWSER: Final = "workers.jobs.governance.forget_browser"
RENEW_PREFERENCES: Final = "workers.jobs.governance.renew_preferences"
RESEAL: Final = "workers.jobs.sweep.reseal"
EACH_NIGHT: Final = "workers.jobs.sweep.each_night"

QUEUE_DEFAULT: Final = "default"
"""Webhooks, publishing, and whatever else is over soon."""
QUEUE_IMPORTS: Final = "imports"
"""What may take an hour: imports, which wait for Shopify's exports, and the night's upkeep. Webhooks never do so."""
QUEUE_TRAINING: Final = "training"
"""Model training: spawned workers, apart from the rest because a training holds memory and threads."""
QUEUES: Final = (QUEUE_DEFAULT, QUEUE_IMPORTS, QUEUE_TRAINING)

QUEUE_OF: Final = {
    SYNC_STORE: QUEUE_IMPORTS,
    RECONCILE_STORE: QUEUE_IMPORTS,
    FETCH_REFUNDS: QUEUE_IMPORTS,
    TIDY_LAKE: QUEUE_IMPORTS,
    APPLY_RETENTION: QUEUE_IMPORTS,
    FORGET_BROWSER: QUEUE_IMPORTS,
    RENEW_PREFERENCES: QUEUE_IMPORTS,
    RENEW_PROFILES: QUEUE_IMPORTS,
    RESEAL: QUEUE_IMPORTS,
    IMPORT_SOURCE: QUEUE_IMPORTS,
    MEASURE_SOURCES: QUEUE_IMPORTS,
    PREPARE_FEEDS: QUEUE_IMPORTS,
    SEND_HISTORY: QUEUE_IMPORTS,
    COUNT_MAILS: QUEUE_IMPORTS,
    READ_ENGAGEMENT: QUEUE_IMPORTS,
    READ_EXPERIMENTS: QUEUE_IMPORTS,
    WATCH_MODELS: QUEUE_IMPORTS,
    SEGMENT_CUSTOMERS: QUEUE_IMPORTS,
    UNPUSH: QUEUE_IMPORTS,
    LEAVE_KLAVIYO: QUEUE_IMPORTS,
    PUSH_OBJECTIONS: QUEUE_IMPORTS,
    TELL_SEGMENTS: QUEUE_IMPORTS,
    PUSH_PROFILES: QUEUE_IMPORTS,
    PUSH_STALE: QUEUE_IMPORTS,
    ISSUE_OFFERS: QUEUE_IMPORTS,
    READ_CARE: QUEUE_IMPORTS,
    TRAIN_MODELS: QUEUE_TRAINING,
}
"""The jobs with a queue other than the default one."""


def queue_of(job: str) -> str:
    """The queue in which a job of this name waits."""
    return QUEUE_OF.get(job, QUEUE_DEFAULT)


@dataclass(frozen=True, slots=True)
class Due:
    """How the sweeper enqueues one kind of due work: the job gets the shop's id, and the work's own if it takes it."""

    job: str
    takes_id: bool = False


PUT_OFF_S: Final = 3600.0
"""When due work that was refused (no usable token, a frozen shop) is tried again; opening the app brings it forward."""

ROLL_UP_DUE: Final = "roll_up"
OPT_OUTS_DUE: Final = "opt_outs"
REFUNDS_DUE: Final = "refunds"
TRAINING_DUE: Final = "train_models"
LISTS_DUE: Final = "publish_lists"
NEWS_DUE: Final = "news"
FORGET_BROWSER_DUE: Final = "forget_browser"
IMPORT_DUE: Final = "import"
STITCH_DUE: Final = "stitch"
"""Ties are new, and the profiles don't know them yet."""
ORDER_TIES_DUE: Final = "order_ties"
CUSTOMER_TIES_DUE: Final = "customer_ties"
"""An order or a customer's record may say who is who; the id is Shopify's number."""

TELL_DUE: Final = "tell_segments"
FLOW_DUE: Final = "tell_flow"
UNTELL_DUE: Final = "untell"
"""Somebody was erased of whom something stands in the store's metafields; the id is Shopify's number."""

PUSH_DUE: Final = "push_profiles"
"""Klaviyo's profiles are to be brought to what is known now."""
UNPUSH_DUE: Final = "unpush"
"""Somebody was erased in whose Klaviyo profile something of ours stands; the id is Shopify's number."""
PUSH_OBJECTIONS_DUE: Final = "push_objections"
"""Somebody with a pushed profile has changed what they allow; the id is Shopify's number and what tells notes apart."""
KLAVIYO_DUE: Final = "klaviyo"
"""The merchant has given a key, or Klaviyo a code, that nobody has tried yet."""
KLAVIYO_LEAVE_DUE: Final = "klaviyo_leave"
"""A connection that is to be revoked; it outlives an uninstallation."""

FLOWS_DUE: Final = "make_flows"
"""The merchant wants the series of mails made in Klaviyo."""

CARE_DUE: Final = "care"
"""What mails say of the care of products is to be read from the store."""

MAILS_DUE: Final = "start_flows"
"""Occasions for mails may wait, or be found."""

OFFERS_DUE: Final = "issue_offers"
"""Codes for win-backs are to lie ready at Shopify."""

DUE: Final = {
    "webhook": Due(PROCESS_WEBHOOK, takes_id=True),
    "install": Due(FINISH_INSTALL),
    "pixel": Due(CONNECT_PIXEL),
    "sync": Due(SYNC_STORE),
    "forget_models": Due(FORGET_MODELS),
    LISTS_DUE: Due(PUBLISH_LISTS),
    NEWS_DUE: Due(LEARN_NEWS),
    STITCH_DUE: Due(STITCH_PROFILES),
    ORDER_TIES_DUE: Due(STITCH_PROFILES),
    CUSTOMER_TIES_DUE: Due(STITCH_PROFILES),
    REFUNDS_DUE: Due(FETCH_REFUNDS),
    OPT_OUTS_DUE: Due(ASK_OPT_OUTS),
    TRAINING_DUE: Due(TRAIN_MODELS),
    ROLL_UP_DUE: Due(ROLL_UP),
    FORGET_BROWSER_DUE: Due(FORGET_BROWSER, takes_id=True),
    IMPORT_DUE: Due(IMPORT_SOURCE, takes_id=True),
    TELL_DUE: Due(TELL_SEGMENTS),
    FLOW_DUE: Due(TELL_FLOW),
    UNTELL_DUE: Due(UNTELL),
    MAILS_DUE: Due(START_FLOWS),
    OFFERS_DUE: Due(ISSUE_OFFERS),
    PUSH_DUE: Due(PUSH_PROFILES),
    UNPUSH_DUE: Due(UNPUSH),
    PUSH_OBJECTIONS_DUE: Due(PUSH_OBJECTIONS),
    KLAVIYO_DUE: Due(CONNECT_KLAVIYO),
    FLOWS_DUE: Due(MAKE_FLOWS),
    CARE_DUE: Due(READ_CARE),
    KLAVIYO_LEAVE_DUE: Due(LEAVE_KLAVIYO),
}
"""The kinds of due work (`app.ports.DueWork`). The job itself calls ``done`` when nothing is left of it."""
