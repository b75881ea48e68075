"""Why a flow or template could not be made in Klaviyo, in words that say what the merchant can do about it."""

from __future__ import annotations

from typing import Final

from app.errors import KlaviyoRefused

NO_ACCESS: Final = (
    "Klaviyo does not let Attune make this. On the Klaviyo page, connect again and grant access to flows, templates "
    "and metrics; with a private key, make one with full access."
)
PLAN: Final = "Your Klaviyo plan does not include this: {said} Change the plan in Klaviyo, then look again here."
LIMIT: Final = "Your Klaviyo account is full: {said} Delete there what you no longer need, then look again here."
NO_SENDER: Final = (
    "Your Klaviyo account has no default sender. Set its name and address in Klaviyo under Settings, connect again on "
    "the Klaviyo page, then look again here."
)
SENDER: Final = "Klaviyo does not accept the sender: {said} Set it in Klaviyo under Settings, then look again here."
OTHER: Final = "Klaviyo refused it: {said} Look again here; if it stays so, send this sentence to Attune’s support."
_FULL: Final = ("limit", "quota", "max")
_PLAN: Final = ("feature", "plan", "upgrade", "billing")


def in_words(error: KlaviyoRefused) -> str:
    """What the merchant reads, and can do."""
    said, code = _sentence(str(error)), error.code.lower()
    if error.status == 402 or any(one in code for one in _PLAN):
        return PLAN.format(said=said)
    if any(one in code for one in _FULL):
        return LIMIT.format(said=said)
    if error.status == 403:
        return NO_ACCESS
    if "from_" in error.pointer or "from_email" in said or "sender" in said.lower():
        return SENDER.format(said=said)
    return OTHER.format(said=said)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
