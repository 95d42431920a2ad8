# SPDX-License-Identifier: MIT
"""What the arguments of a call are called within the function."""

from __future__ import annotations

import ast
from typing import Any

from decnet_decoys.shell.python.values import (
    Function,
)


def arguments_of(function: Function, args: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Return a function's names with what it is called with; raises TypeError."""
    wanted, title = function.arguments, f"{function.name}()"
    if function.owner is not None:
        title = f"{function.owner.name}.{title}"
    names = [one.arg for one in (*wanted.posonlyargs, *wanted.args)]
    found: dict[str, Any] = dict(zip(names, args, strict=False))
    extra = args[len(names) :]
    if wanted.vararg is not None:
        found[wanted.vararg.arg] = tuple(extra)
    if extra and wanted.vararg is None:
        takes = f"{len(names)} positional argument{'s' if len(names) != 1 else ''}"
        raise TypeError(f"{title} takes {takes} but {len(args)} {'were' if len(args) != 1 else 'was'} given")
    _named_ones(title, wanted, found, named)
    for name, value in zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True):
        found.setdefault(name, value)
    for name, value in function.keyword_defaults.items():
        found.setdefault(name, value)
    _all_given(title, [repr(name) for name in names if name not in found])
    return found


def _named_ones(title: str, wanted: ast.arguments, found: dict[str, Any], named: dict[str, Any]) -> None:
    """Add the arguments that are given by name; raises TypeError."""
    others = {}
    known = {one.arg for one in (*wanted.posonlyargs, *wanted.args, *wanted.kwonlyargs)}
    for name, value in named.items():
        if name in found:
            raise TypeError(f"{title} got multiple values for argument '{name}'")
        if name in known:
            found[name] = value
        elif wanted.kwarg is not None:
            others[name] = value
        else:
            raise TypeError(f"{title} got an unexpected keyword argument '{name}'")
    if wanted.kwarg is not None:
        found[wanted.kwarg.arg] = others


def _all_given(title: str, missing: list[str]) -> None:
    """Raise TypeError for arguments that are missing."""
    if missing:
        *others, last = missing
        many = f"{len(missing)} required positional argument{'s' if others else ''}"
        listed = f"{', '.join(others)}{',' if len(others) > 1 else ''} and {last}" if others else last
        raise TypeError(f"{title} missing {many}: {listed}")
