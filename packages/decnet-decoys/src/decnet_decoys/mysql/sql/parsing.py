# SPDX-License-Identifier: MIT
"""Parses expressions and the parts that statements share, by recursive descent, no deeper than MOST_DEPTH."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.tokens import NotUnderstoodError, Token

T = TypeVar("T")
MOST_DEPTH: Final = 24
MOST_HEIGHT: Final = 120
"""Of an expression, in parts of parts."""
MOST_TEXT: Final = 256
"""Characters of a part's text, which names a column and is told in errors."""
RESERVED: Final = frozenset(
    [
        "ADD",
        "ALL",
        "ALTER",
        "AND",
        "AS",
        "ASC",
        "BETWEEN",
        "BY",
        "CASE",
        "CHECK",
        "COLUMN",
        "CONSTRAINT",
        "CREATE",
        "CROSS",
        "DELETE",
        "DESC",
        "DESCRIBE",
        "DISTINCT",
        "DIV",
        "DROP",
        "ELSE",
        "EXISTS",
        "EXPLAIN",
        "FALSE",
        "FOR",
        "FOREIGN",
        "FROM",
        "GRANT",
        "GROUP",
        "HAVING",
        "IF",
        "IN",
        "INDEX",
        "INNER",
        "INSERT",
        "INTO",
        "IS",
        "JOIN",
        "KEY",
        "LEFT",
        "LIKE",
        "LIMIT",
        "LOAD",
        "LOCK",
        "MOD",
        "NATURAL",
        "NOT",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "PRIMARY",
        "PROCEDURE",
        "READ",
        "REFERENCES",
        "REGEXP",
        "RENAME",
        "REPLACE",
        "REVOKE",
        "RIGHT",
        "RLIKE",
        "SELECT",
        "SET",
        "SHOW",
        "TABLE",
        "THEN",
        "TO",
        "TRUE",
        "UNION",
        "UNIQUE",
        "UNLOCK",
        "UPDATE",
        "USE",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
        "WITH",
        "WRITE",
        "XOR",
    ]
)
_CALLABLE: Final = frozenset(("IF", "LEFT", "RIGHT", "REPLACE", "MOD", "INSERT", "VALUES"))
"""Reserved words that are functions before a bracket."""
_LITERALS: Final = frozenset(("number", "hex", "string"))
_COMPARISONS: Final = frozenset(("=", "<=>", "<>", "!=", "<", "<=", ">", ">="))
_LEVELS: Final[tuple[frozenset[str], ...]] = (
    frozenset("|"),
    frozenset("&"),
    frozenset(("<<", ">>")),
    frozenset("+-"),
    frozenset(("*", "/", "%", "DIV", "MOD")),
    frozenset("^"),
)


def plain(text: str) -> str:
    """Return text with a question mark for each byte that is no UTF-8."""
    return text.encode("utf-8", "replace").decode()


class Node(NamedTuple):
    """Part of an expression: what it does, to what, and its text."""

    op: str
    args: tuple[Any, ...] = ()
    text: str = ""
    height: int = 1
    """How deep its parts are nested."""


class TooDeepError(DecoysError):
    """An expression is nested too deep."""


def _height(args: Sequence[Any], otherwise: int) -> int:
    """Return the height of the highest part; of a SELECT it is not known, and taken to be `otherwise`."""
    most = 0
    for one in args:
        if isinstance(one, Node):
            most = max(most, one.height)
        elif type(one) in (tuple, list):
            most = max(most, _height(one, otherwise))
        elif isinstance(one, tuple):
            most = max(most, otherwise)
    return most


class Parser:
    """Reads tokens from left to right."""

    def __init__(self, sql: str, found: Sequence[Token], at: int = 0) -> None:
        self.sql = sql
        self._tokens = found
        self.at = at
        self.select: Callable[[Parser], Any] | None = None
        """What parses a SELECT within brackets."""
        self.parameters = 0
        self._depth = 0
        self._highest = 0

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

    def expression(self) -> Node:
        token, following = self.token, self._tokens[min(self.at + 1, len(self._tokens) - 1)]
        if token.kind in _LITERALS and following.kind == "operator" and following.text in (",", ")"):
            step()
            self.at += 1
            return Node(token.kind, (token.text,), self.sql[token.at : min(token.end, token.at + MOST_TEXT)])
        return self.nested(self._or)

    def _made(self, start: int, op: str, *args: Any) -> Node:
        step()
        at = self._tokens[start].at
        height = 1 + _height(args, self._highest)
        if height > MOST_HEIGHT:
            raise TooDeepError
        self._highest = max(self._highest, height)
        return Node(op, args, self.sql[at : min(self._tokens[self.at - 1].end, at + MOST_TEXT)], height)

    def _or(self) -> Node:
        start, left = self.at, self._and()
        while self.sees("OR", "||", "XOR"):
            if self.then("XOR"):
                left = self._made(start, "xor", left, self._and())
                continue
            parts = [left]
            while self.then("OR") or self.then("||"):
                parts.append(self._and())
            left = self._made(start, "or", *parts)
        return left

    def _and(self) -> Node:
        start, left = self.at, self._not()
        if not self.sees("AND", "&&"):
            return left
        parts = [left]
        while self.then("AND") or self.then("&&"):
            parts.append(self._not())
        return self._made(start, "and", *parts)

    def _not(self) -> Node:
        start = self.at
        if self.then("NOT"):
            return self._made(start, "not", self.nested(self._not))
        return self._comparison()

    def _comparison(self) -> Node:
        start, left = self.at, self._binary(0)
        while True:
            negated = self._tokens[self.at].text.upper() == "NOT" and self._tokens[self.at].kind == "word"
            self.at += negated
            if self.token.kind == "operator" and self.token.text in _COMPARISONS and not negated:
                op = self.take("operator").text
                left = self._made(start, "<>" if op == "!=" else op, left, self._binary(0))
            elif not negated and self.then("IS"):
                other = self.then("NOT")
                kind = next((word for word in ("NULL", "TRUE", "FALSE") if self.then(word)), None)
                if kind is None:
                    raise self.fail()
                left = self._made(start, "is", left, kind, other)
            elif self.then("LIKE"):
                left = self._made(start, "like", left, self._binary(0), negated)
            elif self.then("REGEXP") or self.then("RLIKE"):
                left = self._made(start, "regexp", left, self._binary(0), negated)
            elif self.then("BETWEEN"):
                low = self._binary(0)
                self.must("AND")
                left = self._made(start, "between", left, low, self._binary(0), negated)
            elif self.then("IN"):
                self.must("(")
                inner = self._inner() if self.sees("SELECT") else self.listed(self.expression)
                self.must(")")
                left = self._made(start, "in", left, inner, negated)
            else:
                if negated:
                    raise self.fail()
                return left

    def _inner(self) -> Any:
        if self.select is None:
            raise self.fail()
        select = self.select
        return self.nested(lambda: select(self))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        start, left = self.at, self._binary(level + 1)
        while self.sees(*_LEVELS[level]):
            op = self.token.text.upper()
            self.at += 1
            left = self._made(start, "%" if op == "MOD" else op, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        start = self.at
        for sign in ("-", "+", "~", "!"):
            if self.then(sign):
                inner = self.nested(self._unary)
                return inner if sign == "+" else self._made(start, {"-": "negative", "!": "not"}.get(sign, sign), inner)
        if self.then("BINARY"):
            return self._made(start, "binary", self.nested(self._unary))
        return self._primary()

    def _primary(self) -> Node:  # noqa: C901, PLR0911
        token, start = self.token, self.at
        step(4)
        if token.kind in _LITERALS:
            self.at += 1
            return Node(token.kind, (token.text,), self.sql[token.at : min(token.end, token.at + MOST_TEXT)])
        if token.kind in ("variable", "system"):
            self.at += 1
            if token.kind == "variable" and self.then(":="):
                return self._made(start, "assign", token.text, self.expression())
            return Node(token.kind, (token.text,), self.sql[token.at : token.end])
        if self.then("?"):
            self.parameters += 1
            return Node("parameter", (self.parameters - 1,), "?")
        if self.then("("):
            inner = Node("subquery", (self._inner(),)) if self.sees("SELECT") else self.expression()
            self.must(")")
            return self._made(start, "subquery", *inner.args) if inner.op == "subquery" and not inner.text else inner
        for word in ("NULL", "TRUE", "FALSE"):
            if self.then(word):
                return Node(word.lower(), (), word)
        if self.then("CASE"):
            return self._case(start)
        if self.then("EXISTS"):
            self.must("(")
            inner = self._inner()
            self.must(")")
            return self._made(start, "exists", inner)
        following = self._tokens[min(self.at + 1, len(self._tokens) - 1)]
        calls = token.kind == "word" and following.text == "(" and following.kind == "operator"
        if calls and (token.text.upper() not in RESERVED or token.text.upper() in _CALLABLE):
            self.at += 1
            return self._call(start, "", token.text)
        return self._column(start)

    def _case(self, start: int) -> Node:
        subject = None if self.sees("WHEN") else self.expression()
        branches = []
        while self.then("WHEN"):
            when = self.expression()
            self.must("THEN")
            branches.append((when, self.expression()))
        otherwise = self.expression() if self.then("ELSE") else None
        if not branches:
            raise self.fail()
        self.must("END")
        return self._made(start, "case", subject, tuple(branches), otherwise)

    def _call(self, start: int, database: str, name: str) -> Node:
        self.must("(")
        distinct = self.then("DISTINCT")
        args: list[Any] = []
        if name.lower() == "count" and self.then("*"):
            args = [Node("star")]
        elif name.lower() in ("cast", "convert") and not self.sees(")"):
            args = [self.expression()]
            if not (self.then("AS") or self.then(",") or self.then("USING")):
                raise self.fail()
            kind = self.name()
            if self.then("("):
                self.take("number")
                self.must(")")
            args.append(kind.lower())
        elif not self.sees(")"):
            args = [self.expression()]
            while self.then(",") or (
                name.lower() in ("substring", "substr", "mid") and (self.then("FROM") or self.then("FOR"))
            ):
                args.append(self.expression())
        if name.lower() in ("if", "substring", "substr", "mid") and len(args) < (3 if name.lower() == "if" else 2):
            raise self.fail()
        self.must(")")
        return self._made(start, "call", name, tuple(args), database, distinct)

    def _column(self, start: int) -> Node:
        parts = [self.name()]
        while self.then("."):
            if self.then("*"):
                return self._made(start, "star", *parts)
            parts.append(self.take("word", "name").text)
            if self.sees("(") and len(parts) == 2:
                return self._call(start, parts[0], parts[1])
        if len(parts) > 3:
            raise self.fail()
        return self._made(start, "column", *parts)
