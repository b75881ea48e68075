"""One mail of a plan as Klaviyo's template, for either arm of the hold-out.

The control group's mail is the same mail with the merchant's static block where products would stand: what is compared
is the choice of products, and nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from app.core.email.flows.plan import Mail, Part
from app.core.email.look import Look
from app.core.email.names import Arm
from app.core.email.templates import grid
from app.core.email.templates.frame import framed, framed_text
from app.core.email.templates.parts import html_of, text_of

VERSION: Final = 2
"""Raised with every change of a template, so that mails made earlier are renewed unless the merchant edited them."""


@dataclass(frozen=True, slots=True)
class Template:
    key: str
    name: str
    html: str
    text: str

    @property
    def digest(self) -> str:
        """By which it is seen whether what stands in Klaviyo is still what we made."""
        return digest_of(self.html)


def digest_of(html: str) -> str:
    """Of a template as Klaviyo hands it back; line ends and outer space may change on the way."""
    return hashlib.sha256("\n".join(html.split()).encode()).hexdigest()[:32]


def template_of(mail: Mail, arm: Arm, look: Look) -> Template:
    words = "".join(paragraph(one) for one in mail.words)
    before = "".join(html_of(part, look) for part in mail.parts if _fits(part, arm))
    goods = grid.of_event(grid.over(mail.grid), mail.most, later=mail.later) if arm is Arm.ATTUNE else _static(look)
    style = "margin:0 8px 16px;font-size:26px;line-height:32px;color:#202223"
    heading = f'<h1 class="ink" style="{style}">{mail.heading}</h1>\n'
    # The marker tells support, and whoever reads the code, where a template comes from.
    marker = f"<!-- attune {mail.template_key(arm)} v{VERSION} -->\n"
    html = framed(mail.heading, mail.preheader, f"{marker}{heading}{words}{before}{goods}", look)
    return Template(mail.template_key(arm), mail.template_name(arm), html, _text(mail, arm, look))


def _text(mail: Mail, arm: Arm, look: Look) -> str:
    parts = "".join(text_of(part) for part in mail.parts if _fits(part, arm))
    goods = (
        grid.plain_of_event(grid.over(mail.grid), mail.most, later=mail.later)
        if arm is Arm.ATTUNE
        else look.static.strip()
    )
    return framed_text("\n\n".join(filter(None, (mail.heading, *mail.words, parts.strip(), goods))))


def _fits(part: Part, arm: Arm) -> bool:
    """The way back to the cart and the care of what was bought are for both; what we chose or offer is not."""
    return arm is Arm.ATTUNE or part in (Part.CART, Part.CARE)


def _static(look: Look) -> str:
    return "".join(paragraph(one) for one in look.paragraphs)


def paragraph(words: str) -> str:
    """Words of a mail in its own style."""
    return f'<p class="ink" style="margin:0 8px 16px;font-size:16px;line-height:24px;color:#202223">{words}</p>\n'
