"""What mails are made of and fed by: templates, flows, lists, web feeds, webhooks, tracking settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from app.adapters.klaviyo import filters
from app.adapters.klaviyo.answers import attributes, next_page, resource, resources, text
from app.adapters.klaviyo.calls import Calls
from app.errors import KlaviyoRefused
from app.ports import Json
from app.ports.klaviyo import Rendered

MOST_PAGES: Final = 100


class ContentApi:
    """The second half of `app.adapters.klaviyo.api.KlaviyoSdkApi`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    # Templates and flows

    def create_template(self, name: str, html: str, text: str) -> str:
        told = {"name": name, "editor_type": "CODE", "html": html, "text": text}
        return self._made("Templates", "create_template", {"type": "template", "attributes": told})

    def update_template(self, template: str, *, name: str, html: str, text: str) -> None:
        told = {"name": name, "html": html, "text": text}
        body = {"data": {"type": "template", "id": template, "attributes": told}}
        self._calls.ask("Templates", "update_template", template, body)

    def template(self, template: str) -> Json | None:
        return self._found("Templates", "get_template", template)

    def templates_named(self, name: str) -> Sequence[Json]:
        return self._pages("Templates", "get_templates", filter=filters.equals("name", name))

    def render(self, template: str, context: Json) -> Rendered:
        told = {"context": dict(context)}
        body = {"data": {"type": "template", "id": template, "attributes": told}}
        answer = self._calls.ask("Templates", "render_template", body)
        made = attributes(resource("render_template", answer))
        return Rendered(text(made.get("html")), text(made.get("text")))

    def create_flow(self, name: str, definition: Json) -> str:
        told = {"name": name, "definition": definition}
        return self._made("Flows", "create_flow", {"type": "flow", "attributes": told})

    def flow(self, flow: str) -> Json | None:
        return self._found("Flows", "get_flow", flow, additional_fields_flow=["definition"])

    def flows_named(self, name: str) -> Sequence[Json]:
        found = self._pages("Flows", "get_flows", filter=filters.equals("name", name))
        return [one for one in found if not attributes(one).get("archived")]

    def lists(self) -> Sequence[Json]:
        return self._pages("Lists", "get_lists")

    # Feeds, webhooks, settings

    def feeds(self) -> Sequence[Json]:
        return self._pages("Web_Feeds", "get_web_feeds")

    def create_feed(self, name: str, url: str) -> str:
        told = {"name": name, "url": url, "request_method": "get", "content_type": "json"}
        return self._made("Web_Feeds", "create_web_feed", {"type": "web-feed", "attributes": told})

    def update_feed(self, feed: str, *, name: str, url: str) -> None:
        told = {"name": name, "url": url}
        body = {"data": {"type": "web-feed", "id": feed, "attributes": told}}
        self._calls.ask("Web_Feeds", "update_web_feed", feed, body)

    def delete_feed(self, feed: str) -> None:
        self._gone("Web_Feeds", "delete_web_feed", feed)

    def create_webhook(self, name: str, url: str, secret: str, topics: Sequence[str]) -> str:
        wanted = {"webhook-topics": {"data": [{"type": "webhook-topic", "id": topic} for topic in topics]}}
        told = {"name": name, "endpoint_url": url, "secret_key": secret}
        body = {"type": "webhook", "attributes": told, "relationships": wanted}
        return self._made("Webhooks", "create_webhook", body)

    def delete_webhook(self, webhook: str) -> None:
        self._gone("Webhooks", "delete_webhook", webhook)

    def _made(self, group: str, call: str, data: dict[str, Any]) -> str:
        return str(resource(call, self._calls.ask(group, call, {"data": data}))["id"])

    def _found(self, group: str, call: str, id: str, **options: Any) -> Json | None:
        """The resource; None where it is gone."""
        try:
            return resource(call, self._calls.ask(group, call, id, **options))
        except KlaviyoRefused as error:
            if error.status == 404:
                return None
            raise

    def _gone(self, group: str, call: str, id: str) -> None:
        """Delete what may be gone already."""
        try:
            self._calls.ask(group, call, id)
        except KlaviyoRefused as error:
            if error.status != 404:
                raise

    def _pages(self, group: str, call: str, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
        """The resources of all pages."""
        found: list[dict[str, Any]] = []
        at: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            document = self._calls.ask(group, call, *arguments, **options, **at)
            found += resources(call, document)
            following = next_page(document)
            if following is None:
                break
            at = {"page_cursor": following}
        return found
