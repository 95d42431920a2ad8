# SPDX-License-Identifier: MIT
"""What visitors say to BusyBox's telnetd and login, up to a shell."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step

_IAC, _WILL, _WONT, _DO, _DONT, _SB, _SE = 255, 251, 252, 253, 254, 250, 240


def _said(*numbers: int) -> bytes:
    return bytes(numbers)


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "a greeting": (),
    "a wrong password": (b"admin\r\n", b"wrong\r\n"),
    "ended by LF": (b"admin\n", b"x\n"),
    "ended by CR NUL": (b"admin\r\0", b"x\r\0"),
    "ended by CR": (b"admin\r", b"x\r"),
    "empty names": (b"\r\n", b"\r\n", b" \r\n"),
    "an empty password": (b"admin\r\n", b"\r\n"),
    "at once": (b"nobody\r\nnobody\r\n",),
    "three at once": (b"a\r\nb\r\nc\r\nd\r\n",),
    "three wrong passwords": (b"a\r\n", b"b\r\n", b"c\r\n", b"d\r\n", b"e\r\n", b"f\r\n"),
    "a name, letter by letter": (b"a", b"d", b"m", b"\r\n"),
    "backspace": (b"abc\x7f\x7fx", b"\x15", b"y\r\n"),
    "the other backspace": (b"abc\x08x\r\n",),
    "a word erased": (b"ab cd\x17x\r\n",),
    "control characters": (b"a\x01\x02\x1bb\r\n",),
    "^C at the name": (b"ab\x03",),
    "^D at the name": (b"\x04",),
    "^D within the name": (b"ab\x04", b"c\r\n"),
    "^C at the password": (b"a\r\n", b"x\x03"),
    "^Z": (b"\x1a", b"a\r\n"),
    "bytes above ASCII": (b"\xc3\xa4\xc3\xb6\r\n",),
    "IAC twice": (b"a\xff\xffb\r\n",),
    "are you there": (_said(_IAC, 246), b"a\r\n"),
    "options agreed": (
        _said(_IAC, _DO, 1, _IAC, _DO, 3, _IAC, _WILL, 31) + _said(_IAC, _SB, 31, 0, 80, 0, 24, _IAC, _SE),
        b"a\r\n",
    ),
    "options refused": (_said(_IAC, _DONT, 1, _IAC, _DONT, 3, _IAC, _WONT, 31, _IAC, _WONT, 1), b"a\r\n"),
    "other options": (_said(_IAC, _WILL, 24, _IAC, _DO, 5, _IAC, _WILL, 39, _IAC, _WILL, 32), b"a\r\n"),
    "a terminal type": (_said(_IAC, _SB, 24, 0) + b"xterm" + _said(_IAC, _SE), b"a\r\n"),
    "a subnegotiation without an end": (_said(_IAC, _SB, 24, 0) + b"x" * 100, b"a\r\n"),
    "NOP, break and more": (_said(_IAC, 241, _IAC, 243, _IAC, 249), b"a\r\n"),
    "a long name": (b"a" * 300 + b"\r\n",),
    "a long password": (b"a\r\n", b"b" * 300 + b"\r\n"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "a TLS hello": (b"\x16\x03\x01\0\x0a\x01\0\0\x06\x03\x03" + b"\r\n",),
    "the client ends at the password": (b"a\r\n", END),
    "a botnet's opening": (b"enable\r\n", b"system\r\n", b"shell\r\n", b"sh\r\n"),
}

KIND = Kind(DIALOGUES, (), most=4)
