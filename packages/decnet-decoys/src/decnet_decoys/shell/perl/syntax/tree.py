# SPDX-License-Identifier: MIT
"""What the parser hands to the evaluator: nodes are tuples whose first item names their kind."""

from __future__ import annotations

from typing import Any, NamedTuple

from decnet_decoys.errors import DecoysError

Node = tuple[Any, ...]


class Statement(NamedTuple):
    """One statement, what it is, and the line that `die` names."""

    line: int
    node: Node


Block = tuple[Statement, ...]


class PerlSyntaxError(DecoysError, ValueError):
    """The text is no program; the message is what Perl says, without its place."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class MissingModuleError(DecoysError):
    """A module is not installed; the message is its name."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(name)
        self.line = line
