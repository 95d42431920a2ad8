# SPDX-License-Identifier: MIT
"""What visitors say to Debian's telnetd, of GNU inetutils, and login, up to a shell."""

from __future__ import annotations

import re

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step

_IAC, _WILL, _WONT, _DO, _DONT, _SB, _SE = 255, 251, 252, 253, 254, 250, 240


def _options(command: int, *numbers: int) -> bytes:
    return b"".join(bytes((_IAC, command, number)) for number in numbers)


def _about(option: int, said: bytes) -> bytes:
    return bytes((_IAC, _SB, option)) + said + bytes((_IAC, _SE))


def _command(number: int) -> bytes:
    return bytes((_IAC, number))


_NO_SECRETS = _options(_DONT, 37, 38)
_NOTHING = _NO_SECRETS + _options(_WONT, 24, 32, 35, 39, 36)
_ALL = _NO_SECRETS + _options(_WILL, 24, 32, 35, 39)  # and not the older environment
_ALL_BUT = _ALL + _options(_WONT, 36)
_ENVIRONMENT = _NO_SECRETS + _options(_WONT, 24, 32, 35, 36) + _options(_WILL, 39)
_TERMINAL = _NO_SECRETS + _options(_WONT, 32, 35, 39, 36) + _options(_WILL, 24)
_PLAIN = _options(_DO, 3) + _options(_WONT, 1, 34, 31) + _options(_DONT, 5) + _options(_WONT, 33)
_ECHOED = _options(_DO, 1) + _options(_WONT, 6, 0)
STARTED = (_NOTHING, _PLAIN, _ECHOED)
"""Steps up to login's prompt."""
_CHARACTERS = b"\3\3\x62\3\4\2\x0f\7\x62\x1c\x08\2\4\x09\x42\x1a\x0a\2\x7f\x0b\2\x15\x10\2\x13\x11\0\0"

DIALOGUES: dict[str, tuple[Step, ...]] = {
    "a greeting": (),
    "without an answer": (b"admin\r\n", b"wrong\r\n"),
    "everything refused": STARTED,
    "everything agreed": (
        _ALL_BUT,
        _about(32, b"\x0038400,38400")
        + _about(35, b"\0a:0")
        + _about(39, b"\0\0LANG\1C\3X\1y")
        + _about(24, b"\0XTERM"),
        _options(_DO, 3)
        + _options(_WONT, 1, 34)
        + _options(_WILL, 31)
        + _about(31, b"\0\x50\0\x18")
        + _options(_DO, 5)
        + _options(_WILL, 33),
        _options(_DO, 1) + _options(_WONT, 6),
        _about(5, b"\1"),
    ),
    "both environments": (
        _ALL + _options(_WILL, 36),
        _about(32, b"\x0038400,38400") + _about(35, b"\0a:0") + _about(39, b"\0") + _about(24, b"\0XTERM"),
        _about(36, b"\0\0LANG\1C"),
        _PLAIN,
    ),
    "a terminal that is known at second": (_TERMINAL, _about(24, b"\0FOO"), _about(24, b"\0VT100"), _PLAIN),
    "unknown terminals": (
        _TERMINAL,
        _about(24, b"\0FOO"),
        _about(24, b"\0BAR"),
        _about(24, b"\0BAR"),
        _about(24, b"\0FOO"),
        _PLAIN,
    ),
    "one unknown terminal": (_TERMINAL, _about(24, b"\0FOO"), _about(24, b"\0FOO"), _PLAIN),
    "a terminal, and then none": (_TERMINAL, _options(_WONT, 24), _PLAIN),
    "no terminal is named": (_TERMINAL, _about(24, b"\1"), _PLAIN),
    "a user in the environment": (_ENVIRONMENT, _about(39, b"\0\0USER\1bob"), _PLAIN, _ECHOED),
    "root by an argument": (_ENVIRONMENT, _about(39, b"\0\0USER\1-f root"), _PLAIN, _ECHOED),
    "a size only": (_NOTHING, _options(_WONT, 31), b"a\r\n"),
    "a size before it is asked": (_options(_WILL, 31) + _NOTHING, _options(_WONT, 1, 33, 34), b"a\r\n"),
    "an echo at the client": (_NOTHING, _PLAIN.replace(_options(_WONT, 1), _options(_WILL, 1)), _ECHOED, b"a\r\n"),
    "no echo, please": (_NOTHING, _PLAIN, _options(_DONT, 1) + _options(_WONT, 6), b"a\r\n", b"b\r\n"),
    "lines by timing mark": (_NOTHING, _PLAIN, _options(_WILL, 6) + _options(_DO, 1)),
    "lines": (_NOTHING, _PLAIN.replace(_options(_WONT, 34), _options(_WILL, 34)), _options(_WONT, 34), b"a\r\n"),
    "lines and their characters": (
        _NOTHING,
        _options(_DO, 3) + _options(_WONT, 1) + _options(_WILL, 34) + _about(34, _CHARACTERS) + _options(_WONT, 31),
        b"a\r\n",
    ),
    "all in one segment": (_NOTHING + _PLAIN + _options(_DO, 1) + _options(_WONT, 6) + b"a\r\n", b"b\r\n"),
    "secrets wanted": (_options(_DO, 37, 38) + _NOTHING[len(_NO_SECRETS) :], _PLAIN, _ECHOED),
    "secrets offered": (_options(_WILL, 37, 38) + _NOTHING, _PLAIN),
    "a wrong password": (*STARTED, b"admin\r\n", b"wrong\r\n"),
    "ended by LF": (*STARTED, b"admin\n", b"x\n"),
    "ended by CR NUL": (*STARTED, b"admin\r\0", b"x\r\0"),
    "ended by CR": (*STARTED, b"admin\r", b"x\r"),
    "empty names": (*STARTED, b"\r\n", b"\r\n", b" \r\n", b"x\r\n"),
    "five wrong passwords": (*STARTED, *(b"a\r\n", b"b\r\n") * 5),
    "three at once": (*STARTED, b"a\r\nb\r\nc\r\n"),
    "backspace": (*STARTED, b"abc\x7f\x7fx", b"\x15", b"y\r\n"),
    "the other backspace": (*STARTED, b"abc\x08x\r\n"),
    "control characters": (*STARTED, b"a\x01\x02\x1bb\r\n"),
    "^C at the name": (*STARTED, b"ab", b"\x03"),
    "^Z at the name": (*STARTED, b"ab\x1acd\r\n"),
    "^D at the name": (*STARTED, b"\x04"),
    "^D within the name": (*STARTED, b"ab\x04", b"c\r\n"),
    "^D at the password": (*STARTED, b"a\r\n", b"\x04"),
    "^C at the password": (*STARTED, b"a\r\n", b"x\x03"),
    "bytes above ASCII": (*STARTED, b"\xc3\xa4\xc3\xb6\r\n"),
    "IAC twice": (*STARTED, b"a\xff\xffb\r\n"),
    "are you there": (*STARTED, _command(246), b"a\r\n"),
    "interrupt": (*STARTED, _command(244)),
    "break": (*STARTED, _command(243)),
    "abort": (*STARTED, _command(238)),
    "abort output": (*STARTED, _command(245)),
    "erase": (*STARTED, b"abc" + _command(247), _command(248), b"x\r\n"),
    "end of file": (*STARTED, _command(236)),
    "NOP, go ahead and marks": (*STARTED, _command(241) + _command(249) + _command(239), b"a\r\n"),
    "other options": (*STARTED, _options(_WILL, 99, 25, 42) + _options(_DO, 99, 24, 31, 6), b"a\r\n"),
    "options again": (*STARTED, _options(_DO, 5, 0) + _options(_WILL, 3, 31, 33), _about(31, b"\0\x50\0\x18")),
    "log me out": (*STARTED, _options(_DO, 18)),
    "a subnegotiation without an end": (*STARTED, bytes((_IAC, _SB, 24)) + b"x" * 1000, b"a\r\n"),
    "a command ends a subnegotiation": (*STARTED, bytes((_IAC, _SB, 24)) + b"x" + _command(246), b"a\r\n"),
    "a subnegotiation of nothing": (*STARTED, bytes((_IAC, _SB, _IAC, _SE)) + _about(99, b"x"), b"a\r\n"),
    "a long name": (*STARTED, b"a" * 300 + b"\r\n", b"x\r\n"),
    "a very long name": (*STARTED, b"a" * 600 + b"\r\n", b"x\r\n"),
    "a long password": (*STARTED, b"a\r\n", b"b" * 300 + b"\r\n"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "the client ends": (_NOTHING, END),
    "the client ends at the password": (*STARTED, b"a\r\n", END),
    "a botnet's opening": (*STARTED, b"enable\r\n", b"system\r\n", b"shell\r\n", b"sh\r\n"),
}

VARIES = (
    # What login prints or its terminal echoes just before login ends is sent, or is not.
    (re.compile(rb"^(\xff?\xf2)+(\^[C\\])?$"), b""),
    (re.compile(rb"^[\r\n]*(Login incorrect\r\nMaximum number of tries exceeded \(5\)\r\n)?$"), b""),
    (re.compile(rb"Linux [^ ]+ "), b"Linux VERSION "),
    (re.compile(rb"pts/\d+"), b"pts/N"),
    (re.compile(rb"(\xff?\xf2)+"), b"<DATA MARK>"),  # its IAC is urgent data, which is read in its place or apart
)
KIND = Kind(DIALOGUES, VARIES, most=6)
