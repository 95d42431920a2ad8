# SPDX-License-Identifier: MIT
"""What is typed in a terminal by SSH: modes, keys that send signals, line editing, programs that read the terminal.

Written before the decoy's terminal was looked at.
"""

from __future__ import annotations

from typing import NamedTuple

END = "end"
"""A step: the client sends no more (EOF of its channel)."""
ECHO, ICANON, ISIG, ICRNL, ONLCR, OPOST = 53, 51, 50, 36, 72, 70
VINTR, VQUIT, VERASE, VKILL, VEOF = 1, 2, 3, 4, 5
"""Modes of a terminal (RFC 4254 §8)."""


class Session(NamedTuple):
    """A terminal, what runs in it, and what is typed or done, step by step."""

    steps: tuple[bytes | tuple[int, int] | str, ...]
    """Keys, the columns and rows of a window that changes, or END."""
    command: str | None = None
    terminal: str | None = "xterm-256color"
    modes: tuple[tuple[int, int], ...] = ()
    size: tuple[int, int] = (80, 24)


def _typed(*steps: bytes | tuple[int, int] | str, **others: object) -> Session:
    return Session(steps, **others)  # type: ignore[arg-type]


_HISTORY = (b"echo one\r", b"echo two\r")
SESSIONS: dict[str, Session] = {
    "a prompt": _typed(b"\r", b"exit\r"),
    "a prompt on a dumb terminal": _typed(b"echo a\r", b"exit\r", terminal="dumb"),
    "a prompt on a vt100": _typed(b"echo a\r", b"exit\r", terminal="vt100"),
    "a prompt on linux": _typed(b"echo a\r", b"exit 3\r", terminal="linux"),
    "a prompt on network": _typed(b"echo a\r", b"\x04", terminal="network"),
    "^D at a prompt": _typed(b"\x04"),
    "^D within a line": _typed(b"ab\x04\x04c\r", b"exit\r"),
    "^C at a prompt": _typed(b"\x03", b"abc\x03", b"echo $?\r"),
    "^C within a command": _typed(b"sleep 30\r", b"\x03", b"echo $?\r"),
    "^\\ at a prompt": _typed(b"abc\x1c", b"\x03"),
    "^\\ within a command": _typed(b"sleep 30\r", b"\x1c", b"echo $?\r"),
    "^Z within a command": _typed(b"sleep 30\r", b"\x1a", b"jobs\r", b"kill %1\r", b"\r"),
    "^Z, and fg": _typed(b"sleep 30\r", b"\x1a", b"fg\r", b"\x03", b"echo $?\r"),
    "^Z at a prompt": _typed(
        b"a\x1ab\r",
    ),
    "a command in the background": _typed(b"sleep 0.2 &\r", b"wait\r"),
    "cat and ^D": _typed(b"cat\r", b"abc\r", b"\x04", b"echo $?\r"),
    "cat and ^D within a line": _typed(b"cat\r", b"abc\x04", b"\x04"),
    "cat and ^C": _typed(b"cat\r", b"abc\r", b"de\x03", b"echo $?\r"),
    "cat and ^Z": _typed(b"cat\r", b"abc\r", b"\x1a", b"fg\r", b"x\r", b"\x04"),
    "cat and line editing": _typed(b"cat\r", b"abc\x7f\x7fx\r", b"ab cd\x17e\r", b"abc\x15d\r", b"\x04"),
    "cat and ^R, ^V": _typed(b"cat\r", b"ab\x12c\r", b"a\x16\x03b\r", b"\x04"),
    "cat and a tab": _typed(b"cat\r", b"a\tb\x7f\x7fc\r", b"\x04"),
    "cat and an arrow": _typed(b"cat\r", b"\x1b[Aa\r", b"\x04"),
    "cat and UTF-8": _typed(b"cat\r", "äö\x7fx\r".encode(), b"\x04"),
    "cat into a file": _typed(b"cat > /tmp/.c\r", b"line\r", b"\x04", b"cat /tmp/.c; rm /tmp/.c\r"),
    "head reads a line": _typed(b"head -1\r", b"a\r", b"echo b\r"),
    "sh without arguments": _typed(b"sh\r", b"echo a\r", b"exit\r", b"echo $?\r"),
    "sh and ^D": _typed(b"sh\r", b"\x04", b"echo b\r"),
    "sh and ^C": _typed(b"sh\r", b"abc\x03", b"sleep 9\r", b"\x03", b"exit\r"),
    "bash in bash": _typed(b"bash --norc\r", b"echo $SHLVL\r", b"exit\r"),
    "read": _typed(b"read x\r", b"hello\r", b"echo $x\r"),
    "read -s": _typed(b"read -s x\r", b"secret\r", b"echo $x\r"),
    "read -p": _typed(b"read -p 'name: ' x\r", b"me\r"),
    "read -n 1": _typed(b"read -n 1 x\r", b"q", b"echo $x\r"),
    "a heredoc": _typed(b"cat <<E\r", b"a\r", b"E\r"),
    "a quote that goes on": _typed(b"echo 'a\r", b"b'\r"),
    "a quote, broken off": _typed(b"echo 'a\r", b"\x03", b"\r"),
    "a loop over lines": _typed(b"for i in 1 2\r", b"do\r", b"echo $i\r", b"done\r"),
    "a backslash at the end": _typed(b"echo a\\\r", b"b\r"),
    "stty size": _typed(b"stty size\r", size=(100, 30)),
    "stty size, resized": _typed(b"stty size\r", (120, 40), b"stty size\r", b"echo $COLUMNS $LINES\r"),
    "stty -a": _typed(b"stty -a\r"),
    "stty": _typed(b"stty\r"),
    "stty -echo": _typed(b"stty -echo\r", b"echo a\r", b"stty echo\r", b"echo b\r"),
    "stty raw": _typed(
        b"stty raw; stty -a | head -2; stty sane\r",
    ),
    "tty": _typed(b"tty >/dev/null; echo $?\r", b"test -t 0; echo $?\r"),
    "the arrow up": _typed(*_HISTORY, b"\x1b[A\r", b"\x1b[A\x1b[A\r"),
    "the arrow up, more than there is": _typed(b"\x1b[B", b"echo one\r", b"\x1b[A\x1b[B\x1b[B\r"),
    "the arrow up as an application's": _typed(*_HISTORY, b"\x1bOA\r"),
    "^P and ^N": _typed(*_HISTORY, b"\x10\x10\x0e\r"),
    "arrows within a line": _typed(b"echo ac\x1b[Db\r", b"\r"),
    "home and end": _typed(b"cho a\x1b[He\x1b[Fb\r", b"\r"),
    "^A and ^E": _typed(b"cho a\x01e\x05b\r", b"\r"),
    "^B and ^F": _typed(b"echo ac\x02\x02x\x06y\r"),
    "^K and ^Y": _typed(b"echo abc\x02\x02\x0b\x19\x19\r"),
    "^U": _typed(b"garbage\x15echo a\r"),
    "^W": _typed(b"echo a b c\x17\x17d\r"),
    "^L": _typed(b"abc\x0c\r"),
    "^T": _typed(b"echo ab\x14\r"),
    "^H": _typed(b"echo ab\x08c\r"),
    "delete": _typed(b"echo abc\x1b[D\x1b[3~\r"),
    "backspace within a line": _typed(b"echo abc\x1b[D\x7f\r"),
    "Meta-b, Meta-f and Meta-d": _typed(b"echo one two\x1bb\x1bb\x1bd1\x1bf!\r"),
    "Meta-.": _typed(b"echo a b\r", b"echo \x1b.\r"),
    "^R": _typed(*_HISTORY, b"\x12on", b"\r"),
    "^R twice": _typed(*_HISTORY, b"\x12echo\x12", b"\x07", b"\r"),
    "^R of nothing": _typed(*_HISTORY, b"\x12zzz", b"\x03"),
    "a tab": _typed(b"ls /etc/hostn\t\r"),
    "a tab of many": _typed(b"ls /etc/host\t\t\x15\r"),
    "a tab of nothing": _typed(b"cat /nope\t\x15\r"),
    "a tab of a command": _typed(b"useradd\t\x15\r"),
    "a tab of a directory": _typed(b"cd /usr/loc\t\r"),
    "the history": _typed(*_HISTORY, b"!!\r", b"!echo\r", b"^two^three\r"),
    "a paste": _typed(b"\x1b[200~echo a\recho b\r\x1b[201~", b"\r"),
    "several lines at once": _typed(b"echo a\recho b\r"),
    "several lines by LF": _typed(b"echo a\necho b\n"),
    "typed while a command runs": _typed(b"sleep 1\r", b"echo a\r", b""),
    "a long line": _typed(b"echo " + b"a" * 100 + b"\r"),
    "a long line, edited": _typed(b"echo " + b"a" * 100 + b"\x01\x06x\r"),
    "a long line, narrow": _typed(b"echo " + b"b" * 50 + b"\x7f\x7f\r", size=(40, 20)),
    "control keys": _typed(b"echo \x16\x01\x16\t\r", b"\x07"),
    "a command by -tt": _typed(command="echo a; tty >/dev/null && echo t"),
    "cat by -tt": _typed(b"abc\r", b"\x04", command="cat"),
    "cat by -tt and ^C": _typed(b"abc\r", b"\x03", command="cat"),
    "sleep by -tt and ^C": _typed(b"\x03", command="sleep 30"),
    "sleep by -tt and ^\\": _typed(b"\x1c", command="sleep 30"),
    "bash by -tt": _typed(b"echo a\r", b"exit 4\r", command="bash --norc -i"),
    "sh by -tt": _typed(b"echo a\r", b"exit 4\r", command="sh"),
    "head by -tt": _typed(b"a\r", command="head -1"),
    "stty by -tt": _typed(command="stty -a"),
    "cat without a terminal": _typed(b"abc\n", END, command="cat", terminal=None),
    "cat without a terminal and ^C": _typed(b"\x03\n", END, command="cat", terminal=None),
    "bash without a terminal": _typed(b"echo a\n", b"exit 5\n", command="bash", terminal=None),
    "a shell without a terminal": _typed(b"echo a\n", b"nope\n", END, terminal=None),
    "a shell without a terminal, at once": _typed(b"echo a\necho b; exit 6\n", terminal=None),
    "the modes of ssh": _typed(
        b"stty -a\r",
        modes=((VINTR, 3), (VQUIT, 28), (VERASE, 127), (VKILL, 21), (VEOF, 4), (ICRNL, 1), (ISIG, 1), (ECHO, 1)),
    ),
    "echo off": _typed(b"abc\r", b"\x04", command="cat", modes=((ECHO, 0),)),
    "no lines": _typed(b"ab", b"c", command="head -c 3", modes=((ICANON, 0), (ECHO, 0))),
    "no signals": _typed(b"\x03a\r", b"\x04", command="cat", modes=((ISIG, 0),)),
    "CR stays CR": _typed(b"a\r", b"\n", b"\x04", command="cat", modes=((ICRNL, 0),)),
    "LF stays LF": _typed(b"a\r", b"\x04", command="cat", modes=((ONLCR, 0),)),
    "no output processing": _typed(command="printf 'a\\nb\\n'", modes=((OPOST, 0),)),
    "^X for ^C": _typed(b"\x18", command="sleep 30", modes=((VINTR, 0x18),)),
    "^H erases": _typed(b"abc\x08d\r", b"\x04", command="cat", modes=((VERASE, 8),)),
    "echo off, and a shell": _typed(b"echo a\r", b"exit\r", modes=((ECHO, 0),)),
    "a window of nothing": _typed(b"stty size\r", size=(0, 0)),
}
