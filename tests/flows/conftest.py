"""The connected shop of the mail tests serves the series as well."""

from __future__ import annotations

from tests.mail.conftest import mails  # noqa: F401  (the fixture itself)
