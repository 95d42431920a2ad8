# SPDX-License-Identifier: MIT
"""Perl's expressions to nodes: operators by precedence, terms, calls. Each step takes a turn."""

from __future__ import annotations

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.perl.syntax import words
from decnet_decoys.shell.perl.syntax.interpolation import parts
from decnet_decoys.shell.perl.syntax.source import Source
from decnet_decoys.shell.perl.syntax.tree import Block, Node

MAX_NESTING = 36


class Expressions:
    """Reads expressions; `block` reads a block of statements (`Parser`)."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._depth = 0
        self.subs: set[str] = set()
        """Names of functions that were declared."""

    def block(self) -> Steps[Block]:
        raise NotImplementedError

    def expression(self, least: int = 0) -> Steps[Node]:
        """Read an expression whose operators bind at least so strongly."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self.source.fault('syntax error at %s line %d, near "("')
        try:
            yield from turn()
            left = yield from self._prefixed(least)
            while (operator := self.source.sees(words.OPERATOR)) is not None:
                joined = yield from self._joined(left, operator[0], least)
                if joined is None:
                    return left
                left = joined
            return left
        finally:
            self._depth -= 1

    def _joined(self, left: Node, operator: str, least: int) -> Steps[Node | None]:  # noqa: C901, PLR0911  # a kind each
        """Read what follows an operator that joins two expressions; None where it does not bind so strongly."""
        source = self.source
        is_assignment = operator == "=" or (operator[-1] == "=" and operator not in words.BINARY)
        power = words.ASSIGNMENT if is_assignment else words.BINARY.get(operator, -1)
        if power < least or power < 0:
            return None
        source.at += len(operator)
        if is_assignment:
            return ("assign", operator[:-1], left, (yield from self.expression(words.ASSIGNMENT)))
        if power == words.LIST:
            items = [left]
            while not source.sees(words.ENDS) or source.peek() == ",":
                if source.take(",") or source.take("=>"):
                    continue
                items.append((yield from self.expression(words.ASSIGNMENT)))
                if not (source.take("=>") or source.take(",")):
                    break
            return ("list", tuple(items))
        if operator == "?":
            one = yield from self.expression(words.ASSIGNMENT)
            source.expect(":")
            return ("choice", left, one, (yield from self.expression(words.ASSIGNMENT)))
        right = yield from self.expression(power if operator == "**" else power + 1)
        if operator in ("=~", "!~"):
            return _bound(left, right, negated=operator == "!~")
        if operator in ("&&", "and", "||", "or", "//"):
            return ("logic", {"and": "&&", "or": "||"}.get(operator, operator), left, right)
        if operator in ("..", "..."):
            return ("range", left, right, [False])
        return ("binary", operator, left, right)

    def _prefixed(self, least: int) -> Steps[Node]:  # noqa: PLR0911  # one return for each kind
        source = self.source
        two, one = source.peek(2), source.peek()
        if two in ("++", "--"):
            source.at += 2
            return ("step", two[0], True, (yield from self.expression(words.POWER + 1)))
        if one == "!":
            source.at += 1
            return ("not", (yield from self.expression(words.UNARY)))
        if one == "\\":
            source.at += 1
            return ("ref", (yield from self.expression(words.UNARY)))
        if one == "~":
            source.at += 1
            return ("complement", (yield from self.expression(words.UNARY)))
        test = source.match(words.FILE_TEST) if one == "-" else None
        if test is not None:
            operand = None if source.sees(words.ENDS) else (yield from self.expression(words.NAMED_UNARY))
            return ("filetest", test[1], operand)
        if one in ("-", "+"):
            source.at += 1
            inner = yield from self.expression(words.POWER)
            return ("minus", inner) if one == "-" else inner
        if least <= 3 and (found := source.sees(words.NAME)) and found[0] == "not":
            source.at += 3
            return ("not", (yield from self.expression(3)))
        term = yield from self._postfixed((yield from self.term()))
        if source.peek(2) in ("++", "--"):
            sign = source.peek()
            source.at += 2
            return ("step", sign, False, term)
        return term

    def _postfixed(self, node: Node) -> Steps[Node]:  # noqa: C901, PLR0912  # one branch for each kind of bracket
        """Read subscripts, arrows and method calls behind a term."""
        source = self.source
        while True:
            yield from turn()
            subscripted = node[0] in ("element", "value", "called")
            if source.text.startswith("->", source.at) or source.peek(2) == "->":
                source.take("->")
                follows = source.peek()
                if follows == "[":
                    node = ("element", ("array_of", node), (yield from self._within("[", "]")))
                elif follows == "{":
                    node = ("value", ("hash_of", node), (yield from self.key()))
                elif follows == "(":
                    node = ("called", node, (yield from self._within("(", ")")))
                elif source.take("@*"):
                    node = ("array_of", node)
                elif source.take("%*"):
                    node = ("hash_of", node)
                else:
                    node = yield from self._method(node)
            elif subscripted and source.text[source.at : source.at + 1] == "[":
                node = ("element", ("array_of", node), (yield from self._within("[", "]")))
            elif subscripted and source.text[source.at : source.at + 1] == "{":
                node = ("value", ("hash_of", node), (yield from self.key()))
            elif subscripted and node[0] != "list" and source.text[source.at : source.at + 1] == "(":
                node = ("called", node, (yield from self._within("(", ")")))
            elif node[0] == "list" and source.peek() == "[":
                node = ("list_slice", node, (yield from self._within("[", "]")))
            else:
                return node

    def _method(self, node: Node) -> Steps[Node]:
        source, name = self.source, None
        if source.peek() == "$":
            name = yield from self.term()
        else:
            found = source.match(words.NAME)
            if found is None:
                raise source.unexpected()
            name = ("str", found[0])
        arguments: Node = ("list", ())
        if source.text[source.at : source.at + 1] == "(":
            arguments = yield from self._within("(", ")")
        return ("method", node, name, arguments)

    def _within(self, opening: str, closing: str) -> Steps[Node]:
        """Read what stands between brackets, nothing being an empty list."""
        self.source.expect(opening)
        if self.source.take(closing):
            return ("list", ())
        node = yield from self.expression()
        self.source.expect(closing)
        return node

    def key(self) -> Steps[Node]:
        """Read a hash's key between braces; a bare word stands for itself."""
        source = self.source
        found = words.KEY.match(source.text, source.at + 1) if source.peek() == "{" else None
        if found is not None:
            source.at = found.end()
            return ("str", found[1])
        return (yield from self._within("{", "}"))

    def listed(self) -> Steps[Node]:
        """Read the arguments of a list operator."""
        if self.source.sees(words.ENDS):
            return ("list", ())
        return (yield from self.expression(words.LIST))

    def interpolated(self, text: str, *, pattern: bool = False) -> Steps[Node]:
        return (yield from parts(text, self._inner, pattern=pattern))

    def _inner(self, text: str) -> Steps[Node]:
        """Read an expression that stands in a text."""
        outer, self.source = self.source, Source(text, self.source.line)
        try:
            return (yield from self._postfixed((yield from self.term())))
        finally:
            self.source = outer

    def term(self) -> Steps[Node]:
        raise NotImplementedError


def _bound(left: Node, right: Node, *, negated: bool) -> Node:
    """Return a match, substitution or transliteration with what it is applied to."""
    if right[0] in ("match", "replace", "translate"):
        return (right[0], left, *right[2:-1], negated)
    return ("match", left, right, "", negated)
