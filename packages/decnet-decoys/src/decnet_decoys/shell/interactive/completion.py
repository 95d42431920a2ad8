# SPDX-License-Identifier: MIT
"""What the Tab key adds: the rest of the only command or file that fits; and what fits when there are several."""

import posixpath

from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import programs
from decnet_decoys.shell.state import ShellState

MAX_OFFERED = 100


def completion(shell: ShellState, line: str) -> tuple[str, list[str]]:
    """Return the text to insert behind `line`, "" when nothing fits or several differ at once; and all that fits."""
    words = line.rpartition(" ")
    word = words[2]
    if not words[1] and "/" not in word:
        family = shell.machine.persona.family
        found = [name for name, program in programs().items() if name.startswith(word) and family in program.families]
        return (_rest(word, found, " ") if word else ""), sorted(found)[:MAX_OFFERED]
    folder, _, start = word.rpartition("/")
    directory = folder + "/" if "/" in word else "."
    try:
        names = [name for name in shell.files.names(directory, shell.access) if name.startswith(start)]
        if len(names) == 1:
            entry = shell.files.stat(posixpath.join(directory, names[0]), shell.access)
            return _rest(start, names, "/" if entry.kind == "dir" else " "), names
    except FileSystemError:
        return "", []
    names = [name for name in names if start or not name.startswith(".")]
    return _rest(start, names, ""), sorted(names)[:MAX_OFFERED]


def _rest(start: str, names: list[str], ending: str) -> str:
    if not names:
        return ""
    first, last = min(names), max(names)
    shared = next(
        (index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[len(start) : shared] + (ending if len(names) == 1 else "")
