# SPDX-License-Identifier: MIT
"""What loaders, botnets and scanners of today send to a telnetd: a sixth set, written before."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues import inetutils
from tests.decnet_decoys.services.dialogues.play import Kind, Step

_IAC, _WILL, _WONT, _DO, _DONT, _SB, _SE = 255, 251, 252, 253, 254, 250, 240


def _options(command: int, *numbers: int) -> bytes:
    return b"".join(bytes((_IAC, command, number)) for number in numbers)


def _about(option: int, said: bytes) -> bytes:
    return bytes((_IAC, _SB, option)) + said + bytes((_IAC, _SE))


_OPENINGS: dict[str, tuple[Step, ...]] = {
    "Mirai's answers": (
        _options(_WILL, 31) + _about(31, b"\0\x50\0\x18") + _options(_WILL, 32) + _about(32, b"\0" + b"38400,38400"),
    ),
    "NEW-ENVIRON": (_options(_WILL, 39) + _about(39, b"\0\0USER\1-f root"),),
    "are you there": (bytes((_IAC, 246)),),
    "interrupts": (bytes((_IAC, 244)) + bytes((_IAC, 242)), b"\r\n"),
    "a half option": (bytes((_IAC,)), bytes((_DO,)), bytes((1,))),
    "an endless part": (bytes((_IAC, _SB, 24)) + b"x" * 600, bytes((_IAC, _SE))),
    "unknown options": (_options(_DO, 70, 85, 86, 200) + _options(_WILL, 70, 85, 255),),
    "binary": (_options(_DO, 0) + _options(_WILL, 0), b"x\r\n"),
    "linemode": (_options(_WILL, 34) + _about(34, b"\1\0"),),
    "HTTP": (b"GET / HTTP/1.0\r\n\r\n",),
}

_LOG_INS: dict[str, tuple[Step, ...]] = {
    "Mirai": (b"support\r\n", b"xc3511\r\n", b"enable\r\n"),
    "a wrong pair twice": (b"support\r\n", b"x\r\n", b"support\r\n", b"1234\r\n"),
    "an empty name": (b"\r\n", b"\r\n", b"\r\n"),
    "an erased letter": (b"supporx\x7ft\r\n", b"a\r\n"),
    "a killed line": (b"abc\x15support\r\n", b"a\r\n"),
    "an interrupt at the name": (b"abc\x03", b"x\r\n"),
    "an end of file": (b"\x04",),
    "a dash": (b"-froot\r\n", b"x\r\n"),
    "NUL as the end": (b"support\r\0", b"pass\r\0"),
    "LF as the end": (b"support\n", b"pass\n"),
}

KIND = Kind(_OPENINGS | _LOG_INS, (), most=4)
INETUTILS = Kind(
    _OPENINGS | {name: (*inetutils.STARTED, *steps) for name, steps in _LOG_INS.items()}, inetutils.VARIES, most=6
)
