# SPDX-License-Identifier: MIT
"""An awk program as a tree: tuples of a kind and its parts."""

from __future__ import annotations

from typing import Any, NamedTuple

Node = tuple[Any, ...]


class Program(NamedTuple):
    """What a program does before, for each record and after; and its functions: parameters and body."""

    begin: list[Node]
    rules: list[tuple[Node | None, Node | None, Node]]
    """A condition or none, the end of a range or none, and what is done."""
    end: list[Node]
    functions: dict[str, tuple[list[str], Node]]
