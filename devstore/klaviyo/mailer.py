"""Makes one mail of a flow: fills in the template, counts its links, and notes whether its products can be bought.

A mail that Klaviyo would not send is made all the same, with the reason and without content: the inbox shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from devstore.klaviyo import links, render
from devstore.klaviyo.feeds import FeedCache, Feeds, FeedUnusable
from devstore.klaviyo.mails import Mail
from devstore.klaviyo.records import KLAVIYO, UNSUBSCRIBED, Flow, Profile
from devstore.klaviyo.state import Account
from devstore.klaviyo.template_tags import MailContext

SMART_SENDING: Final = timedelta(hours=16)
"""Klaviyo's default: nobody gets two mails within this time unless a message says otherwise."""
DYNAMIC: Final = frozenset(
    ("email_subject", "flow_id", "flow_name", "link_alt_text", "message_name", "message_name_id", "message_type",
     "profile_external_id", "profile_id")
)  # fmt: skip
BOUNCING: Final = "@bounces.example"
"""Addresses there exist no more."""

Json = Mapping[str, Any]


class Mailer:
    def __init__(self, account: Account) -> None:
        self._account = account
        self.feeds = FeedCache()

    def send(self, flow: Flow, action_id: str, message: Json, profile: Profile, event: Json, at: datetime) -> Mail:
        """Make the mail and put it into the inbox, sent or skipped."""
        mail = Mail(
            profile.id, flow.id, flow.name, str(message.get("id") or action_id), str(message.get("name") or "E-mail"),
            at, kx=profile.kx, sender=f"{message.get('from_label') or ''} <{message.get('from_email') or ''}>".strip(),
        )  # fmt: skip
        mail.skipped = self._refused(flow, message, profile, at)
        if not mail.skipped:
            try:
                self._write(mail, message, profile, event)
            except (render.Skipped, FeedUnusable) as reason:
                mail.skipped = str(reason)
            except render.BrokenTemplate as error:
                mail.skipped = f"Skipped: Template Error ({error})"
        self._account.mails.add(mail)
        if mail.sent:
            self._tell(mail, profile)
        return mail

    def preview(self, template: str, variables: Json) -> str:
        """A template filled in with the given variables and the account's feeds, as the API's render call does.

        Raises:
            BrokenTemplate, Skipped, FeedUnusable: as of a mail.
        """
        filled = {**self._everybodys(set()), **variables}
        return render.fill(template, filled, self._context(self._account.now(), "#unsubscribe", "#web-view"))

    def _refused(self, flow: Flow, message: Json, profile: Profile, at: datetime) -> str:
        """Why nothing is sent to this profile now; empty where nothing stands against it."""
        if not profile.email:
            return "Skipped: No Email"
        if not message.get("transactional") and (profile.suppressions or profile.consent == UNSUBSCRIBED):
            return "Skipped: Suppressed"
        recent = (mail for mail in self._account.mails.of(profile.id) if mail.sent)
        if message.get("smart_sending_enabled", True) and any(at - mail.at < SMART_SENDING for mail in recent):
            return "Skipped: Smart Sending"
        if str(message.get("template_id")) not in self._account.templates:
            return "Skipped: Template Missing"
        return "Waiting: the flow sends by hand" if flow.status == "manual" else ""

    def _write(self, mail: Mail, message: Json, profile: Profile, event: Json) -> None:
        template = self._account.templates[str(message["template_id"])]
        from_feeds: set[str] = set()
        variables = {
            "event": event,
            "person": person(profile),
            **self._everybodys(from_feeds),
        }
        origin = self._account.origin
        context = self._context(mail.at, f"{origin}/u/{mail.open_token}", f"{origin}/inbox/{profile.id}/{mail.id}")
        mail.subject = render.fill(str(message.get("subject_line") or ""), variables, context, is_html=False)
        mail.preview = render.fill(str(message.get("preview_text") or ""), variables, context, is_html=False)
        html = render.fill(template.html, variables, context)
        static, dynamic = self._parameters(mail, message, profile)
        mail.html, mail.links = links.counted(
            html, origin=origin, kx=profile.kx, static=static, dynamic=dynamic, from_feeds=from_feeds
        )
        mail.html = _with_pixel(mail.html, f"{origin}/o/{mail.open_token}.gif")
        mail.products = tuple(links.product_handles(mail.links))
        mail.unbuyable = tuple(one for one in mail.products if not self._account.mails.can_be_bought(one))

    def _everybodys(self, from_feeds: set[str]) -> dict[str, Any]:
        """The variables that are the same for everybody."""
        account = self._account
        organization = account.organization
        return {
            "feeds": Feeds(account, self.feeds, from_feeds),
            "organization": {
                "name": organization.name,
                "url": organization.website,
                "homepage": organization.website,
                "full_address": organization.address,
            },
        }

    def _context(self, at: datetime, unsubscribe: str, web_view: str) -> MailContext:
        currency = self._account.organization.currency
        return MailContext(self._catalog_item, at, currency, unsubscribe, unsubscribe, web_view)

    def _catalog_item(self, item_id: str) -> Json | None:
        found = self._account.catalog.get(item_id)
        if found is None:
            return None
        return {
            "id": found.external_id,
            "title": found.title,
            "description": found.description,
            "url": found.url,
            "featured_image": {"full": {"src": found.image}, "thumbnail": {"src": found.image}},
            "metadata": {"price": found.price},
            "published": found.published,
            "variants": found.variants,
        }

    def _parameters(self, mail: Mail, message: Json, profile: Profile) -> tuple[dict[str, str], dict[str, str]]:
        """The tracking parameters of the account and of the message: static ones, and dynamic ones filled in."""
        given: list[tuple[str, str]] = []
        if self._account.auto_add_parameters or message.get("add_tracking_params"):
            given += [(str(one["name"]), str(one["value"])) for one in self._account.tracking_parameters]
        given += [(str(one["param"]), str(one["value"])) for one in message.get("custom_tracking_params") or ()]
        values = {
            "email_subject": mail.subject,
            "flow_id": mail.flow_id,
            "flow_name": mail.flow_name,
            "link_alt_text": "",
            "message_name": mail.message_name,
            "message_name_id": f"{mail.message_name} ({mail.message_id})",
            "message_type": "email",
            "profile_external_id": profile.external_id or "",
            "profile_id": profile.id,
        }
        static = {name: value for name, value in given if value not in DYNAMIC}
        return static, {name: values[value] for name, value in given if value in DYNAMIC}

    def _tell(self, mail: Mail, profile: Profile) -> None:
        """Klaviyo's own events of a mail that went out."""
        bounces = (profile.email or "").endswith(BOUNCING)
        if bounces:
            profile.suppressions.append("HARD_BOUNCE")
        record(self._account, mail, "Bounced Email" if bounces else "Received Email", mail.at, mail.id)


def record(account: Account, mail: Mail, metric: str, at: datetime, unique: str, **more: Any) -> None:
    """Note what happened to a mail, as Klaviyo does under its own name."""
    profile = account.profiles.get(mail.profile_id)
    if profile is not None:
        said = {
            "Subject": mail.subject,
            "Campaign Name": mail.message_name,
            "$flow": mail.flow_id,
            "$message": mail.message_id,
            "Email Domain": (profile.email or "").rpartition("@")[2],
            **more,
        }
        account.record(profile, metric, said, at, unique, integration=KLAVIYO)


def person(profile: Profile) -> dict[str, Any]:
    """A profile as templates and filters see it."""
    return {
        **profile.properties,
        **profile.attributes,
        "id": profile.id,
        "email": profile.email or "",
        "phone_number": profile.phone_number or "",
        "external_id": profile.external_id or "",
    }


def _with_pixel(html: str, url: str) -> str:
    pixel = f'<img src="{url}" width="1" height="1" alt="" style="display:none">'
    place = html.lower().rfind("</body>")
    return html + pixel if place < 0 else html[:place] + pixel + html[place:]
