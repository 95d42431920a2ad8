# SPDX-License-Identifier: MIT
"""pathlib, argparse and functools, which are written in Python and run by the program on its own budget.

Importing one runs nothing: its functions and classes are taken from its syntax, with defaults that are constants.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.imports.functions import natives
from decnet_decoys.shell.python.values import MAX_ITEMS, Class, Function, Method, Native, Scope, hashed

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

REMEMBERED_BYTES = 128
"""Of each call whose result is kept, and of each of its arguments."""


@cache
def _syntax(name: str) -> tuple[ast.stmt, ...]:
    source = (Path(__file__).parent / "written" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(ast.parse(source).body)


def _function(node: ast.FunctionDef, scope: Scope, owner: Class | None = None) -> Function:
    made = Function(node.name, node.args, node.body, scope)
    made.owner = owner
    made.defaults = [ast.literal_eval(one) for one in node.args.defaults]
    made.static = next((one.id for one in node.decorator_list if isinstance(one, ast.Name)), "")
    return made


def _class(node: ast.ClassDef, scope: Scope) -> Class:
    names: dict[str, Any] = {}
    made = Class(node.name, [], names)
    names |= {one.name: _function(one, scope, made) for one in node.body if isinstance(one, ast.FunctionDef)}
    return made


def _written(name: str, *needed: str, **aliases: str) -> Callable[[Program], dict[str, Any]]:
    """Return what makes a module of its text: the modules that it needs are names of it, aliases further ones."""

    def make(program: Program) -> dict[str, Any]:
        scope = Scope()
        scope.names |= {one: program.module(one) for one in needed}
        for node in _syntax(name):
            if isinstance(node, ast.FunctionDef):
                scope.names[node.name] = _function(node, scope)
            elif isinstance(node, ast.ClassDef):
                scope.names[node.name] = _class(node, scope)
        scope.names |= {alias: scope.names[one] for alias, one in aliases.items()}
        return scope.names

    return make


def _remembering(_program: Program, function: Any) -> Native:
    """Return a function that is called once for the same arguments."""
    known: dict[Any, Any] = {}

    def play(program: Program, *args: Any, **named: Any) -> Steps[Any]:
        key = hashed((args, tuple(sorted(named.items(), key=operator.itemgetter(0)))))
        if key not in known:
            found = yield from program.called(function, list(args), named)
            if len(known) < MAX_ITEMS:
                program.count_made((1 + len(args) + len(named)) * REMEMBERED_BYTES)
                known[key] = found
            return found
        return known[key]

    return Native(getattr(function, "name", "cache"), play)


def _remembered(program: Program, maxsize: Any = 128, *_typed: Any, **_named: Any) -> Native:
    """Return what lru_cache is, as a decorator or as what makes one."""
    if isinstance(maxsize, Function | Native | Method):
        return _remembering(program, maxsize)
    return Native("decorating_function", _remembering)


def _functools(program: Program) -> dict[str, Any]:
    return _written("functools")(program) | natives(cache=_remembering, lru_cache=_remembered)


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "pathlib": _written("pathlib", "os", "glob", Path="PosixPath", PurePath="PosixPath", PurePosixPath="PosixPath"),
    "argparse": _written("argparse", "os", "sys"),
    "functools": _functools,
}
