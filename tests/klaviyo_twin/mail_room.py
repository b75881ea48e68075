"""An account with a clock that tests move, a metric flow in it, and its inbox as an HTTP client sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from devstore.klaviyo.mails import Mail
from devstore.klaviyo.records import SUBSCRIBED, Flow, Profile, Template, WebFeed
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
METRIC = "Attune Cart Left Behind"
HTML = '<body><a href="https://store.example/products/{{ event.items.0.handle }}">{{ person.first_name }}</a></body>'
CONSENT = {
    "conditions": [
        {
            "type": "profile-marketing-consent",
            "consent": {
                "channel": "email",
                "can_receive_marketing": True,
                "consent_status": {"subscription": "subscribed"},
            },
        }
    ]
}
EVENT = {"items": [{"handle": "linen-throw"}], "rid": "r-1"}


@dataclass
class MailRoom:
    now: datetime = START
    account: Account = field(init=False)
    http: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.account = Account(now=lambda: self.now, origin="http://twin.example")
        self.http = create_twin(self.account).test_client()

    def later(self, **by: float) -> None:
        """Let time pass, and carry out what has become due."""
        self.now += timedelta(**by)
        assert self.http.post("/_dev/run").status_code == 200

    def profile(self, email: str = "ada@example.com", consent: str = SUBSCRIBED, **properties: Any) -> Profile:
        profile = self.account.upsert({"email": email}, {"first_name": "Ada"}, properties)
        self.account.set_consent(profile, consent)
        return profile

    def template(self, html: str = HTML) -> str:
        made = Template(self.account.new_id(), "T", "CODE", html, "", self.now, self.now)
        self.account.templates[made.id] = made
        return made.id

    def flow(
        self, *actions: dict[str, Any], status: str = "live", name: str = "Cart", trigger: dict[str, Any] | None = None,
        **more: Any,
    ) -> Flow:  # fmt: skip
        """A flow that our metric starts, unless a trigger is given; the first action is the entry."""
        begins = trigger or {"type": "metric", "id": self.account.metric(METRIC).id}
        definition = {"triggers": [begins], "entry_action_id": actions[0]["id"], "actions": list(actions), **more}
        made = Flow(self.account.new_id(), name, status, definition, self.now, self.now)
        self.account.flows[made.id] = made
        return made

    def mail(self, action: str, then: str | None = None, *, html: str = HTML, **message: Any) -> dict[str, Any]:
        said = {"name": action, "subject_line": "For {{ person.first_name }}", "template_id": self.template(html)}
        data = {"status": "live", "message": {**said, "smart_sending_enabled": False, **message}}
        return {"id": action, "type": "send-email", "links": {"next": then}, "data": data}

    def feed(self, name: str, url: str) -> None:
        made = WebFeed(self.account.new_id(), name, url, "get", "json", self.now, self.now)
        self.account.web_feeds[made.id] = made

    def happens(self, profile: Profile, **more: Any) -> None:
        """Our metric is told of a profile."""
        self.account.record(profile, METRIC, EVENT, **more)

    def sent(self, profile: Profile) -> list[Mail]:
        """The oldest first."""
        return [mail for mail in self.account.mails.of(profile.id)[::-1] if mail.sent]

    def reasons(self, profile: Profile) -> list[str]:
        return [mail.skipped for mail in self.account.mails.of(profile.id) if not mail.sent]

    def events(self, profile: Profile, name: str) -> list[dict[str, Any]]:
        """What Klaviyo itself has noted of a profile."""
        found = [one.id for one in self.account.metrics.values() if one.name == name]
        return [event.properties for of in found for event in self.account.events_of(profile.id, of)]


def delay(action: str, then: str | None, value: int, unit: str = "hours") -> dict[str, Any]:
    return {"id": action, "type": "time-delay", "links": {"next": then}, "data": {"unit": unit, "value": value}}


def split(action: str, yes: str | None, no: str | None, *conditions: dict[str, Any]) -> dict[str, Any]:
    links = {"next_if_true": yes, "next_if_false": no}
    groups = {"condition_groups": [{"conditions": list(conditions)}]}
    return {"id": action, "type": "conditional-split", "links": links, "data": {"profile_filter": groups}}
