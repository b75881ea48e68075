"""``python -m devstore``: opens a simulated shop and serves it until it is stopped."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from flask import Flask

from devstore import worlds
from devstore.model import World
from devstore.options import Options, TomlError, read_toml
from devstore.server import create, listen


def main(arguments: list[str] | None = None) -> None:
    args = _parser().parse_args(arguments)
    try:
        world = worlds.build(args.world)
        if args.tastes:
            _write_tastes(world, args.tastes)
        app = create(world, _options(args, world))
    except (TomlError, OSError, KeyError, ValueError) as error:
        sys.exit(f"devstore: {error}")
    with ExitStack() as beside:
        if args.klaviyo_port is not None:
            beside.enter_context(_klaviyo(app, args.klaviyo_port, args.port))
        server = listen(app, args.port)
        beside.callback(server.server_close)
        with suppress(KeyboardInterrupt):
            signal.signal(signal.SIGTERM, _stop)
            print(f"READY http://127.0.0.1:{args.port}", flush=True)
            server.serve_forever()


@contextmanager
def _klaviyo(app: Flask, port: int, store_port: int) -> Iterator[None]:
    # Only here, so that a store without the twin starts without Django.
    from devstore.klaviyo.beside import serving_beside

    with serving_beside(app, port, f"http://127.0.0.1:{store_port}") as twin:
        print(f"Klaviyo's twin: {twin.origin}, inbox: {twin.origin}/inbox", flush=True)
        yield


def _write_tastes(world: World, path: Path) -> None:
    # Only here, so that small worlds start without NumPy.
    from devstore.worlds.taste import tastes_of

    tastes_of(world).save(path)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- the signature is signal's.
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devstore", description="A simulated Shopify store with one installed app.")
    parser.add_argument("--world", default="small", help="small, generated, null, or the path of a transaction log")
    parser.add_argument("--tastes", type=Path, metavar="FILE", help="write there what the shoppers want (.npz)")
    parser.add_argument("--port", type=int, default=9292)
    parser.add_argument("--klaviyo-port", type=int, help="serve the store's Klaviyo account there, too")
    parser.add_argument("--app-url", required=True, help="the origin that the app listens on")
    parser.add_argument("--app-toml", type=Path, default=Path("shopify.app.toml"))
    parser.add_argument("--extensions", type=Path, default=Path("extensions"))
    parser.add_argument("--shop-domain", help="instead of the world's own")
    parser.add_argument("--no-level2", action="store_true", help="refuse names, e-mails, phones and addresses")
    return parser


def _options(args: argparse.Namespace, world: World) -> Options:
    app_url = args.app_url.rstrip("/")
    return Options(
        port=args.port,
        app_url=app_url,
        app_toml=read_toml(args.app_toml.read_text(), app_url),
        extensions=args.extensions,
        api_key=_secret("SHOPIFY_API_KEY"),
        api_secret=_secret("SHOPIFY_API_SECRET"),
        shop_domain=args.shop_domain or world.shop.domain,
        origin=f"http://127.0.0.1:{args.port}",
        level2=not args.no_level2,
    )


def _secret(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ValueError(f"{name} is not set")
    return value


if __name__ == "__main__":
    main()
