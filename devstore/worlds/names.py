"""Invented people: names, streets and towns, with e-mail addresses under reserved example domains.

The domains are those of RFC 2606, so that no mail sent by mistake can reach anyone.
"""

from __future__ import annotations

_FIRST = """
Ada Alma Amir Anna Arthur Astrid Ben Bianca Carla Cem Clara Daniel Dario Edith Elias Elif Emil Emma Erik Esther
Farah Felix Finn Flora Frida Gemma Georg Greta Hamid Hanna Hugo Ida Ines Ingrid Isak Ivan Jana Jonas Josef Julia
Kaya Karl Laila Lars Lena Leo Lina Louis Lucia Maja Malik Mara Marco Maria Marta Mats Mia Milan Mina Moritz Nadia
Nina Noah Nora Olga Oscar Otto Paula Pedro Petra Rafael Rana Rosa Ruben Ruth Samir Sara Selma Simon Sofia Sven Tara
Theo Thomas Tilda Tomas Uma Vera Viktor Wanda Yara Yusuf Zoe
"""
FIRST_NAMES = tuple(_FIRST.split())

_LAST = """
Abel Adler Ahmed Albrecht Andersen Bach Barros Becker Berg Bianchi Bishop Blom Brandt Brook Carver Castro Clarke
Cole Costa Dahl Demir Diaz Dietrich Dubois Ebert Ekman Engel Evans Falk Farrow Fischer Foster Franke Garcia Gray
Haas Haddad Hale Hansen Hartley Heller Hill Holm Hughes Ivers Jansen Jensen Kaiser Keller Khan Klein Koch Kowal
Kruger Lang Larsen Lind Lopez Lund Maier Marsh Martin Mertens Meyer Moreau Morgan Moser Nagel Neumann Nilsson Nowak
Okafor Olsen Palmer Park Patel Peters Pohl Quinn Ramos Reed Richter Rossi Roth Russo Sander Santos Sato Schmidt
Silva Singh Sommer Stein Stone Svensson Tanaka Thorn Vogel Wagner Walsh Weber West Winter Wolf Yilmaz Young Zeller
"""
LAST_NAMES = tuple(_LAST.split())

STREETS = (
    "Mill Lane",
    "Garden Street",
    "Station Road",
    "Linden Avenue",
    "Harbour Row",
    "Church Street",
    "Hill Rise",
    "Orchard Way",
    "Market Square",
    "River Walk",
    "Elm Court",
    "School Lane",
    "Meadow View",
    "Park Terrace",
)

MAIL_DOMAINS = ("example.com", "example.net", "example.org")


def email_of(first: str, last: str, number: int) -> str:
    """An address that is unique because it carries the person's number."""
    return f"{first}.{last}.{number}@{MAIL_DOMAINS[number % len(MAIL_DOMAINS)]}".lower()
