# SPDX-License-Identifier: MIT
"""What Telnet puts between the bytes that are typed (RFC 854, RFC 1073), read as BusyBox's telnetd does. Sans-IO.

That server announces its four options and waits for no answer, so those of the client change nothing but the window's
size. It looks at one segment at a time: of a command that a segment cuts short only a lone IAC is remembered.
"""

from typing import Final

IAC: Final = 0xFF
_SE, _AYT, _SB = 0xF0, 0xF6, 0xFA
_NAWS: Final = 31
OFFERED: Final = b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03"
"""DO ECHO, DO NAWS, WILL ECHO, WILL SUPPRESS-GO-AHEAD: what BusyBox sends first."""
ALIVE: Final = b"\xff\xff\xf1"
"""Its answer to "are you there": a NOP whose IAC it doubles, as it does with what the shell prints."""
_WINDOW_BYTES: Final = 4
"""Of a window's size: the server counts them and looks for no end, which is a command of its own to it."""
_CR, _LF, _NUL = 13, 10, 0


class Options:
    """Reads one client's bytes."""

    opening: Final = OFFERED
    ready: Final = True
    """It waits for no answer."""
    left: Final = False
    echo: Final = True
    terminal: Final = "vt102"
    """What it sets as TERM, whatever the client has."""

    def __init__(self) -> None:
        self.size = (80, 24)
        """Columns and rows of the client's window, as far as a shell takes them."""
        self.offered: dict[str, str] = {}
        """Nothing: it asks for nothing else."""
        self._state = _TEXT
        self._subnegotiation = bytearray()
        self._after_cr = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what was typed in a segment, with CR for each end of line, and what has to be sent in answer."""
        typed, answers = bytearray(), bytearray()
        for byte in data:
            if self._state == _TEXT:
                self._text(byte, typed)
            elif self._state == _COMMAND:
                self._command(byte, typed, answers)
            elif self._state == _OPTION:
                self._state = _TEXT
            elif self._state == _SUBNEGOTIATION:  # it knows one; of others it takes what follows for text
                self._state = _WINDOW if byte == _NAWS else _TEXT
            else:
                self._window(byte)
        self._after_cr = False
        self._state = _COMMAND if self._state == _COMMAND else _TEXT
        return bytes(typed), bytes(answers[: len(ALIVE)])  # no second one while the first waits to be sent

    def _text(self, byte: int, typed: bytearray) -> None:
        after_cr, self._after_cr = self._after_cr, byte == _CR
        if byte == IAC:
            self._state = _COMMAND
        elif not (after_cr and byte in (_LF, _NUL)):
            typed.append(byte)

    def _command(self, byte: int, typed: bytearray, answers: bytearray) -> None:
        self._state = _TEXT
        if byte == IAC:
            typed.append(IAC)
        elif byte == _SB:
            self._subnegotiation.clear()
            self._state = _SUBNEGOTIATION
        elif byte == _AYT:
            answers += ALIVE
        elif not _SE <= byte < _SB:  # WILL and the like, and what it does not know
            self._state = _OPTION

    def _window(self, byte: int) -> None:
        self._subnegotiation.append(byte)
        if len(self._subnegotiation) == _WINDOW_BYTES:
            self._state = _TEXT
            self.size = window_of(self._subnegotiation)

    def escaped(self, data: bytes) -> bytes:
        """Return what a terminal prints as it is sent."""
        return escaped(data)


_TEXT, _COMMAND, _OPTION, _SUBNEGOTIATION, _WINDOW = range(5)


def window_of(said: bytes | bytearray) -> tuple[int, int]:
    """Return the columns and rows that a client names, as far as a shell takes them."""
    columns, rows = (int.from_bytes(said[at : at + 2]) for at in (0, 2))
    return (min(max(columns, 20), 500), min(max(rows, 5), 200))


def escaped(data: bytes) -> bytes:
    """Return `data` as it is sent: IAC twice."""
    return data.replace(b"\xff", b"\xff\xff")
