"""What Klaviyo does to the links of a mail before it goes out: tracking parameters, `_kx`, and a redirect that counts.

Links are found in `href` attributes of anchors only. Klaviyo leaves the dynamic tracking parameters out of links that
come from a feed; the static ones, and `_kx`, stand in all of them.
"""

from __future__ import annotations

import html as markup
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from devstore.klaviyo.mails import Link

_HREF = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)
_PRODUCT = re.compile(r"/products/([^/?#]+)")


def counted(
    html: str,
    *,
    origin: str,
    kx: str,
    static: Mapping[str, str],
    dynamic: Mapping[str, str],
    from_feeds: Collection[str],
) -> tuple[str, tuple[Link, ...]]:
    """The mail with its links replaced by counting ones, and what each leads to.

    Args:
        origin: of Klaviyo; links to it (unsubscribe, web view) stay as they are.
        static: tracking parameters for every link.
        dynamic: those for links that come from no feed.
        from_feeds: the addresses that stand in the feeds that were used.
    """
    links: list[Link] = []

    def replaced(found: re.Match[str]) -> str:
        written = markup.unescape(found[3]).strip()
        if urlsplit(written).scheme not in ("http", "https") or written.startswith(origin):
            return found[0]
        added = {**static, **({} if written in from_feeds else dynamic), "_kx": kx}
        link = Link(secrets.token_urlsafe(12), with_parameters(written, added), written)
        links.append(link)
        return f"{found[1]}{found[2]}{origin}/l/{link.token}{found[2]}"

    return _HREF.sub(replaced, html), tuple(links)


def with_parameters(url: str, added: Mapping[str, str]) -> str:
    """The address with parameters that it does not have yet."""
    parts = urlsplit(url)
    present = parse_qsl(parts.query, keep_blank_values=True)
    names = {name for name, _ in present}
    return urlunsplit(
        parts._replace(query=urlencode([*present, *((n, v) for n, v in added.items() if n not in names)]))
    )


def product_handles(links: Collection[Link]) -> list[str]:
    """The handles of the products that links lead to, each once, in their order."""
    found = (_PRODUCT.search(urlsplit(link.written).path) for link in links)
    return list(dict.fromkeys(one[1] for one in found if one))


def addresses(content: Any) -> Iterator[str]:
    """Every web address that stands in a feed."""
    if isinstance(content, str):
        if content.startswith(("http://", "https://")):
            yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from addresses(value)
    elif isinstance(content, list):
        for value in content:
            yield from addresses(value)
