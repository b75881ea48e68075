"""The measured process of `attune bench klaviyo`: one push of the shop by the workers' wiring, and nothing else.

Reads its task as JSON from standard input; writes a line to standard output when the push begins, and what it measured
when it has ended. With a name for a profile in the task it writes there where its time went.
"""

from __future__ import annotations

import cProfile
import sys
import time
from contextlib import nullcontext
from typing import Any

import orjson

from app.cli.bench.klaviyo_stand import open_worker, peak_mib
from app.core.ids import ShopId
from app.services.push_profiles import push_profiles


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    wiring = open_worker(task)
    shop = wiring.shops.by_id(ShopId(task["shop"]))
    assert shop is not None
    ports, worked = wiring.pushing, time.process_time()
    sys.stdout.buffer.write(b"begun\n")
    sys.stdout.buffer.flush()
    began = time.time()
    profile = cProfile.Profile() if task.get("profile") else nullcontext()
    with profile:
        done = push_profiles(shop, ports)
    measured: dict[str, Any] = {
        "began": began,
        "seconds": time.time() - began,
        "cpu_s": time.process_time() - worked,
        "peak_mib": peak_mib("self"),
        "pushed": done.pushed,
        "refused": done.refused,
        "withdrawn": done.withdrawn,
    }
    if isinstance(profile, cProfile.Profile):
        profile.dump_stats(task["profile"])
    wiring.close()
    sys.stdout.buffer.write(orjson.dumps(measured))


if __name__ == "__main__":
    main()
