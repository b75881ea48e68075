"""Templates (with their rendering), saved universal content, web feeds and the catalogue: what mails are made of."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from devstore.klaviyo import render
from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked, text
from devstore.klaviyo.api.errors import ApiError, invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import XL, XS, L, S
from devstore.klaviyo.feeds import FeedUnusable
from devstore.klaviyo.mailer import Mailer
from devstore.klaviyo.records import CatalogItem, Template, WebFeed
from devstore.klaviyo.state import Account

Json = dict[str, Any]
PAGED = ("filter", "sort", "page[size]", "page[cursor]")
TEMPLATE_FIELDS = ("name", "editor_type", "html", "text", "amp")
FEED_FIELDS = ("name", "url", "request_method", "content_type")
MOST_TEMPLATES, MOST_FEEDS = 1_000, 10
FEED_NAME = re.compile(r"[0-9_A-z]+")


def register(gate: Gate, account: Account) -> None:
    _templates(gate, account)
    _rendering(gate, account)
    _universal_content(gate)
    _web_feeds(gate, account)
    _catalog(gate, account)


def _templates(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/templates", L, "templates:read", parameters=PAGED)
    def find(asked: Asked) -> Answer:
        names = [one.value for one in asked.conditions({"name": ("equals",), "id": ("equals",)})]
        found = [one for one in _own(account) if not names or one.name in names or one.id in names]
        return 200, asked.page(found, documents.template, default=10, most=10)

    @gate.route("POST", "/api/templates", L, "templates:write")
    def create(asked: Asked) -> Answer:
        attributes = asked.attributes(asked.resource("template", TEMPLATE_FIELDS))
        if attributes.get("editor_type") not in ("CODE", "USER_DRAGGABLE"):
            raise invalid("editor_type must be CODE or USER_DRAGGABLE.", "/data/attributes/editor_type")
        if len(_own(account)) >= MOST_TEMPLATES:
            raise ApiError(400, "limit_reached", f"An account may have at most {MOST_TEMPLATES} templates by API.")
        now = account.now()
        made = Template(
            account.new_id(),
            text(attributes, "name"),
            attributes["editor_type"],
            _readable(attributes, "html"),
            _readable(attributes, "text"),
            now,
            now,
        )
        account.templates[made.id] = made
        return 201, {"data": documents.template(made)}

    @gate.route("GET", "/api/templates/<name>", L, "templates:read")
    def read(_: Asked, name: str) -> Answer:
        return 200, {"data": documents.template(_template(account, name))}

    @gate.route("PATCH", "/api/templates/<name>", L, "templates:write")
    def update(asked: Asked, name: str) -> Answer:
        attributes = asked.attributes(asked.resource("template", TEMPLATE_FIELDS, named=name))
        template = _template(account, name)
        if "name" in attributes:
            template.name = text(attributes, "name")
        for field in ("html", "text"):
            if field in attributes:
                setattr(template, field, _readable(attributes, field))
        template.updated = account.now()
        return 200, {"data": documents.template(template)}

    @gate.route("DELETE", "/api/templates/<name>", L, "templates:write")
    def delete(_: Asked, name: str) -> Answer:
        del account.templates[_template(account, name).id]
        return 204, None


def _rendering(gate: Gate, account: Account) -> None:
    mailer = Mailer(account)

    @gate.route("POST", "/api/template-render", S, "templates:read")
    def filled(asked: Asked) -> Answer:
        data = asked.resource("template", ("context",))
        template = _template(account, str(data.get("id")))
        context = asked.attributes(data).get("context")
        if not isinstance(context, dict):
            raise invalid("context must be an object.", "/data/attributes/context")
        shown = documents.template(template)
        try:
            for field in ("html", "text"):
                shown["attributes"][field] = mailer.preview(getattr(template, field), context)
        except (render.BrokenTemplate, render.Skipped, FeedUnusable) as error:
            raise invalid(f"The template could not be rendered: {error}", "/data/attributes/context") from error
        return 201, {"data": shown}


def _universal_content(gate: Gate) -> None:
    @gate.route("GET", "/api/template-universal-content", L, "templates:read", parameters=PAGED)
    def none(asked: Asked) -> Answer:
        return 200, asked.page(list[Json](), dict)


def _own(account: Account) -> list[Template]:
    return [one for one in account.templates.copy().values() if not one.of_message]


def _template(account: Account, name: str) -> Template:
    if name not in account.templates:
        raise missing("template", name)
    return account.templates[name]


def _readable(attributes: Json, field: str) -> str:
    """The markup, refused where the template engine could not read it."""
    source = text(attributes, field, needed=False)
    if problems := render.check(source):
        raise invalid(f"The template is not valid: {'; '.join(problems)}", f"/data/attributes/{field}")
    return source


def _web_feeds(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/web-feeds", XS, "web-feeds:read", parameters=PAGED)
    def find(asked: Asked) -> Answer:
        names = [one.value for one in asked.conditions({"name": ("equals",)})]
        found = [one for one in account.web_feeds.values() if not names or one.name in names]
        return 200, asked.page(found, documents.web_feed, default=5, most=20)

    @gate.route("POST", "/api/web-feeds", XS, "web-feeds:write")
    def create(asked: Asked) -> Answer:
        attributes = asked.attributes(asked.resource("web-feed", FEED_FIELDS))
        if len(account.web_feeds) >= MOST_FEEDS:
            raise ApiError(400, "limit_reached", f"An account may have at most {MOST_FEEDS} web feeds.")
        _check_feed(account, attributes, FEED_FIELDS)
        now = account.now()
        name, url, method, content = (str(attributes[field]) for field in FEED_FIELDS)
        made = WebFeed(account.new_id(), name, url, method, content, now, now)
        account.web_feeds[made.id] = made
        return 201, {"data": documents.web_feed(made)}

    @gate.route("GET", "/api/web-feeds/<name>", XS, "web-feeds:read")
    def read(_: Asked, name: str) -> Answer:
        return 200, {"data": documents.web_feed(_feed(account, name))}

    @gate.route("PATCH", "/api/web-feeds/<name>", XS, "web-feeds:write")
    def update(asked: Asked, name: str) -> Answer:
        attributes = asked.attributes(asked.resource("web-feed", FEED_FIELDS, named=name))
        feed = _feed(account, name)
        given = [field for field in FEED_FIELDS if field in attributes]
        _check_feed(account, attributes, given, feed)
        for field in given:
            setattr(feed, field, attributes[field])
        feed.updated = account.now()
        return 200, {"data": documents.web_feed(feed)}

    @gate.route("DELETE", "/api/web-feeds/<name>", XS, "web-feeds:write")
    def delete(_: Asked, name: str) -> Answer:
        del account.web_feeds[_feed(account, name).id]
        return 204, None


def _feed(account: Account, name: str) -> WebFeed:
    if name not in account.web_feeds:
        raise missing("web-feed", name)
    return account.web_feeds[name]


def _check_feed(
    account: Account, attributes: Json, fields: list[str] | tuple[str, ...], own: WebFeed | None = None
) -> None:
    for field in fields:
        text(attributes, field)
    if "name" in fields:
        if not FEED_NAME.fullmatch(attributes["name"]):
            raise invalid(r"The name must match ^[0-9_A-z]+$.", "/data/attributes/name")
        if any(one.name == attributes["name"] and one is not own for one in account.web_feeds.values()):
            raise ApiError(409, "duplicate", "A web feed with this name exists.", pointer="/data/attributes/name")
    if "url" in fields and urlsplit(attributes["url"]).scheme not in ("http", "https"):
        raise invalid("The url must be a web address.", "/data/attributes/url")
    if attributes.get("request_method", "get") != "get" or attributes.get("content_type", "json") != "json":
        raise invalid("The twin simulates feeds of JSON that are read with GET.", "/data/attributes")


def _catalog(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/catalog-items", XL, "catalogs:read", parameters=("include", *PAGED))
    def find(asked: Asked) -> Answer:
        conditions = asked.conditions({"ids": ("any",), "published": ("equals",), "title": ("contains",)})
        found = list(account.catalog.copy().values())
        for one in conditions:
            if one.field == "ids":
                wanted = {name.strip().strip("\"'") for name in one.value.strip("[]").split(",")}
                found = [item for item in found if _item_id(item) in wanted]
            elif one.field == "published":
                found = [item for item in found if str(item.published).lower() == one.value]
            else:
                found = [item for item in found if one.value in item.title]
        return 200, asked.page(found, _item, default=100, most=100)


def _item_id(item: CatalogItem) -> str:
    return f"$shopify:::$default:::{item.external_id}"


def _item(item: CatalogItem) -> Json:
    attributes = {
        "external_id": item.external_id,
        "title": item.title,
        "description": item.description,
        "price": float(item.price or 0),
        "url": item.url,
        "image_full_url": item.image,
        "image_thumbnail_url": item.image,
        "images": [item.image],
        "custom_metadata": {},
        "published": item.published,
        "created": documents.iso(item.updated),
        "updated": documents.iso(item.updated),
    }
    return documents.resource("catalog-item", _item_id(item), attributes)
