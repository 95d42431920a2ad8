# SPDX-License-Identifier: MIT
"""The line discipline (termios(3), ICANON) in which a login is typed: bytes in, echo and lines out. Sans-IO."""

from typing import Literal, NamedTuple

LONGEST = 4095
"""Bytes of a line; a terminal echoes more, and drops them."""
_ERASE, _KILL, _WORD, _END, _REPRINT, _LITERAL, _STOP, _START = 0x7F, 0x15, 0x17, 0x04, 0x12, 0x16, 0x13, 0x11
_RUBBED_OUT = b"\b \b"
_TAB, _TAB_STOP = 0x09, 8
SIGNAL_OF: dict[int, Literal["interrupt", "quit"]] = {0x03: "interrupt", 0x1C: "quit"}
"""How a line ends with a key that sends a signal."""
SIGNALS = tuple(SIGNAL_OF.values())


class Entered(NamedTuple):
    """A line is complete, ^C or the quit key was typed, ^D on an empty line, or the client has gone.

    With a line comes its text, with a key that sends a signal that key.
    """

    how: Literal["line", "interrupt", "quit", "end", "gone"]
    text: bytes = b""


class LoginLine:
    """One line of input."""

    def __init__(
        self,
        *,
        echo: bool,
        ends: bytes = b"\x03",
        drops: bytes = b"",
        end_completes: bool = False,
        tabs: bool = False,
        column: int = 0,
    ) -> None:
        """Of the keys that send a signal, `ends` end what reads and `drops` drop the line only.

        With `end_completes`, a line is complete with ^D, too; with `tabs` the terminal writes a tab as blanks (XTABS).
        The line begins in `column`.
        """
        self._echo = echo
        self._ends = ends
        self._drops = drops
        self._end_completes = end_completes
        self._tabs = tabs
        self._column = column
        self._line = bytearray()
        self._widths = bytearray()
        """Columns that each byte of the line takes."""
        self._shown = bytearray()
        """The echo that was not handed out."""
        self._literal = False
        self._stopped = False
        """Whether ^S holds the output."""
        self._entered: Entered | None = None
        """What was entered while the output is held: login goes on when it can write its next prompt."""
        self._ahead = bytearray()

    def feed(self, data: bytes) -> tuple[bytes, Entered | None, bytes]:
        """Return what to echo, what was entered if anything, and the input that follows it."""
        for index, byte in enumerate(data):
            if byte in (_STOP, _START) and not self._literal:
                self._stopped = byte == _STOP
            elif self._entered is not None and byte not in self._ends:
                self._ahead += data[index : index + 1] if len(self._ahead) < LONGEST else b""
            else:
                self._entered = self._key(byte) or self._entered
            if self._stopped:
                del self._shown[LONGEST:]
            elif self._entered is not None:
                return self._taken(), self._entered, bytes(self._ahead) + data[index + 1 :]
        return b"" if self._stopped else self._taken(), None, b""

    def _taken(self) -> bytes:
        shown = bytes(self._shown)
        self._shown.clear()
        return shown

    def _key(self, byte: int) -> Entered | None:
        if self._literal:
            self._literal = False
            self._add(byte)
        elif byte in b"\r\n":
            self._shown += b"\n"
            return Entered("line", bytes(self._line))
        elif byte in self._ends or byte in self._drops:
            self._shown[:] = _caret(byte) if self._echo else b""  # what was not sent yet is dropped
            self._column += len(self._shown)
            self._line.clear()
            self._widths.clear()
            self._stopped = False
            return Entered(SIGNAL_OF[byte], bytes((byte,))) if byte in self._ends else None
        elif byte == _END:
            return self._end()
        elif byte in (_ERASE, _KILL, _WORD):
            self._erase(byte)
        elif byte == _REPRINT:
            self._reprint()
        elif byte == _LITERAL:
            self._literal = True
            self._shown += b"^\b" if self._echo else b""
        else:
            self._add(byte)
        return None

    def _add(self, byte: int) -> None:
        width = self._show(byte)
        if len(self._line) < LONGEST:
            self._line.append(byte)
            self._widths.append(width)

    def _show(self, byte: int) -> int:
        """Echo a byte, and return how many columns it takes."""
        width = _TAB_STOP - self._column % _TAB_STOP if byte == _TAB else 2 if _is_control(byte) else 1
        self._column += width
        if self._echo and byte == _TAB:
            self._shown += b" " * width if self._tabs else b"\t"
        elif self._echo:
            self._shown += _caret(byte) if _is_control(byte) else bytes((byte,))
        return width

    def _end(self) -> Entered | None:
        """Hand over what is typed so far: a line is complete with it, or is read on to its end."""
        if not self._line:
            return Entered("end")
        if not self._end_completes:
            return None
        if self._echo:
            self._shown += b"\n"
        return Entered("line", bytes(self._line))

    def _reprint(self) -> None:
        """Show the line anew; not while as much is to be echoed as a terminal keeps."""
        if not self._echo or len(self._shown) > LONGEST:
            return
        self._shown += _caret(_REPRINT) + b"\n"
        self._column = 0
        self._widths[:] = bytes(self._show(byte) for byte in self._line)

    def _erase(self, key: int) -> None:
        keep = max(len(self._line) - 1, 0) if key == _ERASE else 0
        if key == _WORD:
            keep = self._line.rfind(b" ", 0, len(self._line.rstrip())) + 1
        gone, widths = self._line[keep:], self._widths[keep:]
        del self._line[keep:], self._widths[keep:]
        self._column -= sum(widths)
        if self._echo:
            self._shown += b"".join(
                b"\b" * width if byte == _TAB else _RUBBED_OUT * width
                for byte, width in zip(reversed(gone), reversed(widths), strict=True)
            )


def _is_control(byte: int) -> bool:
    return byte < 0x20 or byte == _ERASE


def _caret(key: int) -> bytes:
    return b"^" + bytes((key ^ 0x40,))


def typed_ahead(data: bytes) -> bytes:
    """Return the echo of what is typed while nobody reads it, and which is dropped then."""
    shown = b""
    while data:
        more, entered, data = LoginLine(echo=True).feed(data)
        shown = more if entered is not None and entered.how in SIGNALS else shown + more
    return shown
