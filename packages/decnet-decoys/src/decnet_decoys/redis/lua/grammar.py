# SPDX-License-Identifier: MIT
"""Reads a Lua script into nested tuples, of which the first part says what it is and the second where (its line)."""

import itertools
from typing import Any, TypeAlias

from decnet_decoys.errors import DecoysError
from decnet_decoys.redis.lua.tokens import SyntaxProblem, Token, tokens

Node: TypeAlias = tuple[Any, ...]
Block: TypeAlias = list[Node]

MOST_TOKENS = 1000
"""Of a script: those are read in some milliseconds."""
MOST_DEPTH = 40
"""Blocks and expressions within each other."""
_BINARY = {
    b"or": (1, 1), b"and": (2, 2), b"<": (3, 3), b">": (3, 3), b"<=": (3, 3), b">=": (3, 3), b"~=": (3, 3),
    b"==": (3, 3), b"..": (5, 4), b"+": (6, 6), b"-": (6, 6), b"*": (7, 7), b"/": (7, 7), b"%": (7, 7), b"^": (10, 9),
}  # fmt: skip
"""How strongly an operator binds to its left and its right."""
_UNARY = 8
_ENDS = (b"end", b"else", b"elseif", b"until")


class Unsupported(DecoysError):
    """What the decoy does not carry out: gotos of another version, methods of the script's own, too deep or long."""


class Parser:
    """Reads one script. Raises SyntaxProblem, Unsupported."""

    def __init__(self, source: bytes) -> None:
        self._tokens = list(itertools.islice(tokens(source), MOST_TOKENS + 1))
        if len(self._tokens) > MOST_TOKENS:
            raise Unsupported
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def script(self) -> Block:
        """Return the whole script."""
        block = self._block()
        if self._next.kind != "end":
            raise self._problem("'<eof>' expected")
        return block

    def _problem(self, said: str) -> SyntaxProblem:
        return SyntaxProblem(f"user_script:{self._next.line}: {said} near '{self._next.shown}'")

    def _take(self) -> Token:
        token = self._next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _is(self, *texts: bytes) -> bool:
        return self._next.kind in ("keyword", "sign") and self._next.text in texts

    def _taken(self, text: bytes) -> bool:
        if not self._is(text):
            return False
        self._take()
        return True

    def _expect(self, text: bytes) -> None:
        if not self._taken(text):
            raise self._problem(f"'{text.decode()}' expected")

    def _name(self) -> bytes:
        if self._next.kind != "name":
            raise self._problem("'<name>' expected")
        return self._take().text

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Unsupported

    def _block(self) -> Block:
        self._deeper()
        found: Block = []
        while self._next.kind != "end" and not self._is(*_ENDS):
            last = self._is(b"return", b"break")
            found.append(self._statement())
            self._taken(b";")
            if last:
                break
        self._depth -= 1
        return found

    def _statement(self) -> Node:
        token = self._next
        line = token.line
        if token.kind == "keyword":
            special = {
                b"local": self._local, b"if": self._if, b"for": self._for, b"while": self._while,
                b"repeat": self._repeat, b"return": self._return,
            }.get(token.text)  # fmt: skip
            if special is not None:
                self._take()
                return special(line)
            if self._taken(b"do"):
                block = self._block()
                self._expect(b"end")
                return ("do", line, block)
            if self._taken(b"break"):
                return ("break", line)
            if self._taken(b"function"):
                return self._named_function(line)
        return self._assignment(line)

    def _named_function(self, line: int) -> Node:
        target: Node = ("name", line, self._name())
        while self._taken(b"."):
            target = ("index", line, target, ("value", line, self._name()))
        if self._is(b":"):
            raise Unsupported
        return ("set", line, [target], [self._function(line)])

    def _function(self, line: int) -> Node:
        """Return a function from its parameters on; the last one may be `...`, the rest of what it is given."""
        names: list[bytes] = []
        self._expect(b"(")
        while not self._is(b")"):
            names.append(self._take().text if self._is(b"...") else self._name())
            if names[-1] == b"..." or not self._taken(b","):
                break
        self._expect(b")")
        block = self._block()
        self._expect(b"end")
        return ("function", line, names, block)

    def _assignment(self, line: int) -> Node:
        target = self._suffixed()
        if target[0] == "call" and not self._is(b"=", b","):
            return ("do call", line, target)
        targets = [target]
        while self._taken(b","):
            targets.append(self._suffixed())
        if any(one[0] not in ("name", "index") for one in targets) or not self._is(b"="):
            raise self._problem("'=' expected")
        self._take()
        return ("set", line, targets, self._expressions())

    def _local(self, line: int) -> Node:
        if self._taken(b"function"):
            name = self._name()
            return ("local function", line, name, self._function(line))
        names = self._names()
        return ("local", line, names, self._expressions() if self._taken(b"=") else [])

    def _names(self) -> list[bytes]:
        names = [self._name()]
        while self._taken(b","):
            names.append(self._name())
        return names

    def _if(self, line: int) -> Node:
        branches, otherwise = [], None
        while True:
            condition = self._expression()
            self._expect(b"then")
            branches.append((condition, self._block()))
            if self._taken(b"elseif"):
                continue
            if self._taken(b"else"):
                otherwise = self._block()
            self._expect(b"end")
            return ("if", line, branches, otherwise)

    def _for(self, line: int) -> Node:
        names = self._names()
        if self._taken(b"="):
            limits, kind = self._expressions(), "for"
        else:
            self._expect(b"in")
            limits, kind = self._expressions(), "each"
        self._expect(b"do")
        block = self._block()
        self._expect(b"end")
        return (kind, line, names, limits, block)

    def _while(self, line: int) -> Node:
        condition = self._expression()
        self._expect(b"do")
        block = self._block()
        self._expect(b"end")
        return ("while", line, condition, block)

    def _repeat(self, line: int) -> Node:
        block = self._block()
        self._expect(b"until")
        return ("repeat", line, self._expression(), block)

    def _return(self, line: int) -> Node:
        ends = self._next.kind == "end" or self._is(*_ENDS, b";")
        return ("return", line, [] if ends else self._expressions())

    def _expressions(self) -> list[Node]:
        found = [self._expression()]
        while self._taken(b","):
            found.append(self._expression())
        return found

    def _expression(self, limit: int = 0) -> Node:
        self._deeper()
        token = self._next
        if self._is(b"not", b"-", b"#"):
            self._take()
            left: Node = ("unary", token.line, token.text, self._expression(_UNARY))
        else:
            left = self._simple()
        while self._next.kind in ("keyword", "sign"):
            operator = self._next
            strength = _BINARY.get(operator.text)
            if strength is None or strength[0] <= limit:
                break
            self._take()
            left = ("binary", operator.line, operator.text, left, self._expression(strength[1]))
        self._depth -= 1
        return left

    def _simple(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._take()
            whole = token.text[:2].lower() == b"0x"
            return ("value", token.line, float(int(token.text, 16)) if whole else float(token.text))
        if token.kind == "string":
            self._take()
            return ("value", token.line, token.text)
        if token.kind == "keyword" and token.text in (b"nil", b"true", b"false"):
            self._take()
            return ("value", token.line, {b"nil": None, b"true": True, b"false": False}[token.text])
        if self._is(b"{"):
            return self._table()
        if self._taken(b"function"):
            return self._function(token.line)
        return ("rest", token.line) if self._taken(b"...") else self._suffixed()

    def _table(self) -> Node:
        line = self._take().line
        fields: list[tuple[Node | None, Node]] = []
        while not self._is(b"}"):
            key: Node | None = None
            if self._taken(b"["):
                key = self._expression()
                self._expect(b"]")
                self._expect(b"=")
            elif self._next.kind == "name" and self._tokens[self._at + 1].text == b"=":
                key = ("value", line, self._name())
                self._take()
            fields.append((key, self._expression()))
            if not (self._taken(b",") or self._taken(b";")):
                break
        self._expect(b"}")
        return ("table", line, fields)

    def _suffixed(self) -> Node:
        token = self._next
        if self._taken(b"("):
            found: Node = ("one", token.line, self._expression())
            self._expect(b")")
        elif token.kind == "name":
            self._take()
            found = ("name", token.line, token.text)
        else:
            raise self._problem("unexpected symbol")
        for _ in range(MOST_DEPTH):
            line = self._next.line
            if self._taken(b"."):
                found = ("index", line, found, ("value", line, self._name()))
            elif self._taken(b"["):
                found = ("index", line, found, self._expression())
                self._expect(b"]")
            elif self._taken(b":"):
                name = self._name()
                found = ("call", line, ("bound", line, found, name), self._arguments())
            elif self._is(b"(", b"{") or self._next.kind == "string":
                found = ("call", line, found, self._arguments())
            else:
                return found
        raise Unsupported

    def _arguments(self) -> list[Node]:
        if self._next.kind == "string":
            token = self._take()
            return [("value", token.line, token.text)]
        if self._is(b"{"):
            return [self._table()]
        self._expect(b"(")
        found = [] if self._is(b")") else self._expressions()
        self._expect(b")")
        return found
