"""Shopify's customer segment language: which queries it accepts, and what they say.

https://help.shopify.com/en/manual/customers/customer-segmentation/reference-guide/shopify-segments. Conditions stand
between AND, OR and parentheses, AND binding first; a filter or operator that is not listed is an error, as it is there.
What a filter reads of a customer is left to `segments`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto


class Kind(Enum):
    NUMBER = auto()
    DATE = auto()
    TEXT = auto()
    FLAG = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter compares: its kind of value, whether it may be missing, and the values that there are."""

    kind: Kind
    nullable: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    operator: str
    values: tuple[object, ...]
    """Decimal, `Day`, str or bool, as the filter's kind says; none for IS NULL."""


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day, or a number of units before or after today."""

    on: date | None = None
    offset: int = 0
    unit: str = "d"


@dataclass(frozen=True, slots=True)
class Group:
    every: bool
    """True for AND, False for OR."""
    parts: tuple[Node, ...]


Node = Condition | Group
Lookup = Callable[[str], Filter | None]

_COMPARED = ("=", "!=", ">", "<", ">=", "<=", "BETWEEN")
_OPERATORS = {
    Kind.NUMBER: _COMPARED,
    Kind.DATE: _COMPARED,
    Kind.TEXT: ("=", "!="),
    Kind.FLAG: ("=", "!="),
    Kind.LIST: ("CONTAINS", "NOT CONTAINS"),
}
_NAMED = re.compile(r"(\d+)_(days?|weeks?|months?|years?)_ago")
_TOKEN = re.compile(
    r"""(?P<open>\()|(?P<close>\))|(?P<operator><=|>=|!=|=|<|>)|'(?P<text>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<value>[+-]?\d[\w.-]*)|(?P<word>[A-Za-z_][\w.$:-]*)"""
)


class QueryError(ValueError):
    """The query is not one of the language; the text begins with the place."""

    def __init__(self, column: int, problem: str) -> None:
        super().__init__(f"Line 1 Column {column}: {problem}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int
    end: int


def parse(text: str, lookup: Lookup) -> Node:
    """The query as a tree; `lookup` knows the filters.

    Raises:
        QueryError: the text is not a query.
    """
    reader = _Reader(list(_tokens(text)), lookup, len(text))
    node = reader.either()
    reader.finished()
    return node


def _tokens(text: str) -> Sequence[_Token]:
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise QueryError(at + 1, f"unexpected '{text[at]}'")
        found.append(_Token(match.lastgroup, match[match.lastgroup], at + 1, match.end()))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: Sequence[_Token], lookup: Lookup, length: int) -> None:
        self._tokens, self._lookup, self._length, self._at = tokens, lookup, length, 0

    def either(self) -> Node:
        return self._joined("OR", lambda: self._joined("AND", self._term))

    def finished(self) -> None:
        if token := self._peek():
            raise QueryError(token.column, f"unexpected '{token.text}'")

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Group(word == "AND", tuple(parts))

    def _term(self) -> Node:
        token = self._next()
        if token.kind == "open":
            inner = self.either()
            if self._next().kind != "close":
                raise QueryError(token.column, "the parenthesis is not closed")
            return inner
        if token.kind != "word" or token.text.upper() in ("AND", "OR", "NOT"):
            raise QueryError(token.column, f"unexpected '{token.text}'")
        found = self._lookup(token.text)
        if found is None:
            raise QueryError(token.column, f"'{token.text}' filter cannot be found.")
        return self._condition(token, found)

    def _condition(self, name: _Token, given: Filter) -> Condition:
        operator = self._operator()
        if operator.startswith("IS"):
            if not given.nullable:
                raise QueryError(name.end + 1, f"{name.text} does not support operator '{operator}'")
            return Condition(name.text, operator, ())
        if operator not in _OPERATORS[given.kind]:
            raise QueryError(name.end + 1, f"{name.text} does not support operator '{operator}'")
        values = [self._value(given)]
        if operator == "BETWEEN":
            if not self._word("AND"):
                raise QueryError(self._column(), "BETWEEN needs two values")
            values.append(self._value(given))
        return Condition(name.text, operator, tuple(values))

    def _operator(self) -> str:
        token = self._next()
        word = token.text.upper()
        if token.kind == "operator":
            return token.text
        if token.kind == "word" and word in ("BETWEEN", "CONTAINS"):
            return word
        if token.kind == "word" and word == "NOT" and self._word("CONTAINS"):
            return "NOT CONTAINS"
        if token.kind == "word" and word == "IS":
            negated = self._word("NOT")
            if self._word("NULL"):
                return "IS NOT NULL" if negated else "IS NULL"
        raise QueryError(token.column, f"unexpected '{token.text}'")

    def _value(self, given: Filter) -> object:
        token = self._next()
        value = _read(given.kind, token)
        if value is None or (given.choices and value not in given.choices):
            raise QueryError(token.column, f"'{token.text}' is not a valid value.")
        return value

    def _word(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "word" or token.text.upper() != word:
            return False
        self._at += 1
        return True

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise QueryError(self._length + 1, "unexpected end of the query")
        self._at += 1
        return token

    def _column(self) -> int:
        token = self._peek()
        return token.column if token else self._length + 1


def _read(kind: Kind, token: _Token) -> object | None:
    """The token as a value of this kind; None where it is none."""
    match kind:
        case Kind.NUMBER:
            return Decimal(token.text) if re.fullmatch(r"-?\d+(\.\d+)?", token.text) and token.kind == "value" else None
        case Kind.DATE:
            return _day(token.text) if token.kind in ("value", "word") else None
        case Kind.FLAG:
            return {"true": True, "false": False}.get(token.text.lower()) if token.kind == "word" else None
    return re.sub(r"\\(.)", r"\1", token.text) if token.kind == "text" else None


def _day(text: str) -> Day | None:
    if text in ("today", "yesterday"):
        return Day(offset=0 if text == "today" else -1)
    if match := re.fullmatch(r"([+-]\d+)([dwmy])", text):
        return Day(offset=int(match[1]), unit=match[2])
    if match := _NAMED.fullmatch(text):
        return Day(offset=-int(match[1]), unit=match[2][0])
    try:
        return Day(on=date.fromisoformat(text)) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
