# SPDX-License-Identifier: MIT
"""Session recordings as asciicast v2 (asciinema file format, version 2), written while the session runs.

One line each: the header, `o` for output, `i` for input, `m` for a command line entered. When the limit is reached the
recording stops and the session continues. A file cut off by a kill is a valid recording up to its last whole line.
"""

import os
from codecs import getincrementaldecoder
from pathlib import Path
from typing import Literal

import msgspec

from decnet_core.text import bounded
from decnet_decoys.evidence.typing_rhythm import TypingRhythm

_encode = msgspec.json.Encoder().encode
_Decoder = getincrementaldecoder("utf-8")


class Recording:
    """One open recording; `moment` arguments are seconds since it began."""

    def __init__(
        self, file: Path, *, columns: int, rows: int, started: int, terminal: str | None, limit_bytes: int
    ) -> None:
        self.file = file
        self.full = False
        self._left = limit_bytes
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o640)
        self._decoders = {"o": _Decoder("replace"), "i": _Decoder("replace")}
        self.rhythm = TypingRhythm()
        header = {
            "version": 2,
            "width": columns,
            "height": rows,
            "timestamp": started,
            "env": {"TERM": bounded(terminal or "dumb", 64)},
        }
        self._line(_encode(header))

    def shown(self, moment: float, data: bytes) -> None:
        self._data(moment, "o", data)

    def typed(self, moment: float, data: bytes) -> None:
        self._data(moment, "i", data)

    def command(self, moment: float, line: str) -> None:
        """Mark a command line. The marks are counted when a killed session is ended at the next start."""
        self._line(_encode([round(moment, 6), "m", bounded(line, 256)]))

    def _data(self, moment: float, code: Literal["o", "i"], data: bytes) -> None:
        text = self._decoders[code].decode(data)
        if text and code == "i":
            self.rhythm.typed(round(moment, 6), text)
        if text:
            self._line(_encode([round(moment, 6), code, text]))

    def _line(self, line: bytes) -> None:
        """Append one line in one write, so that it survives a kill; a write error ends the recording."""
        self._left -= len(line) + 1
        if self.full or self._left < 0:
            self.full = True
            return
        try:
            os.write(self._handle, line + b"\n")
        except OSError:
            self.full = True

    def close(self) -> None:
        os.close(self._handle)


def commands_in(file: Path) -> int:
    """Return the number of command lines in a recording, 0 if it cannot be read."""
    try:
        with file.open("rb") as lines:
            return sum(b', "m", ' in line[:40] or b',"m",' in line[:40] for line in lines)
    except OSError:
        return 0


def finish(file: Path) -> None:
    """Remove the incomplete last line of a recording whose process was killed."""
    try:
        with file.open("r+b") as stream:
            data = stream.read()
            stream.truncate(data.rfind(b"\n") + 1)
    except OSError:
        return
