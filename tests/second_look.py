"""Are the failed tests of the last run so few that it pays to try them once more, alone? (Exit code 0: yes.)

Two processes and a browser share a machine that may be busy with other things; what is late then says nothing about the
code. A defect fails alone, too, and so does whatever breaks many tests at once, for which nobody waits twice.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

MOST = 5
LAST_FAILED = Path(__file__).resolve().parent.parent / ".pytest_cache/v/cache/lastfailed"


def worth_it(failed: list[str]) -> bool:
    """Whether these are few, and each is one test: a file that can't even be imported stays broken."""
    return 0 < len(failed) <= MOST and all("::" in test for test in failed)


if __name__ == "__main__":
    failed = list(json.loads(LAST_FAILED.read_text(encoding="utf-8"))) if LAST_FAILED.exists() else []
    if not worth_it(failed):
        sys.exit(1)
    print("\nTried once more, alone (what fails now fails for good):", *failed, "", sep="\n  ", flush=True)
