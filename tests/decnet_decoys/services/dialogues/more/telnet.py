# SPDX-License-Identifier: MIT
"""What is rarer with a telnetd: options at odds with RFC 854 and the keys of a terminal, the same for both servers."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues import inetutils
from tests.decnet_decoys.services.dialogues.play import END, Kind, Step

_IAC, _WILL, _DO, _DONT, _SB, _SE = 255, 251, 253, 254, 250, 240
_EVERY = range(50)


def _said(*numbers: int) -> bytes:
    return bytes(numbers)


def _options(command: int, *numbers: int) -> bytes:
    return b"".join(bytes((_IAC, command, number)) for number in numbers)


def _about(*said: int) -> bytes:
    return bytes((_IAC, _SB, *said, _IAC, _SE))


_AT_ONCE: dict[str, tuple[Step, ...]] = {
    "all options offered": (_options(_WILL, *_EVERY), b"a\r\n"),
    "all options asked": (_options(_DO, *_EVERY), b"a\r\n"),
    "GET": (b"GET / HTTP/1.0\r\n\r\n",),
    "end at once": (END,),
}
_WITH_LOGIN: dict[str, tuple[Step, ...]] = {
    "echo, off and on": (_options(_DONT, 1), _options(_DO, 1), b"a\r\n"),
    "SGA, off and on": (_options(_DONT, 3), _options(_DO, 3), b"a\r\n"),
    "binary both ways": (_options(_DO, 0) + _options(_WILL, 0), b"a\r\n"),
    "timing mark asked": (_options(_DO, 6), b"a\r\n"),
    "logout asked": (_options(_DO, 18),),
    "status asked": (_options(_DO, 5) + _about(5, 1), b"a\r\n"),
    "NAWS of no size": (_options(_WILL, 31) + _about(31, 0, 0, 0, 0), b"a\r\n"),
    "NAWS cut short": (_options(_WILL, 31) + _about(31, 0), b"a\r\n"),
    "NAWS with IAC twice": (_options(_WILL, 31) + _about(31, 0, 255, 255, 0, 24), b"a\r\n"),
    "a subnegotiation of nothing": (_about(), b"a\r\n"),
    "a subnegotiation of an unknown option": (_about(200, *b"xyz"), b"a\r\n"),
    "an end of no subnegotiation": (_said(_IAC, _SE), b"a\r\n"),
    "a lone IAC at the end of a segment": (b"a" + _said(_IAC), _said(241) + b"b\r\n"),
    "WILL without an option": (_said(_IAC, _WILL), _said(31) + b"a\r\n"),
    "an unknown command": (_said(_IAC, 100) + b"a\r\n",),
    "IAC twice at first": (_said(_IAC, _IAC) + b"\r\n",),
    "erase line": (b"abc" + _said(_IAC, 248) + b"x\r\n",),
    "erase character": (b"abc" + _said(_IAC, 247) + b"x\r\n",),
    "are you there, twice": (_said(_IAC, 246, _IAC, 246),),
    "go ahead": (_said(_IAC, 249) + b"a\r\n",),
    "data mark": (_said(_IAC, 242) + b"a\r\n",),
    "interrupt within a name": (b"ab" + _said(_IAC, 244), b"c\r\n"),
    "NUL within a name": (b"a\0b\r\n",),
    "NUL first": (b"\0a\r\n",),
    "CR CR LF": (b"a\r\r\n",),
    "LF CR": (b"a\n\r",),
    "LF LF": (b"\n\n",),
    "CR and LF apart": (b"\r", b"\n", b"a\r\n"),
    "a tab": (b"a\tb\r\n",),
    "tabs erased": (b"abc\t\td\x7f\x7f\x7fx\t\x15y\r\n",),
    "a name with spaces": (b" a b \r\n",),
    "a name that is an option": (b"-h\r\n", b"x\r\n"),
    "a name of root's option": (b"-froot\r\n",),
    "a name with a colon": (b"root:x\r\n", b"x\r\n"),
    "^U and ^W": (b"ab cd\x15ef gh\x17i\r\n",),
    "^R": (b"ab\x12c\r\n",),
    "^R of a tab": (b"a\tb\x12\x7f\x7fc\r\n",),
    "^V ^C": (b"a\x16\x03b\r\n",),
    "^V DEL": (b"a\x16\x7fb\x7f\x7f\r\n",),
    "^S and ^Q": (b"a\x13b\x11c\r\n",),
    "^S, and ^Q later": (b"a\x13b", b"c\r\n", b"\x11"),
    "^S and ^C": (b"a\x13b", b"\x03"),
    "^\\": (b"ab\x1c",),
    "^\\ at the password": (b"a\r\n", b"x\x1c"),
    "^Z within a name": (b"ab", b"\x1a", b"c\r\n"),
    "^D twice": (b"\x04\x04",),
    "^D at the password": (b"a\r\n", b"\x04"),
    "^D within the password": (b"a\r\n", b"x\x04"),
    "^Z at the password": (b"a\r\n", b"\x1a", b"x\r\n"),
    "backspace at the password": (b"a\r\n", b"xy\x7f\x7fz\r\n"),
    "a password of NUL": (b"a\r\n", b"\0\r\n"),
    "a name of 32 bytes": (b"a" * 32 + b"\r\n",),
    "a name of 33 bytes": (b"a" * 33 + b"\r\n",),
    "a name of 255 bytes": (b"a" * 255 + b"\r\n",),
    "a name of 5000 bytes": (b"a" * 5000 + b"\r\n",),
    "a name above ASCII": (b"\xff\xff\xfe\xe9\r\n",),
    "escape sequences": (b"\x1b[A\x1b[2Jx\r\n",),
    "end after a name": (b"a\r\n", END),
    "end within a name": (b"ab", END),
}

_RACE = "all options asked"
"""With BusyBox's server, whose greeting came before or after the options."""
KIND = Kind({name: steps for name, steps in (_AT_ONCE | _WITH_LOGIN).items() if name != _RACE}, (), most=4)
INETUTILS = Kind(
    _AT_ONCE | {name: (*inetutils.STARTED, *steps) for name, steps in _WITH_LOGIN.items()}, inetutils.VARIES, most=6
)
