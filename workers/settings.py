"""RQ's settings (``rq … -c workers.settings``): where Redis is, and what every forked job would otherwise import anew.

The trainers are not imported here: their libraries start threads, which a fork doesn't survive, so training jobs run
in spawned workers that import them themselves.
"""

from __future__ import annotations

from app.adapters.lake import upkeep
from app.analytics import lake_counts
from app.wiring.worker import current
from workers.jobs import install, lake, publish, sweep, sync, webhooks

REDIS_URL = current().redis_url
PRELOADED = (lake_counts, upkeep, install, lake, publish, sweep, sync, webhooks)
