# SPDX-License-Identifier: MIT
"""The expressions of an awk program, by recursive descent, its depth bounded."""

from __future__ import annotations

from collections.abc import Callable

from decnet_decoys.shell.awk.lexer import AwkSyntaxError, Token
from decnet_decoys.shell.awk.tree import Node

MAX_DEPTH = 30
"""Of statements, expressions and brackets within each other; each takes some twenty calls here."""
_ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "^=", "**="))
_COMPARISONS = frozenset(("<", "<=", "==", "!=", ">", ">="))
_CHANGEABLE = frozenset(("variable", "field", "element"))
_DIGITS = 200
"""Of a hexadecimal number: what a float holds."""
ARGUMENTS = {
    "length": (0, 1), "substr": (2, 3), "index": (2, 2), "split": (2, 3), "sub": (2, 3), "gsub": (2, 3),
    "match": (2, 2), "sprintf": (1, 1000), "atan2": (2, 2), "rand": (0, 0), "srand": (0, 1), "fflush": (0, 1),
    "systime": (0, 0), "strftime": (0, 3),
}  # fmt: skip
"""How many each function takes, at least and at most; others one."""
_BEGINS_OPERAND = frozenset(("number", "string", "regex", "name", "call", "function"))


class ExpressionParser:
    """Reads tokens; an operand that begins with a token of the kind `x` is read by the method `_p_x`."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._no_in = False
        self._in_print = False

    def _peek(self) -> Token:
        return self._tokens[min(self._at, len(self._tokens) - 1)]

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.kind in ("operator", "keyword") and token.text in texts

    def _take(self, *texts: str) -> bool:
        taken = self._is(*texts)
        self._at += taken
        return taken

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise AwkSyntaxError(self._peek().text)

    def _skip(self, *texts: str) -> None:
        while self._take("\n", ";", *texts):
            pass

    def _newlines(self) -> None:
        while self._take("\n"):
            pass

    def _deeper(self, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise AwkSyntaxError(self._peek().text)
        try:
            return parse()
        finally:
            self._depth -= 1

    def _values(self) -> list[Node]:
        values = [self._expression()]
        if values[0][0] == "group" and len(values[0][1]) > 1:
            return list(values[0][1])
        while self._take(","):
            self._newlines()
            values.append(self._expression())
        return values

    def _list(self, closing: str) -> list[Node]:
        found: list[Node] = []
        self._newlines()
        while not self._take(closing):
            found.append(self._inside())
            self._take(",")
            self._newlines()
        return found

    def _inside(self) -> Node:
        """Return an expression between brackets, where `>` compares."""
        kept, self._in_print = self._in_print, False
        value = self._expression()
        self._in_print = kept
        return value

    def _expression(self) -> Node:
        return self._deeper(self._assignment)

    def _assignment(self) -> Node:
        left = self._ternary()
        if left[0] in _CHANGEABLE and self._is(*_ASSIGNMENTS):
            operator = self._peek().text
            self._at += 1
            self._newlines()
            return ("assign", operator[:-1], left, self._expression())
        return left

    def _ternary(self) -> Node:
        condition = self._either()
        if not self._take("?"):
            return condition
        self._newlines()
        yes = self._expression()
        self._newlines()
        self._expect(":")
        self._newlines()
        return ("choose", condition, yes, self._expression())

    def _either(self) -> Node:
        left = self._both()
        while self._take("||"):
            self._newlines()
            left = ("or", left, self._both())
        return left

    def _both(self) -> Node:
        left = self._member()
        while self._take("&&"):
            self._newlines()
            left = ("and", left, self._member())
        return left

    def _member(self) -> Node:
        left = self._matched()
        while self._take("in"):
            name = self._peek().text
            self._at += 1
            left = ("member", left[1] if left[0] == "group" else [left], name)
        return left

    def _matched(self) -> Node:
        left = self._compared()
        while self._is("~", "!~"):
            operator = self._peek().text
            self._at += 1
            left = ("match", operator == "!~", left, self._compared())
        return left

    def _compared(self) -> Node:
        left = self._concatenation()
        if self._is(*_COMPARISONS) and not (self._in_print and self._is(">")):
            operator = self._peek().text
            self._at += 1
            return ("compare", operator, left, self._concatenation())
        while not self._in_print and self._is("|") and self._tokens[self._at + 1].text == "getline":
            self._at += 2
            left = ("getline", "|", left, self._lvalue())
        return left

    def _lvalue(self) -> Node | None:
        return self._primary() if self._peek().kind == "name" or self._is("$") else None

    def _concatenation(self) -> Node:
        left = self._sum()
        while self._peek().kind in _BEGINS_OPERAND or self._is("$", "!", "(", "-", "+", "++", "--"):
            if (self._peek().kind == "operator" and self._is("-", "+")) or self._peek().text == "in":
                break
            left = ("concat", left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._is("+", "-"):
            operator = self._peek().text
            self._at += 1
            left = ("binary", operator, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._unary()
        while self._is("*", "/", "%"):
            operator = self._peek().text
            self._at += 1
            left = ("binary", operator, left, self._unary())
        return left

    def _unary(self) -> Node:
        if self._is("!", "-", "+"):
            operator = self._peek().text
            self._at += 1
            return ("unary", operator, self._deeper(self._unary))
        return self._power()

    def _power(self) -> Node:
        left = self._postfix()
        if self._take("^", "**"):
            return ("binary", "^", left, self._deeper(self._unary))
        return left

    def _postfix(self) -> Node:
        value = self._primary()
        if value[0] in _CHANGEABLE and self._is("++", "--"):
            operator = self._peek().text
            self._at += 1
            return ("step", operator[0], value, True)
        return value

    def _primary(self) -> Node:
        token = self._peek()
        self._at += 1
        method = getattr(self, f"_p_{token.kind}", None)
        if method is None:
            raise AwkSyntaxError(token.text)
        return method(token.text)  # type: ignore[no-any-return]  # looked up by name

    def _p_number(self, text: str) -> Node:
        return ("number", float(int(text[:_DIGITS], 16)) if text[:2] in ("0x", "0X") else float(text))

    def _p_string(self, text: str) -> Node:
        return ("string", text)

    def _p_regex(self, text: str) -> Node:
        return ("regex", text)

    def _p_name(self, name: str) -> Node:
        return ("element", name, self._list("]")) if self._take("[") else ("variable", name)

    def _p_call(self, name: str) -> Node:
        self._expect("(")
        return ("call", name, self._list(")"))

    def _p_function(self, name: str) -> Node:
        arguments = self._list(")") if self._take("(") else []
        least, most = ARGUMENTS.get(name, (1, 1))
        if not least <= len(arguments) <= most or (name == "split" and arguments[1][0] != "variable"):
            raise AwkSyntaxError(")")
        if name in ("sub", "gsub") and len(arguments) > 2 and arguments[2][0] not in _CHANGEABLE:
            raise AwkSyntaxError(")")
        return ("function", name, arguments)

    def _p_keyword(self, text: str) -> Node:
        if text != "getline":
            raise AwkSyntaxError(text)
        target = self._lvalue()
        return ("getline", "<", self._primary() if self._take("<") else None, target)

    def _p_operator(self, text: str) -> Node:
        if text == "$":
            return ("field", self._step_or_primary())
        if text in ("++", "--"):
            target = self._primary()
            if target[0] not in _CHANGEABLE:
                raise AwkSyntaxError(self._peek().text)
            return ("step", text[0], target, False)
        if text != "(":
            raise AwkSyntaxError(text)
        values = self._deeper(lambda: ("group", self._list(")")))[1]
        if not values:
            raise AwkSyntaxError(")")
        return ("group", values)

    def _step_or_primary(self) -> Node:
        return self._deeper(self._unary if self._is("-", "+", "!") else self._primary)
