# SPDX-License-Identifier: MIT
"""Bash's extensions, expressed in POSIX's shell language: (( )), [[ ]], arrays, counting loops (bash(1))."""

import re

from decnet_decoys.shell.syntax.lexer import parts_of
from decnet_decoys.shell.syntax.nodes import (
    Assignment,
    Command,
    Function,
    Group,
    Loop,
    Operator,
    Part,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Token,
    Word,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)(?:\[([^\]]*)\])?(\+)?=(.*)", re.DOTALL)
_ELEMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)\[([^\]]*)")
_CLOSED = re.compile(r"([^\]]*)\](\+)?=(.*)", re.DOTALL)


def literal(text: str) -> Word:
    """Return the word that is `text` and nothing else."""
    return (Part("text", text, quoted=True),)


REGEX_FOLLOWS: Word = (Part("text", "=~", quoted=False),)


def regex_part(token: Token) -> Word:
    """Return a token of a regular expression: an operator is text like any other there."""
    return (Part("text", token.text, quoted=False),) if isinstance(token, Operator) else token


def operand(token: Token) -> Word:
    """Return what stands between [[ and ]] as a word: there, operators neither join commands nor redirect."""
    return literal(token.text) if isinstance(token, Operator) else token


def assignment(word: Word) -> Assignment | None:
    """Return the assignment that a word is, if it is one."""
    first = word[0]
    if first.kind != "text" or first.quoted:
        return None
    match = _ASSIGNMENT.fullmatch(first.text) if "=" in first.text else None
    if match is not None:
        name, key, plus, value = match.groups()
        return Assignment(name, (*literal(value), *word[1:]), None if key is None else literal(key), bool(plus))
    opened = _ELEMENT.fullmatch(first.text) if len(word) > 1 else None
    return None if opened is None else _of_element(opened[1], opened[2], word)


def _of_element(name: str, start: str, word: Word) -> Assignment | None:
    """Return the assignment to an element whose key is not written out, as `m[$k]=v`."""
    for index, part in enumerate(word[1:], 1):
        closed = _CLOSED.fullmatch(part.text) if part.kind == "text" and not part.quoted else None
        if closed is not None:
            key = (*literal(start), *word[1:index], *literal(closed[1]))
            return Assignment(name, (*literal(closed[3]), *word[index + 1 :]), key, bool(closed[2]))
    return None


def with_errors(command: Command) -> Command:
    """Return a command whose standard error goes where its output does, as `|&` has it."""
    if isinstance(command, Function):
        return command
    return command._replace(redirects=(*command.redirects, Redirect(2, ">&", literal("1"))))


def counting(expressions: str, body: Sequence, redirects: tuple[Redirect, ...]) -> Group:
    """Return `for ((first; condition; step))` as the loop that does the same; `expressions` has two semicolons."""
    first, condition, step = (_let(part) for part in expressions.split(";"))
    loop = Loop(False, Sequence((condition,)), body, redirects, Sequence((step,)))
    return Group(Sequence((first, (Pipeline((loop,), False), ";"))), False, ())


def _let(expression: str) -> tuple[Pipeline, str]:
    words = (literal("(("), parts_of(expression)) if expression.strip() else (literal(":"),)
    return Pipeline((Simple((), words, ()),), False), ";"
