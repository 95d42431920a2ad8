# SPDX-License-Identifier: MIT
"""Bash's extensions, expressed in POSIX's shell language: (( )), [[ ]], arrays, counting loops (bash(1))."""

from decnet_decoys.shell.syntax.lexer import parts_of
from decnet_decoys.shell.syntax.nodes import (
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


def literal(text: str) -> Word:
    """Return the word that is `text` and nothing else."""
    return (Part("text", text, quoted=True),)


def operand(token: Token) -> Word:
    """Return what stands between [[ and ]] as a word: there, operators neither join commands nor redirect."""
    return literal(token.text) if isinstance(token, Operator) else token


def array(name: str, elements: list[Word]) -> list[tuple[str, Word]]:
    """Return the assignments of `name=(elements)`: one per element, and the whole under [@] and [*]."""
    spaced: list[Part] = []
    for element in elements:
        spaced += [*literal(" "), *element] if spaced else element
    whole = tuple(spaced)
    single = [(f"{name}[{index}]", element) for index, element in enumerate(elements)]
    return [(name, elements[0] if elements else literal("")), *single, (f"{name}[@]", whole), (f"{name}[*]", whole)]


def counting(expressions: str, body: Sequence, redirects: tuple[Redirect, ...]) -> Group:
    """Return `for ((first; condition; step))` as the loop that does the same; `expressions` has two semicolons."""
    first, condition, step = (_let(part) for part in expressions.split(";"))
    loop = Loop(False, Sequence((condition,)), Sequence((*body.items, step)), redirects)
    return Group(Sequence((first, (Pipeline((loop,), False), ";"))), False, ())


def _let(expression: str) -> tuple[Pipeline, str]:
    words = (literal("let"), parts_of(expression)) if expression.strip() else (literal(":"),)
    return Pipeline((Simple((), words, ()),), False), ";"
