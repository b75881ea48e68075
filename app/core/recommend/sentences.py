"""Why an item is shown, in the languages that shops speak here: by code, a sentence that names products, and one that
names none. In the first the two braces stand for the names; nothing else in a sentence is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.recommend.types import ReasonCode

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """`both` stands between two names."""

    both: str
    sentences: Mapping[ReasonCode, tuple[str, str]]


LANGUAGES: Mapping[str, Words] = {
    "en": Words(
        "and",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Often bought together with {}", "Often bought together"),
            ReasonCode.ALSO_VIEWED: ("Often looked at together with {}", "Often looked at together"),
            ReasonCode.COMPLETES_THE_LOOK: ("Goes with {}", "Goes well together"),
            ReasonCode.BECAUSE_VIEWED: ("Because you looked at {}", "Because of what you looked at"),
            ReasonCode.BECAUSE_BOUGHT: ("Because you bought {}", "Because of what you bought"),
            ReasonCode.SIMILAR: ("Like {}", "Like what you chose before"),
            ReasonCode.TRENDING: ("Popular in this store", "Popular in this store"),
            ReasonCode.NEW: ("New in this store, and like {}", "New in this store"),
        },
    ),
    "de": Words(
        "und",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Oft zusammen mit {} gekauft", "Oft zusammen gekauft"),
            ReasonCode.ALSO_VIEWED: ("Oft zusammen mit {} angesehen", "Oft zusammen angesehen"),
            ReasonCode.COMPLETES_THE_LOOK: ("Passt zu {}", "Passt gut zusammen"),
            ReasonCode.BECAUSE_VIEWED: ("Weil du dir {} angesehen hast", "Passend zu dem, was du dir angesehen hast"),
            ReasonCode.BECAUSE_BOUGHT: ("Weil du {} gekauft hast", "Passend zu dem, was du gekauft hast"),
            ReasonCode.SIMILAR: ("Ähnlich wie {}", "Ähnlich wie das, was du schon gewählt hast"),
            ReasonCode.TRENDING: ("Beliebt in diesem Shop", "Beliebt in diesem Shop"),
            ReasonCode.NEW: ("Neu in diesem Shop und ähnlich wie {}", "Neu in diesem Shop"),
        },
    ),
    "fr": Words(
        "et",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Souvent acheté avec {}", "Souvent achetés ensemble"),
            ReasonCode.ALSO_VIEWED: ("Souvent consulté avec {}", "Souvent consultés ensemble"),
            ReasonCode.COMPLETES_THE_LOOK: ("Va avec {}", "Vont bien ensemble"),
            ReasonCode.BECAUSE_VIEWED: ("Parce que vous avez regardé {}", "D’après ce que vous avez regardé"),
            ReasonCode.BECAUSE_BOUGHT: ("Parce que vous avez acheté {}", "D’après ce que vous avez acheté"),
            ReasonCode.SIMILAR: ("Dans le style de {}", "Dans le style de vos choix précédents"),
            ReasonCode.TRENDING: ("Populaire dans cette boutique", "Populaire dans cette boutique"),
            ReasonCode.NEW: ("Nouveau dans cette boutique, dans le style de {}", "Nouveau dans cette boutique"),
        },
    ),
    "es": Words(
        "y",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Suele comprarse junto con {}", "Suelen comprarse juntos"),
            ReasonCode.ALSO_VIEWED: ("Suele verse junto con {}", "Suelen verse juntos"),
            ReasonCode.COMPLETES_THE_LOOK: ("Combina con {}", "Combinan bien"),
            ReasonCode.BECAUSE_VIEWED: ("Porque has visto {}", "Por lo que has visto"),
            ReasonCode.BECAUSE_BOUGHT: ("Porque compraste {}", "Por lo que compraste"),
            ReasonCode.SIMILAR: ("Parecido a {}", "Parecido a lo que ya elegiste"),
            ReasonCode.TRENDING: ("Popular en esta tienda", "Popular en esta tienda"),
            ReasonCode.NEW: ("Nuevo en esta tienda y parecido a {}", "Nuevo en esta tienda"),
        },
    ),
}


def language_of(locale: str) -> str:
    """The language of a locale such as ``de-CH``; English for one that is not spoken here."""
    language = locale.partition("-")[0].partition("_")[0].lower()
    return language if language in LANGUAGES else DEFAULT
