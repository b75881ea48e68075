"""gunicorn's settings: threads for the short waits on PostgreSQL and Redis, access logs without secrets.

Query strings carry visitor ids and ID tokens, and a feed's path the secret that opens it; neither must be logged.
WEB_CONCURRENCY and WEB_THREADS size the pool.
"""

import os
from typing import Any

from gunicorn.glogging import Logger

# A request's matrices are small: more threads for one only wait for each other, and spin while they do. NumPy reads
# this when it is imported, which is after this file.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

FEEDS = "/feeds/"


class DiscreetLogger(Logger):
    """Writes of a feed's path which feed it was, and not the secret before that."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """What the access log's format is filled with."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        path = str(found.get("U") or "")
        if path.startswith(FEEDS):
            found["U"] = f"{FEEDS}…/{path.removeprefix(FEEDS).partition('/')[2]}"
        return found


worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
timeout = 30
graceful_timeout = 20
keepalive = 75
logger_class = DiscreetLogger
accesslog = "-"
# %(U)s is the path alone; the default format's %(r)s would carry the query string, and %(f)s the referrer's.
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
limit_request_line = 8190
