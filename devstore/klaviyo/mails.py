"""The mails that flows have made: sent ones with their links, and skipped ones with the reason.

What Klaviyo would deliver over SMTP is kept here instead, for the inbox pages, the shoppers that answer, and the count
of products that could not be bought when they were shown.
"""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a mail: `token` is what its address in the mail carries, `url` where it leads."""

    token: str
    url: str
    written: str
    """The address as the template had it, before anything was added."""


@dataclass(slots=True)
class Mail:
    """One message to one profile."""

    profile_id: str
    flow_id: str
    flow_name: str
    message_id: str
    message_name: str
    at: datetime
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    open_token: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    subject: str = ""
    preview: str = ""
    sender: str = ""
    html: str = ""
    links: tuple[Link, ...] = ()
    kx: str = ""
    skipped: str = ""
    """Why it was not sent; empty for a sent one."""
    products: tuple[str, ...] = ()
    """Handles of the products that its links lead to, in the order in which they are shown."""
    unbuyable: tuple[str, ...] = ()
    """Those of them that could not be bought at the moment of sending, by the store's truth."""
    opened: int = 0
    clicked: int = 0

    @property
    def sent(self) -> bool:
        return not self.skipped


class Mails:
    """All mails of an account; every method may be called from any thread."""

    def __init__(self) -> None:
        self.can_be_bought: Callable[[str], bool] = lambda _handle: True
        """Whether the product of a handle can be bought at this moment; the store beside the account says so."""
        self._lock = threading.Lock()
        self._all: dict[str, Mail] = {}
        self._of: defaultdict[str, list[Mail]] = defaultdict(list)
        self._links: dict[str, tuple[Mail, Link]] = {}
        self._opens: dict[str, Mail] = {}

    def add(self, mail: Mail) -> None:
        with self._lock:
            self._all[mail.id] = mail
            self._of[mail.profile_id].append(mail)
            self._opens[mail.open_token] = mail
            self._links.update((link.token, (mail, link)) for link in mail.links)

    def get(self, mail_id: str) -> Mail | None:
        return self._all.get(mail_id)

    def of(self, profile_id: str) -> list[Mail]:
        """One profile's, the newest first."""
        with self._lock:
            return self._of[profile_id][::-1] if profile_id in self._of else []

    def readers(self) -> list[str]:
        """Ids of the profiles that have mails, whoever got the newest first."""
        with self._lock:
            return sorted(self._of, key=lambda profile: self._of[profile][-1].at, reverse=True)

    def all(self, *, after: int = 0) -> list[Mail]:
        """In the order in which they were made, without the first so many."""
        with self._lock:
            return list(islice(self._all.values(), after, None))

    def sent_since(self, moment: datetime) -> Iterator[Mail]:
        return (mail for mail in self.all() if mail.sent and mail.at >= moment)

    def link(self, token: str) -> tuple[Mail, Link] | None:
        return self._links.get(token)

    def by_open(self, token: str) -> Mail | None:
        return self._opens.get(token)
