# SPDX-License-Identifier: MIT
"""Single keys of the terminal, while the fleet runs."""

import asyncio
import contextlib
import os
import re
import termios
import tty
from collections.abc import Callable

_SEQUENCES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\x1b[H": "home",
    b"\x1b[1~": "home",
    b"\x1b[F": "end",
    b"\x1b[4~": "end",
}
_SINGLE = {b"\x1b": "escape", b"\r": "enter", b"\n": "enter", b"\x7f": "backspace", b"\x08": "backspace"}
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.")
"""Any other key that sends more than a byte (ECMA-48)."""


def keys(received: bytes) -> list[str]:
    """Return the keys in what a terminal has sent (xterm control sequences); unknown sequences are skipped."""
    found: list[str] = []
    while received:
        sequence = next((each for each in _SEQUENCES if received.startswith(each)), None)
        if sequence is not None:
            found.append(_SEQUENCES[sequence])
            received = received[len(sequence) :]
        elif unknown := _CONTROL.match(received):
            received = received[unknown.end() :]
        else:
            key = _SINGLE.get(received[:1]) or received[:1].decode("ascii", "ignore")
            found += [key] if key.isprintable() and key else []
            received = received[1:]
    return found


class Keyboard:
    """Calls `pressed` with each key; the terminal is without echo and line editing until `close`."""

    def __init__(self, fd: int, pressed: Callable[[str], None]) -> None:
        self._fd = fd
        self._pressed = pressed
        self._before = termios.tcgetattr(fd)
        tty.setcbreak(fd, termios.TCSANOW)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._read)

    def _read(self) -> None:
        try:
            received = os.read(self._fd, 256)
        except OSError:
            received = b""
        if not received:  # the terminal is gone
            self._loop.remove_reader(self._fd)
        for key in keys(received):
            self._pressed(key)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._fd)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
