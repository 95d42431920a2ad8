# SPDX-License-Identifier: MIT
"""Sigma's condition line: `selection and not 1 of filter_*`, to a tree and to one function.

Precedence from weak to strong: or, and, not, `1 of` and `all of`, parentheses (Sigma 2.0, "Condition").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias, TypeVar

import msgspec

from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.logic import all_of, any_of

MAX_LENGTH = 4096
_MAX_DEPTH = 32
_TOKEN = re.compile(r"[()]|[^\s()]+")

T = TypeVar("T")


class Name(msgspec.Struct, frozen=True):
    """A search identifier of the detection."""

    name: str


class Not(msgspec.Struct, frozen=True):
    """True when `part` is not."""

    part: Condition


class And(msgspec.Struct, frozen=True):
    """True when all parts are."""

    parts: tuple[Condition, ...]


class Or(msgspec.Struct, frozen=True):
    """True when one part is."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Name | Not | And | Or


def parse(text: str, names: list[str], line: int) -> Condition:
    """Return the tree of a condition over the search identifiers `names`; raises RuleError."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"the condition is longer than {MAX_LENGTH} characters", line)
    if "|" in text:
        raise RuleError("a condition cannot aggregate with '|'; write a correlation rule", line)
    parser = _Parser(_TOKEN.findall(text), names, line)
    tree = parser.either(0)
    if parser.token is not None:
        raise RuleError(f"the condition continues with {parser.token!r} where 'and' or 'or' was expected", line)
    return tree


def compiled(tree: Condition, matchers: Mapping[str, Callable[[T], bool]]) -> Callable[[T], bool]:
    """Return the condition as one function with the arguments of the matchers."""
    if isinstance(tree, Name):
        return matchers[tree.name]
    if isinstance(tree, Not):
        negated = compiled(tree.part, matchers)
        return lambda view: not negated(view)
    parts = [compiled(part, matchers) for part in tree.parts]
    return all_of(parts) if isinstance(tree, And) else any_of(parts)


class _Parser:
    """Recursive descent over the tokens; one method for each level of precedence."""

    def __init__(self, tokens: list[str], names: list[str], line: int) -> None:
        self._tokens = tokens
        self._names = names
        self._line = line
        self._at = 0

    @property
    def token(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def either(self, depth: int) -> Condition:
        if depth > _MAX_DEPTH:
            raise RuleError("the condition is nested too deeply", self._line)
        parts = [self._both(depth)]
        while self._accept("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self, depth: int) -> Condition:
        parts = [self._negated(depth)]
        while self._accept("and"):
            parts.append(self._negated(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self, depth: int) -> Condition:
        nots = 0
        while self._accept("not"):
            nots += 1
        part = self._part(depth)
        return Not(part) if nots % 2 else part

    def _part(self, depth: int) -> Condition:
        word = self._next()
        if word == "(":
            inside = self.either(depth + 1)
            if self._next() != ")":
                raise RuleError("the condition has a '(' without its ')'", self._line)
            return inside
        if (self.token or "").lower() == "of":
            self._at += 1
            return self._of(word.lower(), self._next())
        if word not in self._names:
            raise RuleError(
                f"the condition names {word!r}, which the detection does not have{suggestion(word, self._names)}",
                self._line,
            )
        return Name(word)

    def _of(self, quantity: str, pattern: str) -> Condition:
        if quantity not in ("1", "any", "all"):
            raise RuleError(f"'{quantity} of' is not Sigma; write '1 of' or 'all of'", self._line)
        parts = tuple(Name(name) for name in self._names if _named(name, pattern))
        if not parts:
            raise RuleError(f"'{quantity} of {pattern}' names nothing of the detection", self._line)
        return And(parts) if quantity == "all" else Or(parts)

    def _accept(self, word: str) -> bool:
        if (self.token or "").lower() != word:
            return False
        self._at += 1
        return True

    def _next(self) -> str:
        token = self.token
        if token is None:
            raise RuleError("the condition ends where a name was expected", self._line)
        self._at += 1
        return token


def _named(name: str, pattern: str) -> bool:
    if pattern.lower() == "them":  # identifiers that begin with an underscore are not among "them"
        return not name.startswith("_")
    return fnmatchcase(name, pattern.replace("[", "[[]"))
