# SPDX-License-Identifier: MIT
"""Reads the tokens of a statement from left to right: words, names, numbers, lists; no deeper than MOST_DEPTH."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError, Token

T = TypeVar("T")
MOST_DEPTH: Final = 24
RESERVED: Final = frozenset(
    (
        "ADD", "ALL", "ALTER", "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "CHECK", "COLUMN", "CONSTRAINT", "CREATE",
        "CROSS", "DELETE", "DESC", "DESCRIBE", "DISTINCT", "DIV", "DROP", "ELSE", "EXISTS", "EXPLAIN", "FALSE", "FOR",
        "FOREIGN", "FROM", "GRANT", "GROUP", "HAVING", "IF", "IN", "INDEX", "INNER", "INSERT", "INTO", "IS", "JOIN",
        "KEY", "LEFT", "LIKE", "LIMIT", "LOAD", "LOCK", "MOD", "NATURAL", "NOT", "NULL", "ON", "OR", "ORDER", "OUTER",
        "PRIMARY", "PROCEDURE", "READ", "REFERENCES", "REGEXP", "RENAME", "REPLACE", "REVOKE", "RIGHT", "RLIKE",
        "SELECT", "SET", "SHOW", "TABLE", "THEN", "TO", "TRUE", "UNION", "UNIQUE", "UNLOCK", "UPDATE", "USE", "USING",
        "VALUES", "WHEN", "WHERE", "WITH", "WRITE", "XOR",
    )
)  # fmt: skip
"""Words that are no names unless they are quoted."""


def plain(text: str) -> str:
    """Return text with a question mark for each byte that is no UTF-8."""
    return text.encode("utf-8", "replace").decode()


class TooDeepError(DecoysError):
    """An expression is nested too deep."""


class Reader:
    """Reads tokens from left to right."""

    def __init__(self, sql: str, found: Sequence[Token], at: int = 0) -> None:
        self.sql = sql
        self._tokens = found
        self.at = at
        self.select: Callable[[Any], Any] | None = None
        """What parses a SELECT within brackets."""
        self.common: dict[str, Any] = {}
        """The tables that WITH names, by name in small letters."""
        self.parameters = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        return self._tokens[self.at]

    def fail(self) -> NotUnderstoodError:
        return NotUnderstoodError(self.token.at)

    def sees(self, *texts: str) -> bool:
        token = self.token
        return token.kind in ("word", "operator") and token.text.upper() in texts

    def then(self, *texts: str) -> bool:
        """Return whether these tokens follow, and step over them."""
        for ahead, text in enumerate(texts):
            token = self._tokens[min(self.at + ahead, len(self._tokens) - 1)]
            if token.kind not in ("word", "operator") or token.text.upper() != text:
                return False
        self.at += len(texts)
        return True

    def must(self, *texts: str) -> None:
        for text in texts:
            if not self.then(text):
                raise self.fail()

    def take(self, *kinds: str) -> Token:
        token = self.token
        if token.kind not in kinds:
            raise self.fail()
        self.at += 1
        return token

    def name(self) -> str:
        """Return an identifier."""
        token = self.token
        if token.kind == "word" and token.text.upper() in RESERVED:
            raise self.fail()
        return plain(self.take("word", "name").text[:64])

    def path(self) -> tuple[str, str]:
        """Return a database, if it is named, and what is in it."""
        first = self.name()
        return (first, self.name()) if self.then(".") else ("", first)

    def whole(self) -> int:
        """Return a whole number."""
        digits = self.take("number").text
        if not digits.isdecimal():
            raise self.fail()
        return int(digits[:18])

    def ends(self) -> bool:
        return self.token.kind == "end" or self.sees(";")

    def listed(self, one: Callable[[], Any]) -> list[Any]:
        """Return what commas divide."""
        found = [one()]
        while self.then(","):
            found.append(one())
        return found

    def bracketed(self, one: Callable[[], Any]) -> list[Any]:
        self.must("(")
        found = [] if self.sees(")") else self.listed(one)
        self.must(")")
        return found

    def nested(self, one: Callable[[], T]) -> T:
        """Return what is parsed one level deeper."""
        step()
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise TooDeepError
        made = one()
        self._depth -= 1
        return made

    def following(self, ahead: int = 1) -> Token:
        """Return a token behind the one that comes next; behind the last one, the end."""
        return self._tokens[min(self.at + ahead, len(self._tokens) - 1)]
