# SPDX-License-Identifier: MIT
"""What bash has beyond POSIX's shell language, told in its terms: (( )), [[ ]], arrays, counting loops (bash(1))."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from decnet_decoys.shell.expansion.parameters import arithmetic
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

_ASSIGNED = re.compile(r"\s*([A-Za-z_]\w*)\s*(\*\*|<<|>>|[-+*/%&|^])?=(?!=)(.*)", re.DOTALL)
_STEPPED = re.compile(r"\s*(?:(\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(\+\+|--))\s*")


def evaluate(text: str, variables: Mapping[str, str], assign: Callable[[str, str], None]) -> int | None:
    """Return what an expression of `let` is worth, `assign` called with what it sets; None when it is none."""
    value: int | None = 0
    for part in text.split(","):
        assigned, stepped = _ASSIGNED.fullmatch(part), _STEPPED.fullmatch(part)
        if assigned is not None:
            name, operator, rest = assigned.groups()
            value = arithmetic(f"{name} {operator} ({rest})" if operator else rest, variables)
        elif stepped is not None:
            name = stepped[2] or stepped[3]
            value = arithmetic(f"{name} {(stepped[1] or stepped[4])[0]} 1", variables)
        else:
            value = arithmetic(part, variables)
        if value is None:
            return None
        if assigned is not None or stepped is not None:
            assign(name, str(value))
            value -= {"++": 1, "--": -1}.get(stepped[4] or "", 0) if stepped is not None else 0
    return value


def literal(text: str) -> Word:
    """Return the word that is `text` and nothing else."""
    return (Part("text", text, quoted=True),)


def operand(token: Token) -> Word:
    """Return what stands between [[ and ]] as a word: there, operators neither join commands nor redirect."""
    return literal(token.text) if isinstance(token, Operator) else token


def array(name: str, elements: list[Word]) -> list[tuple[str, Word]]:
    """Return the assignments of `name=(elements)`: one per element, and the whole under [@] and [*]."""
    whole: Word = ()
    for element in elements:
        whole = (*whole, *((Part("text", " ", quoted=True),) if whole else ()), *element)
    single = [(f"{name}[{place}]", element) for place, element in enumerate(elements)]
    return [(name, elements[0] if elements else literal("")), *single, (f"{name}[@]", whole), (f"{name}[*]", whole)]


def counting(expressions: str, body: Sequence, redirects: tuple[Redirect, ...]) -> Group:
    """Return `for ((first; condition; step))` as the loop that does the same; `expressions` has two semicolons."""
    first, condition, step = (_let(part) for part in expressions.split(";"))
    loop = Loop(False, Sequence((condition,)), Sequence((*body.items, step)), redirects)
    return Group(Sequence((first, (Pipeline((loop,), False), ";"))), False, ())


def _let(expression: str) -> tuple[Pipeline, str]:
    words = (literal("let"), parts_of(expression)) if expression.strip() else (literal(":"),)
    return Pipeline((Simple((), words, ()),), False), ";"
