"""The quotas of the calls that are made: requests in each window of a second, a minute and a day.

They hold for each call, account and kind of credential by itself; Klaviyo's headers tell of changes.
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
"""

from __future__ import annotations

from typing import Final, NamedTuple

SECOND, MINUTE, DAY = 1, 60, 86_400


class Rate(NamedTuple):
    burst: int
    steady: int
    daily: int = 0
    """0 for calls that have no limit a day."""

    def windows(self) -> list[tuple[int, int]]:
        """(length in seconds, requests)."""
        return [(SECOND, self.burst), (MINUTE, self.steady), *([(DAY, self.daily)] if self.daily else [])]


XS, S, M, L, XL = Rate(1, 15), Rate(3, 60), Rate(10, 150), Rate(75, 750), Rate(350, 3500)

RATES: Final = {
    "get_accounts": XS,
    "bulk_import_profiles": M,
    "get_bulk_import_profiles_job": M,
    "get_bulk_import_profiles_jobs": M,
    "get_errors_for_bulk_import_profiles_job": M,
    "get_profiles": L,
    "update_profile": L,
    "get_metrics": M,
    "create_event": XL,
    "bulk_create_events": M,
    "get_events": XL,
    "create_template": L,
    "update_template": L,
    "get_template": L,
    "get_templates": L,
    "render_template": S,
    "create_flow": Rate(1, 15, 100),
    "get_flow": S,
    "get_flows": S,
    "get_lists": L,
    "get_web_feeds": XS,
    "create_web_feed": XS,
    "update_web_feed": XS,
    "delete_web_feed": XS,
    "create_webhook": XS,
    "delete_webhook": XS,
    "get_webhooks": XS,
}
