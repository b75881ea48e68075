"""gunicorn's settings: threads for the short waits on PostgreSQL and Redis, access logs without query strings.

Query strings carry visitor ids and ID tokens, which must not be logged; WEB_CONCURRENCY and WEB_THREADS size the pool.
"""

import os

# A request's matrices are small: more threads for one only wait for each other, and spin while they do. NumPy reads
# this when it is imported, which is after this file.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
timeout = 30
graceful_timeout = 20
keepalive = 75
accesslog = "-"
# %(U)s is the path alone; the default format's %(r)s would carry the query string, and %(f)s the referrer's.
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
limit_request_line = 8190
