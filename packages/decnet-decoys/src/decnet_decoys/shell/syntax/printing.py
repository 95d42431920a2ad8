# SPDX-License-Identifier: MIT
"""A function's text in the layout of bash's `type` and `declare -f` (print_cmd.c of bash 5.2).

The text is read again with words that are their own source, so that quotes and expansions stay as they were written.
"""

import re
from collections.abc import Callable

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import shell_word
from decnet_decoys.shell.syntax.lexer import Lexer
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
    Loop,
    Part,
    Pipeline,
    Redirect,
    Sequence,
    ShellSyntaxError,
    Simple,
    Word,
)
from decnet_decoys.shell.syntax.parser import Parser


class _SourceLexer(Lexer):
    """Makes each word the one part that is its source."""

    def _word(self) -> Word:
        start = self.at
        super()._word()
        return (Part("text", self.text[start : self.at], quoted=False),)

    def _delimiter(self) -> Word:
        return super()._word()


def function_text(function: Function) -> Steps[str]:
    """Return the lines that show a function; of one whose text is not kept, without a body."""
    head = f"{function.name} () \n"
    parser = Parser(function.text, _SourceLexer)
    parser.end_with_text()
    try:
        body = yield from parser.function_body()
    except ShellSyntaxError:
        return head + "{ \n}"
    layout = _Layout(_source)
    if body.subshell:
        return head + "{ \n    " + (yield from layout.command(body, 1)) + "\n}"
    return head + (yield from layout.command(body, 0))


def pipeline_text(pipeline: Pipeline) -> Steps[str]:
    """Return a pipeline as bash writes it in what it tells of jobs: groups stay in one line."""
    return _Layout(word_text, in_line=True).pipeline(pipeline, 0)


def _pad(depth: int) -> str:
    return "    " * depth


class _Layout:
    """Writes commands with their words as they are `written`; `in_line`: groups begin no line of their own."""

    def __init__(self, written: Callable[[Word], str], *, in_line: bool = False) -> None:
        self._word, self._in_line = written, in_line

    def _body(self, sequence: Sequence, depth: int, *, ends: str = "") -> Steps[str]:
        """Return the lines of a sequence; the last one ends with `ends`."""
        lines = [""]
        last = len(sequence.items) - 1
        for index, (pipeline, joint) in enumerate(sequence.items):
            yield from turn()
            lines[-1] = (lines[-1] or _pad(depth)) + (yield from self.pipeline(pipeline, depth))
            if joint in ("&&", "||"):
                lines[-1] += f" {joint} "
            elif joint == "&":
                lines[-1] += " &" + " " * (index < last)
            else:
                has_document = lines[-1].endswith("\n")
                lines[-1] += "" if has_document else ";" if index < last else ends
                lines += [""] * (index < last)
        return "\n".join(lines)

    def _inline(self, sequence: Sequence, depth: int) -> Steps[str]:
        """Return a sequence as conditions and subshells have it: not begun on a line of its own."""
        text = ""
        last = len(sequence.items) - 1
        for index, (pipeline, joint) in enumerate(sequence.items):
            yield from turn()
            text += yield from self.pipeline(pipeline, depth)
            between = f" {joint} " if joint in ("&&", "||", "&") else f";\n{_pad(depth)}"
            text += between if index < last else " &" if joint == "&" else ""
        return text

    def _in_one_line(self, sequence: Sequence, depth: int) -> Steps[str]:
        """Return the sequence of a group that is shown in one line."""
        text = ""
        last = len(sequence.items) - 1
        for index, (pipeline, joint) in enumerate(sequence.items):
            yield from turn()
            text += yield from self.pipeline(pipeline, depth)
            between = f" {joint}" if joint in ("&&", "||", "&") else ";"
            text += between + " " * (index < last)
        return text

    def pipeline(self, pipeline: Pipeline, depth: int) -> Steps[str]:
        text = (f"{pipeline.timed} " if pipeline.timed else "") + ("! " if pipeline.negated else "")
        for index, command in enumerate(pipeline.commands):
            text += (" | " if index else "") + (yield from self.command(command, depth))
        return text

    def command(self, command: Command, depth: int) -> Steps[str]:
        yield from turn()
        if isinstance(command, Simple):
            given = {one.name: assignment_text(one, self._word) for one in command.assignments}
            after = [given.pop(text, text) for text in map(self._word, command.words)]  # `local a=(1 2)` names it there
            if after[:1] == ["[["]:
                after[-1] = "]]"
            words = [f"(({' '.join(after[1:])}))"] if after[:1] == ["(("] else [*given.values(), *after]
            return " ".join([*words, *map(self._redirect, command.redirects)])
        if isinstance(command, Function):
            return f"function {command.name} () \n{_pad(depth)}" + (yield from self.command(command.body, depth))
        text = yield from self._compound(command, depth)
        return " ".join([text, *map(self._redirect, command.redirects)])

    def _compound(self, command: Group | If | Loop | For | Case, depth: int) -> Steps[str]:
        pad = _pad(depth)
        if isinstance(command, Group):
            return (yield from self._group(command, depth))
        if isinstance(command, If):
            return (yield from self._if(command, depth))
        if isinstance(command, Case):
            return (yield from self._case(command, depth))
        body = yield from self._body(command.body, depth + 1, ends=";")
        if isinstance(command, Loop):
            condition = yield from self._inline(command.condition, depth)
            return f"{'until' if command.until else 'while'} {condition}; do\n{body}\n{pad}done"
        words = ' in "$@"' if command.words is None else " in " + " ".join(map(self._word, command.words))
        return f"{'select' if command.asks else 'for'} {command.name}{words};\n{pad}do\n{body}\n{pad}done"

    def _group(self, group: Group, depth: int) -> Steps[str]:
        if self._in_line:
            text = yield from self._in_one_line(group.body, depth)
            return f"( {text.removesuffix(';')} )" if group.subshell else f"{{ {text} }}"
        if group.subshell:
            return "( " + (yield from self._inline(group.body, depth)) + " )"
        return "{ \n" + (yield from self._body(group.body, depth + 1)) + f"\n{_pad(depth)}}}"

    def _if(self, choice: If, depth: int) -> Steps[str]:
        """Return the lines of a condition; `elif` is one in the `else` part of another."""
        (condition, body), *others = choice.branches
        pad = _pad(depth)
        text = f"if {yield from self._inline(condition, depth)}; then\n"
        text += yield from self._body(body, depth + 1, ends=";")
        if others:
            rest = yield from self._if(If(tuple(others), choice.otherwise, ()), depth + 1)
            text += f"\n{pad}else\n{_pad(depth + 1)}{rest};"
        elif choice.otherwise is not None:
            text += f"\n{pad}else\n" + (yield from self._body(choice.otherwise, depth + 1, ends=";"))
        return f"{text}\n{pad}fi"

    def _case(self, case: Case, depth: int) -> Steps[str]:
        pad, inner = _pad(depth), _pad(depth + 1)
        text = f"case {self._word(case.subject)} in \n"
        for patterns, body, end in case.arms:
            text += f"{inner}{' | '.join(map(self._word, patterns))})\n"
            text += (yield from self._body(body, depth + 2)) + f"\n{inner}{end}\n"
        return f"{text}{pad}esac"

    def _redirect(self, one: Redirect) -> str:
        if isinstance(one.target, HereDocument):
            return document_text(one, one.target)
        return f"{_redirect_head(one)}{self._word(one.target)}"


def _source(word: Word) -> str:
    return "".join(part.text for part in word)


_PLAIN_NAME = re.compile(r"\w+|[?$#@*!-]")


def word_text(word: Word) -> str:
    """Return a word as it could be typed, in one line."""
    return "".join(map(_part, word))


def _part(part: Part) -> str:
    if part.kind == "text":
        return shell_word(part.text) if part.quoted else part.text
    if part.kind == "variable":
        return f"${part.text}" if _PLAIN_NAME.fullmatch(part.text) else f"${{{part.text}}}"
    return {"command": f"$({part.text})", "arithmetic": f"$(({part.text}))"}.get(part.kind, part.text)


def assignment_text(one: Assignment, written: Callable[[Word], str] = word_text) -> str:
    """Return an assignment with its words as they are `written`, usually in one line."""
    value = one.value
    text = f"({' '.join(map(written, value.words))})" if isinstance(value, Elements) else written(value)
    key = "" if one.key is None else f"[{written(one.key)}]"
    return f"{one.name}{key}{'+' if one.append else ''}={text}"


def document_text(one: Redirect, document: HereDocument) -> str:
    """Return a here-document with its delimiters."""
    opened = f"'{document.delimiter}'" if document.quoted else document.delimiter
    return f"{one.op}{opened}\n{document.body}{document.delimiter}\n"


def _redirect_head(one: Redirect) -> str:
    usual = 0 if one.op[0] == "<" else 1
    number = str(one.fd) if one.fd != usual or one.op in (">&", "<&") else ""
    gap = "" if one.op in (">&", "<&") else " "
    return f"{'' if one.op[0] == '&' else number}{one.op}{gap}"
