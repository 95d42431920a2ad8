# SPDX-License-Identifier: MIT
"""What `set -x` shows of a command before it runs (bash(1), set -x)."""

from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import OutputBuffer

MAX_TRACED = 50
"""Marks for substitutions within each other."""


def is_traced(shell: ShellState) -> bool:
    """Return whether compound commands are shown: bash does, dash does not."""
    return "xtrace" in shell.options and not shell.dash


def trace(shell: ShellState, text: str, errors: OutputBuffer) -> None:
    """Show a command; the mark is repeated for each substitution that it is within."""
    mark = shell.variables.get("PS4", "+ ")
    errors.write(encode(f"{mark[:1] * min(shell.within, MAX_TRACED)}{mark}{text}\n"))
