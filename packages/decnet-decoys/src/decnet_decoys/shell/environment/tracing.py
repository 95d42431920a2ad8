# SPDX-License-Identifier: MIT
"""What `set -x` shows of a command before it runs (bash(1), set -x)."""

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion import words
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import OutputBuffer
from decnet_decoys.shell.syntax.nodes import Part, Word

MAX_TRACED = 50
"""Marks for substitutions within each other."""


def is_traced(shell: ShellState) -> bool:
    """Return whether compound commands are shown: bash does, dash does not."""
    return "xtrace" in shell.options and not shell.dash


def trace(runner: Runner, text: str, errors: OutputBuffer) -> Steps[None]:
    """Show a command after $PS4, whose first character is repeated for each substitution that it is within."""
    shell = runner.shell
    mark = shell.variables.get("PS4", "+ ")
    if "$" in mark or "`" in mark:
        kept, shell.options = shell.options, shell.options - {"xtrace"}
        try:
            mark = yield from words.document(runner, mark)
        finally:
            shell.options = kept
    errors.write(encode(f"{mark[:1] * min(shell.within, MAX_TRACED)}{mark}{text}\n"))


def as_written(word: Word) -> str:
    """Return a word as a script has it, with double quotes around what was quoted."""
    text, quoted = "", False
    for part in word:
        text += '"' * (part.quoted != quoted) + _part(part)
        quoted = part.quoted
    return text + '"' * quoted


def _part(part: Part) -> str:
    if part.kind == "variable":
        return f"${part.text}" if part.text.isidentifier() or len(part.text) == 1 else f"${{{part.text}}}"
    return {"command": f"$({part.text})", "arithmetic": f"$(({part.text}))"}.get(part.kind, part.text)
