# SPDX-License-Identifier: MIT
"""How GNU inetutils' telnetd 2.4 takes a client's bytes apart (RFC 854): keys, commands, subnegotiations. Sans-IO."""

from abc import ABC, abstractmethod
from typing import Final

from decnet_decoys.telnet.options import IAC

SE, _EOF, _SUSPEND, _ABORT = 240, 236, 237, 238
_BREAK, _INTERRUPT, _ABORT_OUTPUT, _ARE_YOU_THERE, _ERASE, _KILL = 243, 244, 245, 246, 247, 248
SB, WILL, WONT, DO, DONT, _MARK = 250, 251, 252, 253, 254, 242
_KEYS = {
    _EOF: 0x04, _SUSPEND: 0x1A, _ABORT: 0x1C, _BREAK: 0x1C, _INTERRUPT: 0x03, _ABORT_OUTPUT: 0x0F, _ERASE: 0x7F,
    _KILL: 0x15, IAC: IAC,
}  # fmt: skip
"""Which key of its terminal a command presses."""
_FLUSHING = b"\x03\x1a\x1c"
"""Keys at which a terminal drops its output; the client is told with a data mark."""
_LITERAL: Final = 0x16
"""The key after which the next one is taken as it is."""
_LONGEST: Final = 512
"""Bytes of a subnegotiation; more are dropped."""
_TEXT, _COMMAND, _SUBNEGOTIATION, _SUB_COMMAND = range(4)


class Reader(ABC):
    """Reads one byte after the other; what it means that an option is wanted or described, a subclass says."""

    def __init__(self) -> None:
        self._answers = bytearray()
        self._typed = bytearray()
        self._state: int = _TEXT  # of _TEXT and so on, or the command whose option comes next
        self._after_cr = False
        self._literal = False
        self._subnegotiation = bytearray()

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether the client sees what login prints."""

    @property
    @abstractmethod
    def _binary(self) -> bool:
        """Whether the client sends eight bits and no ends of lines."""

    @abstractmethod
    def _option(self, command: int, option: int) -> None:
        """Take what the client will or wants."""

    @abstractmethod
    def _described_by(self, said: bytes) -> None:
        """Take a subnegotiation."""

    def _read(self, byte: int) -> None:
        if self._state == _TEXT:
            self._text(byte)
        elif self._state == _COMMAND:
            self._command(byte)
        elif self._state in (_SUBNEGOTIATION, _SUB_COMMAND):
            self._in_subnegotiation(byte)
        else:
            command, self._state = self._state, _TEXT
            self._option(command, byte)

    def _text(self, byte: int) -> None:
        after_cr, self._after_cr = self._after_cr, byte == 13 and not self._binary
        if byte == IAC:
            self._state = _COMMAND
        elif not (after_cr and byte in b"\n\0"):
            self._press(byte)

    def _press(self, key: int) -> None:
        if key in _FLUSHING and self.ready and not self._literal:
            self._answers += bytes((IAC, _MARK))
        self._literal = key == _LITERAL and not self._literal
        self._typed.append(key if self._binary else key & 0x7F)  # ISTRIP of termios(3)

    def _command(self, byte: int) -> None:
        self._state = _TEXT
        if byte == SB:
            self._subnegotiation.clear()
            self._state = _SUBNEGOTIATION
        elif byte in (WILL, WONT, DO, DONT):
            self._state = byte
        elif byte == _ARE_YOU_THERE:
            self._answers += b"\r\n[Yes]\r\n"
        elif byte in _KEYS:
            if byte == _ABORT_OUTPUT:
                self._answers += bytes((IAC, _MARK))
            self._press(_KEYS[byte])

    def _in_subnegotiation(self, byte: int) -> None:
        if self._state == _SUB_COMMAND and byte != IAC:  # what is not its end is a command after it
            self._described_by(bytes(self._subnegotiation))
            self._state = _TEXT
            if byte != SE:
                self._command(byte)
        elif self._state == _SUBNEGOTIATION and byte == IAC:
            self._state = _SUB_COMMAND
        else:
            self._state = _SUBNEGOTIATION
            if len(self._subnegotiation) < _LONGEST:
                self._subnegotiation.append(byte)
