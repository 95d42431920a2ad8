# SPDX-License-Identifier: MIT
"""What is typed behind vi's colon: write, quit, go to a line, substitute (vim's messages)."""

import re

from decnet_decoys.shell.editors.text_buffer import TextBuffer
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled

MAX_LINES = 500
"""Lines that one command changes with a regular expression ..."""
MAX_REPLACED = 2000
"""... and what it replaces in them, 20 to a line: a few milliseconds."""
_WRITE = re.compile(r"(w|wq|x|write|up|update)(!?)(?:\s+(\S{1,1024}))?")
_QUIT = re.compile(r"(q|quit|qa|qall)(!?)")
_SUBSTITUTE = re.compile(
    r"(%|\d{1,4},(?:\d{1,4}|\$))?s([/#|,])(.{0,200}?)(?<!\\)\2(.{0,200}?)(?:(?<!\\)\2([gi]{0,2}))?"
)
_TAKEN = re.compile(r"(?:set?|syn(?:tax)?|noh(?:lsearch)?|filetype|color(?:scheme)?)\b.*")


class Ex:
    """Runs one command line; says in its fields what is to be done besides."""

    def __init__(self, *, read_only: bool) -> None:
        self._read_only = read_only
        self.target = ""
        self.writes = self.leaves = self.finished = False

    def run(self, line: str, buffer: TextBuffer, path: str) -> str:
        """Do what a command says; returns the message for the last row."""
        self.writes = self.leaves = self.finished = False
        written, quits, substituted = (kind.fullmatch(line) for kind in (_WRITE, _QUIT, _SUBSTITUTE))
        if written is not None:
            return self._write(written[1], written[2], written[3] or path, buffer)
        if quits is not None:
            if buffer.modified and not quits[2]:
                return "E37: No write since last change (add ! to override)"
            self.finished = True
            return ""
        if substituted is not None:
            return _substitute(buffer, substituted)
        if line.isdecimal() or line == "$":
            buffer.row = len(buffer.lines) - 1 if line == "$" else max(0, min(int(line[:6]), len(buffer.lines)) - 1)
            buffer.column = 0
            return ""
        return "" if not line or _TAKEN.fullmatch(line) else f"E492: Not an editor command: {line}"

    def _write(self, verb: str, bang: str, target: str, buffer: TextBuffer) -> str:
        if not target:
            return "E32: No file name"
        if self._read_only and not bang:
            return "E45: 'readonly' option is set (add ! to override)"
        self.target, self.leaves = target, verb in ("wq", "x")
        self.writes = buffer.modified or verb not in ("x", "up", "update")
        self.finished = self.leaves and not self.writes
        return ""


def _substitute(buffer: TextBuffer, match: re.Match[str]) -> str:
    """Replace in the current line, in a range, or with % in all lines."""
    where, _, old, new, flags = match.groups()
    first, last = buffer.row, buffer.row + 1
    if where == "%":
        first, last = 0, len(buffer.lines)
    elif where:
        begin, _, end = where.partition(",")
        first, last = max(0, int(begin) - 1), len(buffer.lines) if end == "$" else int(end)
    try:
        pattern = compiled(encode(old), extended=False, ignore_case="i" in (flags or ""))
    except BadPatternError:
        return f"E486: Pattern not found: {old}"
    changed, left = 0, MAX_REPLACED
    buffer.keep()
    for row in range(first, min(last, len(buffer.lines), first + MAX_LINES)):
        line, at = encode(buffer.lines[row]), 0
        pieces: list[bytes] = []
        while left and (found := pattern.search(line, at)) is not None and len(pieces) < 40:
            left -= 1
            pieces += [line[at : found.start], encode(new)]
            at = max(found.end, found.start + 1)
            if "g" not in (flags or "") or found.end == found.start:
                break
        if pieces:
            buffer.replace(row, decode(b"".join([*pieces, line[at:]])))
            buffer.row, changed = row, changed + 1
    return "" if changed else f"E486: Pattern not found: {old}"
