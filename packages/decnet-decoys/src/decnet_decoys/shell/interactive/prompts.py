# SPDX-License-Identifier: MIT
"""What $PS1 stands for (bash(1), PROMPTING): its escapes, then variables; commands in it are not run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decnet_decoys.shell.state import ShellState

MAX_PROMPT = 1024
"""Characters of $PS1 that are read, and of the prompt that is shown."""
USUAL = "${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ "
"""As Debian's /etc/bash.bashrc has it."""
OF_BASH = "\\s-\\v\\$ "
"""What bash itself sets, where it reads no such file."""
_PIECE = re.compile(
    r"\\(?P<escape>[0-7]{3}|.)|\$(?:(?P<name>[A-Za-z_]\w{0,63})|"
    r"\{(?P<braced>[A-Za-z_]\w{0,63})(?::\+[^{}]{0,200})?\})",
    re.DOTALL,
)
"""An escape or a variable. What a variable has is shown as it is, whatever escapes are in it."""
_TIMES = {"t": "%H:%M:%S", "T": "%I:%M:%S", "@": "%I:%M %p", "A": "%H:%M", "d": "%a %b %d"}
_PLAIN = {"n": "\n", "r": "\r", "a": "\a", "e": "\x1b", "[": "", "]": "", "\\": "\\"}


def prompt_of(text: str, known: Mapping[str, str], variables: Mapping[str, str], date: Callable[[str], str]) -> str:
    """Return the prompt; `known` has what the escapes stand for that name the shell, its user and directory."""

    def piece(found: re.Match[str]) -> str:
        letter = found["escape"]
        if letter is None:
            return "" if ":+" in found[0] else variables.get(found["name"] or found["braced"], "")[:MAX_PROMPT]
        if letter in _TIMES:
            return date(_TIMES[letter])
        if len(letter) == 3:
            return chr(int(letter, 8) & 0x7F)
        return known.get(letter, _PLAIN.get(letter, found[0]))

    return _PIECE.sub(piece, text[:MAX_PROMPT])[:MAX_PROMPT]


def shell_prompt(shell: ShellState) -> str:
    """Return the prompt as bash, dash or BusyBox's ash shows it."""
    home = shell.variables.get("HOME", "")
    at = shell.directory
    inside = home != "/" and (at + "/").startswith(home + "/")
    directory = "~" + at[len(home) :] if inside else at
    mark = "#" if shell.identity.uid == 0 else "$"
    variables = shell.variables
    if shell.dash:
        return variables.get("PS1", f"{mark} ")[:MAX_PROMPT]
    known = {
        "u": shell.user.name, "h": shell.host.partition(".")[0], "H": shell.host, "w": directory, "$": mark,
        "W": directory if at in (home, "/") else at.rpartition("/")[2], "s": shell.name,
        "v": variables.get("BASH_VERSION", "").rpartition(".")[0],
        "V": variables.get("BASH_VERSION", "").partition("(")[0], "j": str(len(shell.jobs.all)), "l": "0",
        "!": str(len(shell.history.lines) + 1), "#": str(len(shell.history.lines) + 1),
    }  # fmt: skip
    text = variables.get("PS1", "" if shell.terminal else USUAL)
    return prompt_of(text, known, variables, shell.date)
