# SPDX-License-Identifier: MIT
"""Tokens to commands (POSIX.1-2017, Shell Command Language §2.10): recursive descent with bounded depth.

What is recursive are generators that take a turn before each command, so that a long text does not stop the others.
"""

import re

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.syntax import bash_extensions, brackets
from decnet_decoys.shell.syntax.nodes import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    IncompleteError,
    Loop,
    Operator,
    Pipeline,
    Sequence,
    ShellSyntaxError,
    Simple,
    Word,
)
from decnet_decoys.shell.syntax.simple_commands import simple_command
from decnet_decoys.shell.syntax.token_reader import NAME, NEWLINE, TokenReader

_SEPARATORS = frozenset((";", "&", "\n", "&&", "||"))
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "}", "esac"))
_FUNCTION_NAME = re.compile(r"[^\s$'\"`=\\]{1,200}")
"""Bash takes almost any word, `:` too."""
MAX_FUNCTION_TEXT = 1 << 12
"""Characters of a function whose text is kept, to be shown by `type` and `declare -f`."""
_NOTHING = Simple((), (bash_extensions.literal(":"),), ())


def parse(text: str) -> Steps[Sequence | ShellSyntaxError]:
    """Return the commands of `text`, or the fault (an IncompleteError when more lines could complete it)."""
    parser = Parser(text)
    items: list[tuple[Pipeline, str]] = []
    try:
        while (line := (yield from parser.line())) is not None:
            items += line.items
    except ShellSyntaxError as fault:
        return fault.with_traceback(None)  # its frames would hold it, and with it the session, in a cycle
    return Sequence(tuple(items))


class Parser(TokenReader):
    """Reads a script line by line."""

    def line(self) -> Steps[Sequence | None]:
        """Return the next line's commands, None at the end; raises ShellSyntaxError."""
        del self.tokens[: self.at]
        self.at = 0
        self.skip_newlines()
        if self.peek() is None:
            return None
        self.number = self.reached()
        sequence = yield from self._sequence(one_line=True)
        ended = self.at > 0 and self.tokens[self.at - 1] == NEWLINE
        if not ended and self.peek() is not None:
            raise ShellSyntaxError(self.shown())
        return sequence

    def function_body(self) -> Steps[Group]:
        """Return what follows a function's name; raises ShellSyntaxError."""
        return (yield from self._function_body("")).body

    def _sequence(self, *, one_line: bool = False) -> Steps[Sequence]:
        items: list[tuple[Pipeline, str]] = []
        self.skip_newlines()
        while not self._at_end_of_sequence():
            pipeline = yield from self._pipeline()
            joint = self.operator(*_SEPARATORS)
            if joint is None:
                items.append((pipeline, ";"))
                break
            self.at += 1
            items.append((pipeline, ";" if joint == "\n" else joint))
            if one_line and joint == "\n":
                break
            if joint in ("\n", "&&", "||"):
                self.skip_newlines()
            if joint in ("&&", "||") and self.peek() is None:
                raise IncompleteError(joint)
            if joint in (";", "&") and self.operator("\n"):
                if one_line:
                    self.at += 1
                    break
                self.skip_newlines()
        return Sequence(tuple(items))

    def _at_end_of_sequence(self) -> bool:
        return self.peek() is None or bool(self.operator(")", ";;", ";&", ";;&")) or bool(self.keyword(*_CLOSERS))

    def _body(self, ended_by: str) -> Steps[Sequence]:
        """Return a sequence that must not be empty, and which that word ends."""
        body = yield from self._sequence()
        if not body.items:
            raise self.fault(ended_by if self.peek() is None else "")
        return body

    def _pipeline(self) -> Steps[Pipeline]:
        timed = self._timed()
        negated = self.keyword("!") is not None
        self.at += negated
        if timed and not negated and (self.peek() is None or self.operator(*_SEPARATORS)):
            return Pipeline((_NOTHING,), False, timed)
        commands = [(yield from self._command())]
        while joint := self.operator("|", "|&"):
            self.at += 1
            if joint == "|&":
                commands[-1] = bash_extensions.with_errors(commands[-1])
            self.skip_newlines()
            if self.peek() is None:
                raise IncompleteError("|")
            commands.append((yield from self._command()))
        return Pipeline(tuple(commands), negated, timed)

    def _timed(self) -> str:
        """Take `time`, or `time -p`."""
        if self.keyword("time") is None:
            return ""
        self.at += 1
        if self.keyword("-p") is None:
            return "time"
        self.at += 1
        return "time -p"

    def _command(self) -> Steps[Command]:
        self.depth += 1
        if self.depth > brackets.MAX_NESTING:
            raise ShellSyntaxError(self.shown())
        try:
            yield from turn()
            self.peek()
            line = self.reached()
            return (
                (yield from self._compound())
                or (yield from self._function())
                or (yield from simple_command(self, line))
            )
        finally:
            self.depth -= 1

    def _compound(self) -> Steps[Command | None]:  # noqa: PLR0911  # one return for each keyword
        if self.operator("("):
            return (yield from self._group("("))
        word = self.keyword("{", "if", "while", "until", "for", "select", "case")
        if word is None:
            return None
        if word == "{":
            return (yield from self._group("{"))
        self.at += 1
        if word == "if":
            return (yield from self._if())
        if word in ("for", "select"):
            return (yield from self._for(asks=word == "select"))
        if word == "case":
            return (yield from self._case())
        condition = yield from self._body("do")
        return Loop(word == "until", condition, (yield from self._do()), self.redirects())

    def _group(self, opening: str) -> Steps[Group]:
        self.at += 1
        body = yield from self._body(")" if opening == "(" else "}")
        if opening == "{":
            self.expect("}")
        elif self.operator(")"):
            self.at += 1
        else:
            raise self.fault(")")
        return Group(body, opening == "(", self.redirects())

    def _if(self) -> Steps[If]:
        branches: list[tuple[Sequence, Sequence]] = []
        otherwise = None
        while True:
            condition = yield from self._body("then")
            self.expect("then")
            branches.append((condition, (yield from self._body("fi"))))
            if self.keyword("elif"):
                self.at += 1
                continue
            if self.keyword("else"):
                self.at += 1
                otherwise = yield from self._body("fi")
            self.expect("fi")
            return If(tuple(branches), otherwise, self.redirects())

    def _do(self, *, braces: bool = False) -> Steps[Sequence]:
        """Return the body of a loop; that of bash's `for` may stand in braces."""
        self._skip_separators()
        opened, closed = ("{", "}") if braces and self.lexer.bash and self.keyword("{") else ("do", "done")
        self.expect(opened)
        body = yield from self._body(closed)
        self.expect(closed)
        return body

    def _skip_separators(self) -> None:
        while self.operator(";", "\n"):
            self.at += 1

    def _for(self, *, asks: bool) -> Steps[For | Group]:
        counts = self.keyword("((") is not None
        self.at += counts
        name = "" if counts else self.literal(_FUNCTION_NAME if self.lexer.bash else NAME)
        counted = self.peek()
        if counts and isinstance(counted, tuple) and not isinstance(counted, Operator):
            expressions = "".join(part.text if part.kind == "text" else f"${{{part.text}}}" for part in counted)
            if expressions.count(";") == 2:
                self.at += 1
                return bash_extensions.counting(expressions, (yield from self._do(braces=True)), self.redirects())
        if counts:
            raise self.fault()
        self.skip_newlines()
        words: list[Word] | None = None
        if self.keyword("in"):
            self.at += 1
            words = []
            while isinstance(token := self.peek(), tuple) and not isinstance(token, Operator):
                yield from turn()
                words.append(token)
                self.at += 1
        body = yield from self._do(braces=True)
        return For(name, None if words is None else tuple(words), body, self.redirects(), asks)

    def _case(self) -> Steps[Case]:
        subject = self.word()
        self.skip_newlines()
        self.expect("in")
        arms: list[tuple[tuple[Word, ...], Sequence, str]] = []
        self.skip_newlines()
        while not self.keyword("esac"):
            self.at += self.operator("(") is not None
            patterns = [self.word()]
            while self.operator("|"):
                self.at += 1
                patterns.append(self.word())
            if not self.operator(")"):
                raise self.fault()
            self.at += 1
            body = yield from self._sequence()
            end = self.operator(";;", ";&", ";;&")
            self.at += end is not None
            arms.append((tuple(patterns), body, end or ";;"))
            self.skip_newlines()
        self.expect("esac")
        return Case(subject, tuple(arms), self.redirects())

    def _function(self) -> Steps[Function | None]:
        if self.lexer.bash and self.keyword("function"):  # bash's `function name { ... }`
            self.at += 1
            return (yield from self._function_body(self.literal()))
        if self.token(self.at + 1) != Operator("(") or (self.lexer.bash and self.keyword("[[")):
            return None
        token = self.peek()
        if token is None or isinstance(token, Operator) or bash_extensions.assignment(token) is not None:
            return None  # `a=()`, an array without elements
        if self.token(self.at + 2) != Operator(")"):
            if not self.lexer.bash or self.token(self.at + 2) is None:
                return None
            self.at += 2
            raise ShellSyntaxError(self.shown())
        return (yield from self._function_body(self.literal(_FUNCTION_NAME)))

    def _function_body(self, name: str) -> Steps[Function]:
        began = self.lexer.at
        outermost = self.depth == 1
        if self.operator("(") and self.token(self.at + 1) == Operator(")"):
            self.at += 2
        self.skip_newlines()
        body = yield from self._compound()
        if not isinstance(body, Group):  # `f() for ...`: any compound command may be the body
            if body is None or isinstance(body, Simple | Function):
                raise self.fault()
            body = Group(Sequence(((Pipeline((body,), False), ";"),)), False, ())
        size = self.lexer.at - began
        text = self.lexer.text[began : self.lexer.at] if outermost and size <= MAX_FUNCTION_TEXT else ""
        return Function(name, body, size, text)
