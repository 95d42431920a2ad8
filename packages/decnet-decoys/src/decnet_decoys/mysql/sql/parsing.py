# SPDX-License-Identifier: MIT
"""Parses expressions by recursive descent."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from decnet_decoys.mysql.functions.intervals import UNITS
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.reading import RESERVED, Reader, TooDeepError
from decnet_decoys.mysql.sql.tokens import Token

MOST_HEIGHT: Final = 120
"""Of an expression, in parts of parts."""
MOST_TEXT: Final = 256
"""Characters of a part's text, which names a column and is told in errors."""
_CALLABLE: Final = frozenset(("IF", "LEFT", "RIGHT", "REPLACE", "MOD", "INSERT", "VALUES"))
"""Reserved words that are functions before a bracket."""
_LITERALS: Final = frozenset(("number", "hex", "string"))
_COMPARISONS: Final = frozenset(("=", "<=>", "<>", "!=", "<", "<=", ">", ">="))
_SHIFTS: Final = {"date_add": 1, "date_sub": -1, "adddate": 1, "subdate": -1}
"""Functions that add an interval or take it away; the last two take days, too."""
_NAMES_UNIT: Final = frozenset(("timestampadd", "timestampdiff", "extract", "get_format"))
"""Functions whose first argument is a word."""
_WITHOUT_BRACKETS: Final = {
    "CURRENT_TIMESTAMP": "now", "LOCALTIME": "now", "LOCALTIMESTAMP": "now", "CURRENT_DATE": "curdate",
    "CURRENT_TIME": "curtime", "CURRENT_USER": "current_user", "CURRENT_ROLE": "current_role",
    "UTC_DATE": "utc_date", "UTC_TIME": "utc_time", "UTC_TIMESTAMP": "utc_timestamp",
}  # fmt: skip
"""Words that are calls of functions."""
_LEVELS: Final[tuple[frozenset[str], ...]] = (
    frozenset("|"),
    frozenset("&"),
    frozenset(("<<", ">>")),
    frozenset("+-"),
    frozenset(("*", "/", "%", "DIV", "MOD")),
    frozenset("^"),
)


class Node(NamedTuple):
    """Part of an expression: what it does, to what, and its text."""

    op: str
    args: tuple[Any, ...] = ()
    text: str = ""
    height: int = 1
    """How deep its parts are nested."""


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


class Parser(Reader):
    """Reads expressions, and what they are part of."""

    def __init__(self, sql: str, found: Sequence[Token], at: int = 0) -> None:
        super().__init__(sql, found, at)
        self._highest = 0

    def expression(self) -> Node:
        token, following = self.token, self.following()
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
            right = self._binary(level + 1)
            if op in ("+", "-") and "interval" in (left.op, right.op):
                left = self._shifted(start, left, right, op)
                continue
            left = self._made(start, "%" if op == "MOD" else op, left, right)
        return left

    def _shifted(self, start: int, left: Node, right: Node, op: str) -> Node:
        """Return a date and an interval, which may stand before it, as what they come to."""
        base, interval = (right, left) if left.op == "interval" else (left, right)
        if base.op == "interval" or (op == "-" and base is right):
            raise self.fail()
        return self._made(start, "shift", base, *interval.args, 1 if op == "+" else -1)

    def _interval(self, start: int) -> Node:
        amount = self.expression()
        return self._made(start, "interval", amount, self._unit())

    def _is_function_of_numbers(self) -> bool:
        """Whether INTERVAL is followed by several numbers between brackets."""
        return self.following().text == "(" and self.following(3).text == ","

    def _unit(self) -> str:
        token = self.take("word")
        unit = token.text.lower().removeprefix("sql_tsi_")
        if unit not in UNITS:
            self.at -= 1
            raise self.fail()
        return unit

    def _unary(self) -> Node:
        start = self.at
        for sign in ("-", "+", "~", "!"):
            if self.then(sign):
                inner = self.nested(self._unary)
                return inner if sign == "+" else self._made(start, {"-": "negative", "!": "not"}.get(sign, sign), inner)
        if self.then("BINARY"):
            return self._made(start, "binary", self.nested(self._unary))
        return self._primary()

    def _primary(self) -> Node:  # noqa: C901, PLR0911, PLR0912
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
        following = self.following()
        if token.kind == "word" and token.text.upper() == "INTERVAL" and not self._is_function_of_numbers():
            self.at += 1
            return self._interval(start)
        calls = token.kind == "word" and following.text == "(" and following.kind == "operator"
        if calls and (token.text.upper() not in RESERVED or token.text.upper() in _CALLABLE):
            self.at += 1
            return self._call(start, "", token.text)
        if token.kind == "word" and following.text != ".":
            made = self._of_time(token.text.upper(), following, start)
            if made is not None:
                return made
        return self._column(start)

    def _of_time(self, word: str, following: Token, start: int) -> Node | None:
        """Return a literal such as DATE '2024-02-29', or a call that has no brackets; None for others."""
        if word in ("DATE", "TIME", "TIMESTAMP") and following.kind == "string":
            self.at += 2
            literal = Node("string", (following.text,), following.text)
            return self._made(start, "call", word.lower(), (literal,), "", False)
        if word in _WITHOUT_BRACKETS:
            self.at += 1
            return self._made(start, "call", _WITHOUT_BRACKETS[word], (), "", False)
        return None

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

    def _call(self, start: int, database: str, name: str) -> Node:  # noqa: C901, PLR0912
        self.must("(")
        if not database and name.lower() in _NAMES_UNIT:
            return self._called_with_unit(start, name)
        if not database and name.lower() == "position":
            return self._position(start)
        if not database and name.lower() == "trim" and (trimmed := self._trimmed(start)) is not None:
            return trimmed
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
                kind += f"({','.join(one.text[:4] for one in self.listed(lambda: self.take('number')))})"
                self.must(")")
            args.append(kind.lower())
        elif not self.sees(")"):
            args = [self.expression()]
            while self.then(",") or (
                name.lower() in ("substring", "substr", "mid") and (self.then("FROM") or self.then("FOR"))
            ):
                args.append(self.expression())
            if name.lower() == "char" and self.then("USING"):
                self.name()
            if name.lower() == "group_concat":
                args += self._joined()
        if name.lower() in ("if", "substring", "substr", "mid") and len(args) < (3 if name.lower() == "if" else 2):
            raise self.fail()
        if name.lower() in _SHIFTS and len(args) == 2 and not database:
            return self._called_with_interval(start, name.lower(), args)
        self.must(")")
        return self._made(start, "call", name, tuple(args), database, distinct)

    def _position(self, start: int) -> Node:
        part = self._binary(0)
        self.must("IN")
        whole = self.expression()
        self.must(")")
        return self._made(start, "call", "locate", (part, whole), "", False)

    def _joined(self) -> list[Node]:
        """Return how GROUP_CONCAT sorts what it joins, and what stands between."""
        found = []
        if self.then("ORDER", "BY"):
            found = self.listed(lambda: self._made(self.at, "order", self.expression(), self._descends()))
        if self.then("SEPARATOR"):
            found.append(Node("separator", (self.take("string").text,)))
        return found

    def _descends(self) -> bool:
        descends = self.then("DESC")
        if not descends:
            self.then("ASC")
        return descends

    def _trimmed(self, start: int) -> Node | None:
        """Return TRIM with FROM; None for one without."""
        before = self.at
        side = next((word for word in ("BOTH", "LEADING", "TRAILING") if self.then(word)), None)
        gone = Node("string", (" ",), "' '") if side is not None and self.sees("FROM") else self.expression()
        if not self.then("FROM"):
            if side is not None:
                raise self.fail()
            self.at = before
            return None
        whole = self.expression()
        self.must(")")
        word = (side or "BOTH").lower()
        return self._made(start, "call", "trim from", (Node("string", (word,), word), gone, whole), "", False)

    def _called_with_interval(self, start: int, name: str, args: list[Node]) -> Node:
        interval = args[1]
        if interval.op != "interval":
            if name.startswith("date_"):
                self.at -= 1
                raise self.fail()
            interval = Node("interval", (interval, "day"))
        self.must(")")
        return self._made(start, "shift", args[0], *interval.args, _SHIFTS[name])

    def _called_with_unit(self, start: int, name: str) -> Node:
        """Return a call whose first argument is a unit, or a type (GET_FORMAT)."""
        unit = self.name().lower() if name.lower() == "get_format" else self._unit()
        self.must("FROM" if name.lower() == "extract" else ",")
        args = self.listed(self.expression)
        self.must(")")
        if name.lower() == "timestampadd" and len(args) == 2:
            return self._made(start, "shift", args[1], args[0], unit, 1)
        return self._made(start, "call", name, (Node("string", (unit,), unit), *args), "", False)

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
