"""`python -m devstore.worlds NAME [--seed N]` builds a world and prints what it is like."""

from __future__ import annotations

import argparse
import resource
import sys
import time

from devstore.worlds import BUILDERS, SEED, WorldError, build
from devstore.worlds.summary import describe


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devstore.worlds", description="Show what a world is like.")
    parser.add_argument("name", help=f"{', '.join(BUILDERS)}, or the file or folder of a transaction log")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    begin = time.perf_counter()
    try:
        world = build(options.name, seed=options.seed)
    except WorldError as error:
        print(error, file=sys.stderr)
        return 1
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for label, value in [("built in", f"{took:.2f} s, {peak} MB at most"), *describe(world)]:
        print(f"{label:28} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
