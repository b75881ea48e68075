"""Shopify's block tags that python-liquid lacks: style, form and paginate.

`schema`, `javascript`, `stylesheet` and `layout` are no concern of rendering; `devstore.storefront.liquid.source` takes
them out before a file is parsed.
"""

from __future__ import annotations

import html
from typing import Any, TextIO

from liquid import RenderContext, TokenStream
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import KeywordArgument, parse_primitive
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import TOKEN_COLON, TOKEN_COMMA, TOKEN_EOF, TOKEN_TAG, TOKEN_WORD, Token

from devstore.storefront.liquid.drop import Drop
from devstore.storefront.liquid.paging import Pageable, paginate

SECTION_ID = "template--1__main"
"""The one section of every template of this theme; themes with JSON templates have such ids."""
FORM_ACTIONS = {
    "product": "/cart/add",
    "cart": "/cart",
    "customer": "/contact",
    "customer_login": "/account/login",
    "localization": "/localization",
}


class StyleNode(Node):
    def __init__(self, token: Token, block: BlockNode) -> None:
        super().__init__(token)
        self.block = block

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        buffer.write("<style data-shopify>")
        self.block.render(context, buffer)
        return buffer.write("</style>")


class StyleTag(Tag):
    name = "style"
    end = "endstyle"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        return StyleNode(token, _body(self, stream))


class FormNode(Node):
    def __init__(
        self,
        token: Token,
        kind: Expression,
        subject: Expression | None,
        options: list[KeywordArgument],
        block: BlockNode,
    ) -> None:
        super().__init__(token)
        self.kind, self.subject, self.options, self.block = kind, subject, options, block

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        kind = str(self.kind.evaluate(context))
        # Of a market's storefront too the forms post below its root.
        root = str(context.resolve("request", default={}).get("locale", {}).get("root_url", "/")).rstrip("/")
        attributes = {"method": "post", "action": root + FORM_ACTIONS.get(kind, f"/{kind}"), "accept-charset": "UTF-8"}
        hidden = {"form_type": kind, "utf8": "✓"}
        subject = self.subject.evaluate(context) if self.subject else None
        if kind == "product" and isinstance(subject, Drop):
            number = str(subject["id"])
            attributes |= {"id": f"product_form_{number}", "enctype": "multipart/form-data"}
            attributes["class"] = "shopify-product-form"
            hidden |= {"product-id": number, "section-id": SECTION_ID}
        if kind == "localization":
            hidden |= {"_method": "put", "return_to": str(context.resolve("request")["path"])}
        attributes |= {option.name: str(option.value.evaluate(context)) for option in self.options}
        buffer.write(f"<form {_attributes(attributes)}>")
        for name, value in hidden.items():
            buffer.write(f"<input {_attributes({'type': 'hidden', 'name': name, 'value': value})}>")
        self.block.render(context, buffer)
        return buffer.write("</form>")


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f'{name}="{html.escape(value)}"' for name, value in values.items())


class FormTag(Tag):
    """`{% form 'product', product, class: 'x' %}`: a product's form names the product and its section in hidden fields.

    https://shopify.dev/docs/api/liquid/tags/form
    """

    name = "form"
    end = "endform"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        tokens = stream.into_inner(tag=token)
        kind = parse_primitive(self.env, tokens)
        subject: Expression | None = None
        options: list[KeywordArgument] = []
        while tokens.current.kind == TOKEN_COMMA:
            tokens.eat(TOKEN_COMMA)
            if tokens.current.kind == TOKEN_WORD and tokens.peek.kind == TOKEN_COLON:
                options.extend(KeywordArgument.parse(self.env, tokens))
            elif tokens.current.kind != TOKEN_EOF:
                subject = parse_primitive(self.env, tokens)
        tokens.expect_eos()
        return FormNode(token, kind, subject, options, _body(self, stream))


class PaginateNode(Node):
    def __init__(self, token: Token, items: Expression, size: Expression, block: BlockNode) -> None:
        super().__init__(token)
        self.items, self.size, self.block = items, size, block

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        items: Any = self.items.evaluate(context)
        if not isinstance(items, Pageable):
            return self.block.render(context, buffer)
        number = int(context.resolve("current_page", default=1))
        query = str(context.resolve("page_query", default=""))
        scope = {"paginate": paginate(items, int(str(self.size.evaluate(context))), number, query)}
        with context.extend(scope):
            return self.block.render(context, buffer)


class PaginateTag(Tag):
    """`{% paginate collection.products by 24 %}`."""

    name = "paginate"
    end = "endpaginate"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        tokens = stream.into_inner(tag=token)
        items = parse_primitive(self.env, tokens)
        next(tokens)  # The word "by".
        size = parse_primitive(self.env, tokens)
        tokens.expect_eos()
        return PaginateNode(token, items, size, _body(self, stream))


def _body(tag: Tag, stream: TokenStream) -> BlockNode:
    block = get_parser(tag.env).parse_block(stream, (tag.end,))
    stream.expect(TOKEN_TAG, value=tag.end)
    return block
