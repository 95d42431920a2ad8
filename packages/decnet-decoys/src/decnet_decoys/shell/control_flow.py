# SPDX-License-Identifier: MIT
"""How a line of the shell is left before its end: control flow, not errors."""

from __future__ import annotations


class ExitShell(Exception):
    """`exit` was run; carries the status."""


class ReturnFunction(Exception):
    """`return` was run; carries the status."""


class LoopJump(Exception):
    """`break` or `continue` was run; carries which."""


class TooMuchError(Exception):
    """The line ran out of commands or nests too deeply."""
