# SPDX-License-Identifier: MIT
"""An awk program's tokens to a tree: its rules, functions and statements, by recursive descent."""

from __future__ import annotations

from decnet_decoys.shell.awk.expressions import ExpressionParser
from decnet_decoys.shell.awk.lexer import AwkSyntaxError, tokens
from decnet_decoys.shell.awk.tree import Node, Program

PRINT: Node = ("print", [], "", None)


def parse(text: str) -> Program:
    """Return a program's tree; raises AwkSyntaxError."""
    return _Parser(tokens(text)).program()


class _Parser(ExpressionParser):
    """A statement that begins with the keyword `x` is read by the method `_s_x`."""

    def program(self) -> Program:
        program = Program([], [], [], {})
        self._skip()
        while self._peek().kind != "end":
            self._item(program)
            self._skip()
        return program

    def _item(self, program: Program) -> None:
        if self._take("BEGIN"):
            program.begin.append(self._block())
        elif self._take("END"):
            program.end.append(self._block())
        elif self._take("function"):
            self._function(program)
        elif self._is("{"):
            program.rules.append((None, None, self._block()))
        else:
            first = self._expression()
            last = None
            if self._take(","):
                self._newlines()
                last = self._expression()
            program.rules.append((first, last, self._block() if self._is("{") else PRINT))

    def _function(self, program: Program) -> None:
        name = self._peek().text
        self._at += 1
        self._expect("(")
        names: list[str] = []
        while not self._take(")"):
            if self._peek().kind != "name":
                raise AwkSyntaxError(self._peek().text)
            names.append(self._peek().text)
            self._at += 1
            self._take(",")
            self._newlines()
        self._newlines()
        program.functions[name] = (names, self._block())

    def _block(self) -> Node:
        return self._deeper(self._statements)

    def _statements(self) -> Node:
        self._newlines()
        self._expect("{")
        found: list[Node] = []
        self._skip()
        while not self._take("}"):
            found.append(self._statement())
            self._skip()
        return ("block", found)

    def _body(self) -> Node:
        self._newlines()
        if self._take(";"):
            return ("block", [])
        return self._statement()

    def _statement(self) -> Node:
        return self._deeper(self._any_statement)

    def _any_statement(self) -> Node:
        if self._is("{"):
            return self._statements()
        token = self._peek()
        if token.kind == "keyword":
            method = getattr(self, f"_s_{token.text}", None)
            if method is not None:
                self._at += 1
                return method()  # type: ignore[no-any-return]  # looked up by name
        return self._simple()

    def _simple(self) -> Node:
        if self._take("delete"):
            name = self._peek().text
            self._at += 1
            if not self._take("["):
                return ("delete", name, None)
            index = self._list("]")
            return ("delete", name, index)
        return ("expression", self._expression())

    def _s_if(self) -> Node:
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        body = self._body()
        before = self._at
        self._skip()
        if self._take("else"):
            return ("if", condition, body, self._body())
        self._at = before
        return ("if", condition, body, None)

    def _s_while(self) -> Node:
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("while", condition, self._body(), None)

    def _s_do(self) -> Node:
        body = self._body()
        self._skip()
        self._expect("while")
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("do", condition, body)

    def _s_for(self) -> Node:
        self._expect("(")
        names = self._tokens[self._at : self._at + 4]
        if len(names) == 4 and names[0].kind == "name" and names[1].text == "in" and names[3].text == ")":
            self._at += 4
            return ("each", names[0].text, names[2].text, self._body())
        first = None if self._is(";") else self._simple()
        self._expect(";")
        condition = ("number", 1.0) if self._is(";") else self._expression()
        self._expect(";")
        step = None if self._is(")") else self._simple()
        self._expect(")")
        loop: Node = ("while", condition, self._body(), step)
        return loop if first is None else ("block", [first, loop])

    def _s_break(self) -> Node:
        return ("jump", "break")

    def _s_continue(self) -> Node:
        return ("jump", "continue")

    def _s_next(self) -> Node:
        return ("jump", "next")

    _s_nextfile = _s_next

    def _s_exit(self) -> Node:
        return ("exit", None if self._is(";", "\n", "}") else self._expression())

    def _s_return(self) -> Node:
        return ("return", None if self._is(";", "\n", "}") else self._expression())

    def _s_print(self) -> Node:
        return self._output("print")

    def _s_printf(self) -> Node:
        return self._output("printf")

    def _output(self, kind: str) -> Node:
        values: list[Node] = []
        kept, self._in_print = self._in_print, True
        if not self._is(";", "\n", "}", ">", ">>", "|") and self._peek().kind != "end":
            values = self._values()
        target, where = "", None
        for operator in (">", ">>", "|"):
            if self._take(operator):
                target, where = operator, self._concatenation()
        self._in_print = kept
        return (kind, values, target, where)
