# SPDX-License-Identifier: MIT
"""Tokens to commands (POSIX.1-2017, Shell Command Language §2.10): recursive descent with bounded depth.

What is recursive are generators that take a turn before each command, so that a long text does not stop the others.
"""

import re

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.syntax import bash_extensions, brackets, conditional, lexer
from decnet_decoys.shell.syntax.nodes import (
    Assignment,
    Case,
    Command,
    Elements,
    For,
    Function,
    Group,
    HereDocument,
    If,
    IncompleteError,
    Loop,
    Operator,
    Part,
    Pipeline,
    Redirect,
    Sequence,
    ShellSyntaxError,
    Simple,
    Token,
    Word,
)

_REDIRECTIONS = frozenset(("<", ">", ">>", "<<", "<<-", "<<<", ">&", "<&", "&>", "&>>", ">|", "<>"))
_SEPARATORS = frozenset((";", "&", "\n", "&&", "||"))
_CLOSERS = frozenset(("then", "elif", "else", "fi", "do", "done", "}", "esac"))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FUNCTION_NAME = re.compile(r"[^\s$'\"`=\\]{1,200}")
"""Bash takes almost any word, `:` too."""
MAX_FUNCTION_TEXT = 1 << 12
"""Characters of a function whose text is kept, to be shown by `type` and `declare -f`."""
_DECLARING = 4
"""Words at a command's beginning that say whether it declares variables."""
_NEWLINE = Operator("\n")
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


class Parser:
    """Reads a script line by line."""

    def __init__(self, text: str, kind: type[lexer.Lexer] = lexer.Lexer, first: int = 1) -> None:
        self._lexer = kind(text[: lexer.MAX_SCRIPT])
        self._tokens = self._lexer.found
        self._documents = 0
        self._at = 0
        self._depth = 0
        self._counted = 0
        self._first = self._reached = self.number = first
        """Of the line at which the command begins that was read last."""

    def line(self) -> Steps[Sequence | None]:
        """Return the next line's commands, None at the end; raises ShellSyntaxError."""
        del self._tokens[: self._at]
        self._at = 0
        self._skip_newlines()
        if self._peek() is None:
            return None
        self.number = self.reached()
        sequence = yield from self._sequence(one_line=True)
        ended = self._at > 0 and self._tokens[self._at - 1] == _NEWLINE
        if not ended and self._peek() is not None:
            raise ShellSyntaxError(self._shown())
        return sequence

    def end_with_text(self) -> None:
        """Let a here-document whose delimiter is missing end where the text does: no more will come."""
        self._lexer.is_all = True

    def unended(self) -> list[tuple[str, int, int]]:
        """Return the delimiters of here-documents that ended so, and in which lines they began and ended."""
        text = self._lexer.text
        found, self._lexer.unended = self._lexer.unended, []
        ended = text.count("\n") + (not text.endswith("\n"))
        return [(delimiter, text.count("\n", 0, start), ended) for delimiter, start in found]

    @property
    def opened(self) -> int:
        """The number of the line in which the token begins that was read last."""
        return self._first + self._lexer.text.count("\n", 0, self._lexer.began)

    def reached(self) -> int:
        """Return the number of the line up to whose last token the text was read; a line feed ends its own line."""
        at = self._lexer.at
        if self._tokens and self._tokens[-1] == _NEWLINE:
            at -= 1
        self._reached += self._lexer.text.count("\n", self._counted, at)
        self._counted = max(self._counted, at)
        return self._reached

    def function_body(self) -> Steps[Group]:
        """Return what follows a function's name; raises ShellSyntaxError."""
        return (yield from self._function_body("")).body

    def _token(self, at: int) -> Token | None:
        while at >= len(self._tokens):
            if len(self._tokens) > lexer.MAX_TOKENS:
                raise ShellSyntaxError("newline")
            if not self._lexer.more():
                return None
        return self._tokens[at]

    def _peek(self) -> Token | None:
        return self._token(self._at)

    def _shown(self) -> str:
        token = self._peek()
        if token is None:
            return "newline"
        if isinstance(token, Operator):
            return "newline" if token.text == "\n" else token.text
        return "".join(part.text for part in token)

    def _operator(self, *texts: str) -> str | None:
        token = self._peek()
        return token.text if isinstance(token, Operator) and token.text in texts else None

    def _keyword(self, *words: str) -> str | None:
        """Return the reserved word here: one unquoted literal."""
        token = self._peek()
        if isinstance(token, Operator) or token is None or len(token) != 1:
            return None
        part = token[0]
        return part.text if part.kind == "text" and not part.quoted and part.text in words else None

    def _expect(self, word: str) -> None:
        if self._keyword(word) is None:
            raise self._fault(word)
        self._at += 1

    def _fault(self, expected: str = "") -> ShellSyntaxError:
        fault = IncompleteError("newline") if self._peek() is None else ShellSyntaxError(self._shown())
        fault.expected = expected
        return fault

    def _skip_newlines(self) -> None:
        while self._operator("\n"):
            self._at += 1

    def _sequence(self, *, one_line: bool = False) -> Steps[Sequence]:
        items: list[tuple[Pipeline, str]] = []
        self._skip_newlines()
        while not self._at_end_of_sequence():
            pipeline = yield from self._pipeline()
            joint = self._operator(*_SEPARATORS)
            if joint is None:
                items.append((pipeline, ";"))
                break
            self._at += 1
            items.append((pipeline, ";" if joint == "\n" else joint))
            if one_line and joint == "\n":
                break
            if joint in ("\n", "&&", "||"):
                self._skip_newlines()
            if joint in ("&&", "||") and self._peek() is None:
                raise IncompleteError(joint)
            if joint in (";", "&") and self._operator("\n"):
                if one_line:
                    self._at += 1
                    break
                self._skip_newlines()
        return Sequence(tuple(items))

    def _at_end_of_sequence(self) -> bool:
        return self._peek() is None or bool(self._operator(")", ";;", ";&", ";;&")) or bool(self._keyword(*_CLOSERS))

    def _body(self, ended_by: str) -> Steps[Sequence]:
        """Return a sequence that must not be empty, and which that word ends."""
        body = yield from self._sequence()
        if not body.items:
            raise self._fault(ended_by if self._peek() is None else "")
        return body

    def _pipeline(self) -> Steps[Pipeline]:
        timed = self._timed()
        negated = self._keyword("!") is not None
        self._at += negated
        if timed and not negated and (self._peek() is None or self._operator(*_SEPARATORS)):
            return Pipeline((_NOTHING,), False, timed)
        commands = [(yield from self._command())]
        while joint := self._operator("|", "|&"):
            self._at += 1
            if joint == "|&":
                commands[-1] = bash_extensions.with_errors(commands[-1])
            self._skip_newlines()
            if self._peek() is None:
                raise IncompleteError("|")
            commands.append((yield from self._command()))
        return Pipeline(tuple(commands), negated, timed)

    def _timed(self) -> str:
        """Take `time`, or `time -p`."""
        if self._keyword("time") is None:
            return ""
        self._at += 1
        if self._keyword("-p") is None:
            return "time"
        self._at += 1
        return "time -p"

    def _command(self) -> Steps[Command]:
        self._depth += 1
        if self._depth > brackets.MAX_NESTING:
            raise ShellSyntaxError(self._shown())
        try:
            yield from turn()
            self._peek()
            line = self.reached()
            return (yield from self._compound()) or (yield from self._function()) or (yield from self._simple(line))
        finally:
            self._depth -= 1

    def _compound(self) -> Steps[Command | None]:  # noqa: PLR0911  # one return for each keyword
        if self._operator("("):
            return (yield from self._group("("))
        word = self._keyword("{", "if", "while", "until", "for", "select", "case")
        if word is None:
            return None
        if word == "{":
            return (yield from self._group("{"))
        self._at += 1
        if word == "if":
            return (yield from self._if())
        if word in ("for", "select"):
            return (yield from self._for(asks=word == "select"))
        if word == "case":
            return (yield from self._case())
        condition = yield from self._body("do")
        return Loop(word == "until", condition, (yield from self._do()), self._redirects())

    def _group(self, opening: str) -> Steps[Group]:
        self._at += 1
        body = yield from self._body(")" if opening == "(" else "}")
        if opening == "{":
            self._expect("}")
        elif self._operator(")"):
            self._at += 1
        else:
            raise self._fault(")")
        return Group(body, opening == "(", self._redirects())

    def _if(self) -> Steps[If]:
        branches: list[tuple[Sequence, Sequence]] = []
        otherwise = None
        while True:
            condition = yield from self._body("then")
            self._expect("then")
            branches.append((condition, (yield from self._body("fi"))))
            if self._keyword("elif"):
                self._at += 1
                continue
            if self._keyword("else"):
                self._at += 1
                otherwise = yield from self._body("fi")
            self._expect("fi")
            return If(tuple(branches), otherwise, self._redirects())

    def _do(self) -> Steps[Sequence]:
        self._skip_separators()
        self._expect("do")
        body = yield from self._body("done")
        self._expect("done")
        return body

    def _skip_separators(self) -> None:
        while self._operator(";", "\n"):
            self._at += 1

    def _for(self, *, asks: bool) -> Steps[For | Group]:
        counts = self._keyword("((") is not None
        self._at += counts
        name = "" if counts else self._literal(_FUNCTION_NAME if self._lexer.bash else _NAME)
        counted = self._peek()
        if counts and isinstance(counted, tuple) and not isinstance(counted, Operator):
            expressions = "".join(part.text if part.kind == "text" else f"${{{part.text}}}" for part in counted)
            if expressions.count(";") == 2:
                self._at += 1
                return bash_extensions.counting(expressions, (yield from self._do()), self._redirects())
        if counts:
            raise self._fault()
        self._skip_newlines()
        words: list[Word] | None = None
        if self._keyword("in"):
            self._at += 1
            words = []
            while isinstance(token := self._peek(), tuple) and not isinstance(token, Operator):
                yield from turn()
                words.append(token)
                self._at += 1
        body = yield from self._do()
        return For(name, None if words is None else tuple(words), body, self._redirects(), asks)

    def _case(self) -> Steps[Case]:
        subject = self._word()
        self._skip_newlines()
        self._expect("in")
        arms: list[tuple[tuple[Word, ...], Sequence, str]] = []
        self._skip_newlines()
        while not self._keyword("esac"):
            self._at += self._operator("(") is not None
            patterns = [self._word()]
            while self._operator("|"):
                self._at += 1
                patterns.append(self._word())
            if not self._operator(")"):
                raise self._fault()
            self._at += 1
            body = yield from self._sequence()
            end = self._operator(";;", ";&", ";;&")
            self._at += end is not None
            arms.append((tuple(patterns), body, end or ";;"))
            self._skip_newlines()
        self._expect("esac")
        return Case(subject, tuple(arms), self._redirects())

    def _literal(self, form: re.Pattern[str] = _NAME) -> str:
        word = self._word()
        text = "".join(part.text for part in word)
        if not form.fullmatch(text) or any(part.kind != "text" for part in word):
            raise ShellSyntaxError(text)
        return text

    def _word(self) -> Word:
        token = self._peek()
        if token is None or isinstance(token, Operator):
            raise self._fault()
        self._at += 1
        return token

    def _function(self) -> Steps[Function | None]:
        if self._lexer.bash and self._keyword("function"):  # bash's `function name { ... }`
            self._at += 1
            return (yield from self._function_body(self._literal()))
        if self._token(self._at + 1) != Operator("(") or (self._lexer.bash and self._keyword("[[")):
            return None
        token = self._peek()
        if token is None or isinstance(token, Operator) or bash_extensions.assignment(token) is not None:
            return None  # `a=()`, an array without elements
        if self._token(self._at + 2) != Operator(")"):
            if not self._lexer.bash or self._token(self._at + 2) is None:
                return None
            self._at += 2
            raise ShellSyntaxError(self._shown())
        return (yield from self._function_body(self._literal(_FUNCTION_NAME)))

    def _function_body(self, name: str) -> Steps[Function]:
        began = self._lexer.at
        outermost = self._depth == 1
        if self._operator("(") and self._token(self._at + 1) == Operator(")"):
            self._at += 2
        self._skip_newlines()
        body = yield from self._compound()
        if not isinstance(body, Group):  # `f() for ...`: any compound command may be the body
            if body is None or isinstance(body, Simple | Function):
                raise self._fault()
            body = Group(Sequence(((Pipeline((body,), False), ";"),)), False, ())
        size = self._lexer.at - began
        text = self._lexer.text[began : self._lexer.at] if outermost and size <= MAX_FUNCTION_TEXT else ""
        return Function(name, body, size, text)

    def _simple(self, line: int) -> Steps[Simple]:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        declares = ""
        while (token := self._peek()) is not None:
            yield from turn()
            if isinstance(token, Operator):
                if token.text not in _REDIRECTIONS:
                    break
                redirects.append(self._redirect(token))
                continue
            assignment = bash_extensions.assignment(token) if not words or declares else None
            if assignment is not None and not self._lexer.bash and (assignment.append or assignment.key is not None):
                assignment = None
            if not words and self._lexer.bash and self._keyword("[["):
                words += yield from self._condition()
                continue
            self._at += 1
            if (
                assignment is not None
                and self._lexer.bash
                and self._operator("(")
                and assignment.value == bash_extensions.literal("")
            ):
                elements = Elements(tuple((yield from self._elements())), declares == "A")
                assignments.append(assignment._replace(value=elements))
                words += [bash_extensions.literal(assignment.name)] if words else []
            elif assignment is None or words:
                words.append(token)
            else:
                assignments.append(assignment)
            if len(words) <= _DECLARING:
                declares = _declares(words)
        if not (assignments or words or redirects):
            raise self._fault()
        return Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _condition(self) -> Steps[list[Word]]:
        """Return the words from [[ to ]]."""
        tokens: list[Token] = []
        while not self._keyword("]]"):
            yield from turn()
            token = self._peek()
            if token is None:
                raise self._fault()
            self._at += 1
            if token == _NEWLINE:
                continue
            tokens.append(token)
            if len(tokens) == 1:
                continue
            if token == bash_extensions.REGEX_FOLLOWS:
                tokens.append((yield from self._regex()))
        if len(tokens) > 1:
            conditional.check(tokens[1:])
        self._at += 1
        if self._operator("(") or (self._peek() is not None and not isinstance(self._peek(), Operator)):
            raise self._fault()
        return [*map(bash_extensions.operand, tokens), bash_extensions.literal("]]")]

    def _regex(self) -> Steps[Word]:
        """Return what follows =~ as one word: brackets and bars are no operators there."""
        parts: list[Part] = []
        while not self._keyword("]]") and not self._operator("&&", "||"):
            yield from turn()
            token = self._peek()
            if token is None:
                raise self._fault()
            parts += bash_extensions.regex_part(token)
            self._at += 1
        return tuple(parts) or bash_extensions.literal("")

    def _elements(self) -> Steps[list[Word]]:
        """Return what stands in the parentheses of an array's assignment."""
        self._at += 1
        found: list[Word] = []
        while not self._operator(")"):
            yield from turn()
            self._skip_newlines()
            found.append(self._word())
            self._skip_newlines()
        self._at += 1
        return found

    def _redirects(self) -> tuple[Redirect, ...]:
        found: list[Redirect] = []
        while isinstance(token := self._peek(), Operator) and token.text in _REDIRECTIONS:
            found.append(self._redirect(token))
        return tuple(found)

    def _redirect(self, operator: Operator) -> Redirect:
        self._at += 1
        target: Word | HereDocument = self._word()
        fd = operator.fd if operator.fd is not None else (0 if operator.text[0] == "<" else 1)
        if operator.text in ("<<", "<<-"):
            target = self._document()
        return Redirect(fd, operator.text, target, operator.variable)

    def _document(self) -> HereDocument:
        """Return the next here-document; its body follows the line."""
        while len(self._lexer.documents) <= self._documents:
            if not self._lexer.more():
                raise IncompleteError("here-document")
        self._documents += 1
        return self._lexer.documents[self._documents - 1]


def _declares(words: list[Word]) -> str:
    """Return whether the command so far declares variables: "A" for associative arrays, "a" for others, or ""."""
    texts = ["".join(part.text for part in word) for word in words[:_DECLARING]]
    if not texts or texts[0] not in ("declare", "typeset", "local", "readonly", "export"):
        return ""
    return "A" if any(text.startswith("-") and "A" in text for text in texts[1:]) else "a"
