"""``python -m devstore.klaviyo``: serves an empty account by itself, for benches and for trying the API out."""

from __future__ import annotations

import argparse
import signal
import threading
from datetime import UTC, datetime
from types import FrameType

from devstore.clock import StoreClock
from devstore.klaviyo.credentials import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY
from devstore.klaviyo.mailing import run_in_background
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin
from devstore.server import listen


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="devstore.klaviyo", description="A simulated Klaviyo account.")
    parser.add_argument("--port", type=int, default=9393)
    parser.add_argument("--private-key", default=PRIVATE_KEY, help="the key that opens the account")
    args = parser.parse_args(arguments)
    clock = StoreClock(datetime.now(UTC))
    account = Account(now=clock.now)
    account.credentials.private_keys[args.private_key] = None
    twin, stop = create_twin(account, clock.advance), threading.Event()
    server = listen(twin, args.port)
    account.origin = f"http://127.0.0.1:{server.server_port}"
    try:
        signal.signal(signal.SIGTERM, _stop)
        print(f"key {args.private_key}, app {CLIENT_ID} with secret {CLIENT_SECRET}")
        print(f"READY {account.origin}", flush=True)
        run_in_background(twin.extensions["klaviyo_engine"], stop)
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        server.server_close()


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- the signature is signal's.
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
