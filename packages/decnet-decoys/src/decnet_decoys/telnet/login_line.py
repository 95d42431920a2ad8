# SPDX-License-Identifier: MIT
"""The line discipline (termios(3), ICANON) in which a login is typed: bytes in, echo and lines out. Sans-IO."""

from typing import Literal, NamedTuple

LONGEST = 4095
"""Bytes of a line; a terminal takes no more and rings."""
_ERASE, _KILL, _WORD, _END = 0x7F, 0x15, 0x17, 0x04
_RUBBED_OUT = b"\b \b"


class Entered(NamedTuple):
    """A line is complete, ^C was typed, ^D on an empty line, or the client has gone."""

    how: Literal["line", "interrupt", "end", "gone"]
    text: bytes = b""


class LoginLine:
    """One line of input."""

    def __init__(self, *, echo: bool, ends: bytes = b"\x03", drops: bytes = b"", end_completes: bool = False) -> None:
        """Of the keys that send a signal, `ends` end what reads and `drops` drop the line only.

        With `end_completes`, a name is complete with ^D, too.
        """
        self._echo = echo
        self._ends = ends
        self._drops = drops
        self._end_completes = end_completes or not echo
        self._line = bytearray()

    def feed(self, data: bytes) -> tuple[bytes, Entered | None, bytes]:
        """Return what to echo, what was entered if anything, and the input that follows it."""
        shown = bytearray()
        for index, byte in enumerate(data):
            entered = self._key(byte, shown)
            if entered is not None:
                return bytes(shown), entered, data[index + 1 :]
        return bytes(shown), None, b""

    def _key(self, byte: int, shown: bytearray) -> Entered | None:
        if byte in b"\r\n":
            shown += b"\n"
            return Entered("line", bytes(self._line))
        if byte in self._ends or byte in self._drops:
            shown[:] = _caret(byte) if self._echo else b""  # what was not sent yet is dropped
            self._line.clear()
            return Entered("interrupt", bytes((byte,))) if byte in self._ends else None
        if byte == _END:
            return self._end(shown)
        if byte in (_ERASE, _KILL, _WORD):
            self._erase(byte, shown)
        elif len(self._line) >= LONGEST:
            shown += b"\a"
        else:
            self._line.append(byte)
            if self._echo:
                shown += bytes((byte,)) if byte >= 0x20 else _caret(byte)
        return None

    def _end(self, shown: bytearray) -> Entered | None:
        """Hand over what is typed so far: a line is complete with it, or is read on to its end."""
        if not self._line:
            return Entered("end")
        if not self._end_completes:
            return None
        if self._echo:
            shown += b"\n"
        return Entered("line", bytes(self._line))

    def _erase(self, key: int, shown: bytearray) -> None:
        keep = {_ERASE: len(self._line) - 1, _KILL: 0, _WORD: len(self._line.rstrip().rpartition(b" ")[0])}[key]
        if key == _WORD and keep:
            keep += 1
        gone = self._line[max(keep, 0) :]
        del self._line[max(keep, 0) :]
        if self._echo:
            shown += b"".join(_RUBBED_OUT * (1 if byte >= 0x20 else 2) for byte in gone)


def _caret(key: int) -> bytes:
    return b"^" + bytes((key + 0x40,))


def typed_ahead(data: bytes) -> bytes:
    """Return the echo of what is typed while nobody reads it, and which is dropped then."""
    shown = b""
    while data:
        more, entered, data = LoginLine(echo=True).feed(data)
        shown = more if entered is not None and entered.how == "interrupt" else shown + more
    return shown
