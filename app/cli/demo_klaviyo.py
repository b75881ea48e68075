"""The demo's Klaviyo account: the twin beside the store, connected on the app's own page as the world's owner."""

from __future__ import annotations

from typing import Final

KEY: Final = "pk_" + "7" * 34
"""The private key of the twin's account; it opens nothing but this simulation."""
PAGE: Final = "/admin/klaviyo"
