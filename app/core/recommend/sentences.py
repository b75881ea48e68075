"""Why an item is shown, in the languages that shops speak here: by code, a sentence that names products, and one that
names none. In the first the two braces stand for the names; nothing else in a sentence is filled in. Beside them stand
the two sentences that say when something was bought, and after which time it usually is again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.recommend.types import Again, ReasonCode

DEFAULT = "en"
DAYS_A_WEEK, DAYS_A_MONTH = 7.0, 30.4


@dataclass(frozen=True, slots=True)
class AgainWords:
    """`own` tells the shopper's habit and `others` everybody else's: first the time since, then the usual one.

    Each unit has two forms, for one and for several, in the case that the sentences want.
    """

    own: str
    others: str
    day: tuple[str, str]
    week: tuple[str, str]
    month: tuple[str, str]

    def sentence(self, again: Again) -> str:
        """When the product was bought, and after which time it usually is again."""
        form = self.own if again.is_own else self.others
        return form.format(self.length(again.days_ago), self.length(again.usual))

    def length(self, days: float) -> str:
        """A length of time in the unit that people would use, at least one of it."""
        if round(days) < 2 * DAYS_A_WEEK:
            number, unit = round(days), self.day
        elif days < 2 * DAYS_A_MONTH:
            number, unit = round(days / DAYS_A_WEEK), self.week
        else:
            number, unit = round(days / DAYS_A_MONTH), self.month
        number = max(number, 1)
        return f"{number} {unit[number > 1]}"


@dataclass(frozen=True, slots=True)
class Words:
    """`both` stands between two names."""

    both: str
    sentences: Mapping[ReasonCode, tuple[str, str]]
    again: AgainWords


LANGUAGES: Mapping[str, Words] = {
    "en": Words(
        "and",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Often bought together with {}", "Often bought together"),
            ReasonCode.ALSO_VIEWED: ("Often looked at together with {}", "Often looked at together"),
            ReasonCode.COMPLETES_THE_LOOK: ("Goes with {}", "Goes well together"),
            ReasonCode.BECAUSE_VIEWED: ("Because you looked at {}", "Because of what you looked at"),
            ReasonCode.BECAUSE_BOUGHT: ("Because you bought {}", "Because of what you bought"),
            ReasonCode.BUY_AGAIN: ("You bought this before, and may need it again",) * 2,
            ReasonCode.SIMILAR: ("Like {}", "Like what you chose before"),
            ReasonCode.TRENDING: ("Popular in this store", "Popular in this store"),
            ReasonCode.NEW: ("New in this store, and like {}", "New in this store"),
        },
        AgainWords(
            own="You bought it {} ago; you usually come back after {}",
            others="You bought it {} ago; others usually come back after {}",
            day=("day", "days"),
            week=("week", "weeks"),
            month=("month", "months"),
        ),
    ),
    "de": Words(
        "und",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Oft zusammen mit {} gekauft", "Oft zusammen gekauft"),
            ReasonCode.ALSO_VIEWED: ("Oft zusammen mit {} angesehen", "Oft zusammen angesehen"),
            ReasonCode.COMPLETES_THE_LOOK: ("Passt zu {}", "Passt gut zusammen"),
            ReasonCode.BECAUSE_VIEWED: ("Weil du dir {} angesehen hast", "Passend zu dem, was du dir angesehen hast"),
            ReasonCode.BECAUSE_BOUGHT: ("Weil du {} gekauft hast", "Passend zu dem, was du gekauft hast"),
            ReasonCode.BUY_AGAIN: ("Du hast das schon gekauft und brauchst es vielleicht wieder",) * 2,
            ReasonCode.SIMILAR: ("Ähnlich wie {}", "Ähnlich wie das, was du schon gewählt hast"),
            ReasonCode.TRENDING: ("Beliebt in diesem Shop", "Beliebt in diesem Shop"),
            ReasonCode.NEW: ("Neu in diesem Shop und ähnlich wie {}", "Neu in diesem Shop"),
        },
        AgainWords(
            own="Vor {} gekauft; meist kaufst du es nach {} wieder",
            others="Vor {} gekauft; andere kaufen es meist nach {} wieder",
            day=("Tag", "Tagen"),
            week=("Woche", "Wochen"),
            month=("Monat", "Monaten"),
        ),
    ),
    "fr": Words(
        "et",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Souvent acheté avec {}", "Souvent achetés ensemble"),
            ReasonCode.ALSO_VIEWED: ("Souvent consulté avec {}", "Souvent consultés ensemble"),
            ReasonCode.COMPLETES_THE_LOOK: ("Va avec {}", "Vont bien ensemble"),
            ReasonCode.BECAUSE_VIEWED: ("Parce que vous avez regardé {}", "D’après ce que vous avez regardé"),
            ReasonCode.BECAUSE_BOUGHT: ("Parce que vous avez acheté {}", "D’après ce que vous avez acheté"),
            ReasonCode.BUY_AGAIN: ("Vous l’avez déjà acheté et en aurez peut-être à nouveau besoin",) * 2,
            ReasonCode.SIMILAR: ("Dans le style de {}", "Dans le style de vos choix précédents"),
            ReasonCode.TRENDING: ("Populaire dans cette boutique", "Populaire dans cette boutique"),
            ReasonCode.NEW: ("Nouveau dans cette boutique, dans le style de {}", "Nouveau dans cette boutique"),
        },
        AgainWords(
            own="Acheté il y a {} ; d’habitude, vous y revenez au bout de {}",
            others="Acheté il y a {} ; d’autres y reviennent d’habitude au bout de {}",
            day=("jour", "jours"),
            week=("semaine", "semaines"),
            month=("mois", "mois"),
        ),
    ),
    "es": Words(
        "y",
        {
            ReasonCode.BOUGHT_TOGETHER: ("Suele comprarse junto con {}", "Suelen comprarse juntos"),
            ReasonCode.ALSO_VIEWED: ("Suele verse junto con {}", "Suelen verse juntos"),
            ReasonCode.COMPLETES_THE_LOOK: ("Combina con {}", "Combinan bien"),
            ReasonCode.BECAUSE_VIEWED: ("Porque has visto {}", "Por lo que has visto"),
            ReasonCode.BECAUSE_BOUGHT: ("Porque compraste {}", "Por lo que compraste"),
            ReasonCode.BUY_AGAIN: ("Ya lo compraste y quizá vuelvas a necesitarlo",) * 2,
            ReasonCode.SIMILAR: ("Parecido a {}", "Parecido a lo que ya elegiste"),
            ReasonCode.TRENDING: ("Popular en esta tienda", "Popular en esta tienda"),
            ReasonCode.NEW: ("Nuevo en esta tienda y parecido a {}", "Nuevo en esta tienda"),
        },
        AgainWords(
            own="Lo compraste hace {}; sueles volver a comprarlo al cabo de {}",
            others="Lo compraste hace {}; otros suelen volver a comprarlo al cabo de {}",
            day=("día", "días"),
            week=("semana", "semanas"),
            month=("mes", "meses"),
        ),
    ),
}


def language_of(locale: str) -> str:
    """The language of a locale such as ``de-CH``; English for one that is not spoken here."""
    language = locale.partition("-")[0].partition("_")[0].lower()
    return language if language in LANGUAGES else DEFAULT
