"""``python -m devstore.inbox --klaviyo URL``: how many of the mails that went out showed what could not be bought then.

The simulated Klaviyo asks the store beside it about each product at the moment at which it sends a mail; this prints
what it noted of the last day, or of as many minutes as are asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import httpx

DAY_MIN: Final = 24 * 60.0


def main(arguments: list[str] | None = None) -> None:
    args = _parser().parse_args(arguments)
    try:
        told = unbuyable(args.klaviyo, args.minutes)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        sys.exit(f"devstore.inbox: {args.klaviyo} does not tell of its mails: {error}")
    print("\n".join(in_words(told)))
    if args.json:
        args.json.write_text(json.dumps(told, indent=2))


def unbuyable(klaviyo: str, minutes: float) -> dict[str, Any]:
    """What the simulated Klaviyo at this address tells of the mails of the last minutes.

    Raises:
        HTTPError, ValueError: nothing that does so is there.
    """
    answer = httpx.get(f"{klaviyo.rstrip('/')}/_dev/unbuyable", params={"minutes": minutes}, timeout=30)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def in_words(told: dict[str, Any]) -> list[str]:
    """The figures as lines: the share first, then one for each place in a mail, then the mails themselves."""
    share, mails = 100 * float(told["share"]), told["with_products"]
    lines = [f"{told['unbuyable']} of {mails} mails with products showed one that could not be bought: {share:.2f} %"]
    for place, counts in told["by_place"].items():
        lines.append(f"  place {place}: {counts['unbuyable']} of {counts['shown']}")
    lines += [f"  mail {one['mail']} of {one['flow']}: {', '.join(one['products'])}" for one in told["examples"]]
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstore.inbox", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--klaviyo", required=True, metavar="URL", help="where the simulated Klaviyo is")
    parser.add_argument("--minutes", type=float, default=DAY_MIN, help="of how long, by the store's clock (a day)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go as JSON")
    return parser


if __name__ == "__main__":
    main()
