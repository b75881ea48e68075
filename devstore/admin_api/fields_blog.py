"""How articles of the shop's blog are read."""

# ruff: noqa: ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from devstore.admin_api.gid import gid
from devstore.admin_api.registry import fields, plain
from devstore.clock import iso
from devstore.model import Article
from devstore.worlds.ids import BLOG

fields(
    "Article",
    {
        "id": lambda s, a, c: gid("Article", s.id),
        "handle": lambda s, a, c: s.handle,
        "title": lambda s, a, c: s.title,
        "body": lambda s, a, c: s.body,
        "summary": lambda s, a, c: s.summary or None,
        "isPublished": lambda s, a, c: s.published_at is not None,
        "publishedAt": lambda s, a, c: iso(s.published_at) if s.published_at else None,
        "createdAt": lambda s, a, c: iso(s.created_at),
        "updatedAt": lambda s, a, c: iso(s.updated_at),
        "tags": lambda s, a, c: [],
        "blog": lambda s, a, c: {"id": gid("Blog", BLOG), "handle": s.blog, "title": s.blog.title()},
    },
    Article,
)
plain("Blog", ("id", "handle", "title"))
