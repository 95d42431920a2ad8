# SPDX-License-Identifier: MIT
"""What $PS1 stands for (bash(1), PROMPTING): its escapes, then variables; commands in it are not run."""

import re
from collections.abc import Callable, Mapping

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
