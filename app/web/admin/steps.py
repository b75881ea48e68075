"""The steps of the set-up in words: how each stands, and what the merchant can do about it.

A step that is under way makes the page follow it; everything else waits for somebody or for tonight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.services.connect_pixel import PixelState
from app.web.admin.setup import RESOURCES, Setup
from app.web.admin.writing import count


class State(StrEnum):
    DONE = "done"
    UNDER_WAY = "under_way"
    TO_DO = "to_do"
    """The merchant's turn."""
    WAITING = "waiting"
    """Another step comes first, or there is nothing to be done today."""
    FAILED = "failed"


BADGES = {
    State.DONE: ("Done", "success"),
    State.UNDER_WAY: ("Under way", "info"),
    State.TO_DO: ("To do", "warning"),
    State.WAITING: ("Waiting", "neutral"),
    State.FAILED: ("Failed", "critical"),
}
PIXEL = {
    PixelState.CONNECTED: (
        State.DONE,
        "Shopify loads it for visitors who allow analytics and preferences, for nobody else.",
    ),
    PixelState.MISSING_SCOPE: (
        State.TO_DO,
        "It needs a permission that has not been approved. Close the app and open it again; Shopify then asks you.",
    ),
    PixelState.NOT_CONNECTED: (
        State.UNDER_WAY,
        "It is connected by itself, as a rule within a minute. Should Shopify refuse, it is tried again every hour.",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    key: str
    title: str
    state: State
    text: str
    path: str = ""
    """Our page for it; empty where there is nothing to open."""
    action: str = ""

    @property
    def badge(self) -> str:
        return BADGES[self.state][0]

    @property
    def tone(self) -> str:
        return BADGES[self.state][1]

    def as_json(self) -> dict[str, str]:
        """What the page puts into the step while it follows."""
        return {"key": self.key, "badge": self.badge, "tone": self.tone, "text": self.text}


def steps(setup: Setup) -> Sequence[Step]:
    """All steps that we know about, in their order; what stands in the theme only Shopify knows."""
    return (_import(setup), _consent(setup), _model(setup), _lists(setup), _pixel(setup))


def settled(setup: Setup) -> bool:
    """Whether nothing is under way that the page should wait for."""
    return all(step.state is not State.UNDER_WAY for step in steps(setup))


def complete(setup: Setup) -> bool:
    return all(step.state is State.DONE for step in steps(setup))


def _import(setup: Setup) -> Step:
    counts = setup.counts
    text = f"{count(counts.products)} products, {count(counts.customers)} customers, {count(counts.orders)} orders"
    state = State.DONE if setup.imported else State.UNDER_WAY
    if setup.import_failed:
        state = State.FAILED
        failed = [RESOURCES[run.resource].lower() for run in setup.rows() if run.state == "failed"]
        text = f"{text}. Not imported: {', '.join(failed)}; see below."
    elif not setup.runs:
        text = "It starts within seconds of the installation."
    return Step("import", "Import your store's data", state, text)


def _consent(setup: Setup) -> Step:
    title, path = "Decide about learning", "/admin/consent"
    if setup.consented:
        return Step("consent", title, State.DONE, "You allowed it; you can withdraw at any time.", path, "Review")
    text = "Nothing is learnt from your data before you allow it."
    return Step("consent", title, State.TO_DO, text, path, "Read and decide")


def _model(setup: Setup) -> Step:
    title = "Train the recommendations"
    if setup.model is not None:
        return Step("model", title, State.DONE, _model_text(setup), "/admin/model", "What was learnt")
    if not (setup.consented and setup.imported):
        return Step("model", title, State.WAITING, "Starts by itself after import and consent.")
    if setup.latest is None or setup.latest.state == "training":
        return Step("model", title, State.UNDER_WAY, "This takes a minute or two; the page follows.")
    text = f"Trained, with nothing to show: {setup.latest.note}. It is tried again every night."
    return Step("model", title, State.WAITING, text)


def _model_text(setup: Setup) -> str:
    """What is in use; how each rail did in its exam stands on a page of its own."""
    assert setup.model is not None
    shown = sum(row.shown for row in setup.learnt)
    learnt_from = f"Learnt from {count(setup.model.orders)} orders of {count(setup.model.products)} products"
    if not shown:
        return f"{learnt_from}. Nothing beat what is popular yet, so that is what is shown."
    return f"{learnt_from}. {shown} of {len(setup.learnt)} rails beat what is popular, and are in use."


def _lists(setup: Setup) -> Step:
    title, listed = "Put the lists into your store", setup.counts.lists
    if setup.model is None:
        if listed:
            return Step("lists", title, State.UNDER_WAY, f"{count(listed)} products' lists are being taken out again.")
        return Step("lists", title, State.WAITING, "Follows the training.")
    if setup.lists_due:
        return Step("lists", title, State.UNDER_WAY, f"{count(listed)} products have lists so far.")
    if not listed:
        text = "No product has a list: there is no other product that can be bought now."
        return Step("lists", title, State.WAITING, text)
    text = f"{count(listed)} products have lists, which your theme draws without asking us."
    return Step("lists", title, State.DONE, text, "/admin/preview", "Preview")


def _pixel(setup: Setup) -> Step:
    return Step("pixel", "Connect the web pixel", *PIXEL[setup.pixel])
