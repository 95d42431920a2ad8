# SPDX-License-Identifier: MIT
"""Rarer dialogues after the login: new keys amid channels, several channels, terminals, forwarding, files."""

from __future__ import annotations

from collections.abc import Mapping

from tests.decnet_decoys.ssh.dialogues.connected import (
    CAT,
    CLOSE,
    EOF,
    data,
    executed,
    extended,
    grown,
    packet,
    path,
    sftp,
)
from tests.decnet_decoys.ssh.dialogues.dialogues import ED25519, OPEN, PTY, SLEEP, asked, everywhere, opened
from tests.decnet_decoys.ssh.dialogues.logging_in import rsa
from tests.decnet_decoys.ssh.dialogues.play_steps import HEAR, Bare, Dialogue, Step, broken_mac, new_keys, proves
from tests.decnet_decoys.ssh.dialogues.rarer_opening import DEBUG, IGNORE, UNIMPLEMENTED
from tests.decnet_decoys.ssh.dialogues.raw_client import number, string


def after_login(*steps: Step) -> Dialogue:
    return Dialogue(steps, login=True)


def ended(channel: int = 0) -> bytes:
    return b"\x60" + number(channel)


def closed(channel: int = 0) -> bytes:
    return b"\x61" + number(channel)


def terminal(modes: bytes, name: bytes = b"xterm", columns: int = 80, rows: int = 24) -> bytes:
    """Return a request for a terminal with modes (RFC 4254 §8)."""
    return asked(0, b"pty-req", string(name) + number(columns) + number(rows) + number(0) * 2 + string(modes))


def mode(opcode: int, value: int) -> bytes:
    return bytes([opcode]) + number(value)


def resized(columns: int, rows: int) -> bytes:
    return asked(0, b"window-change", number(columns) + number(rows) + number(0) * 2, reply=False)


def variable(name: bytes, value: bytes) -> bytes:
    return asked(0, b"env", string(name) + string(value))


def signal(name: bytes) -> bytes:
    return asked(0, b"signal", string(name), reply=False)


def to(host: bytes, port: int) -> bytes:
    return opened(b"direct-tcpip", string(host) + number(port) + string(b"192.0.2.1") + number(5))


SFTP = asked(0, b"subsystem", string(b"sftp"))
NO_MORE = everywhere(b"no-more-sessions@openssh.com", reply=False)
FILE, HANDLE = path(b"/tmp/.dialogue"), string(number(0))

REKEYED: dict[str, Dialogue] = {
    "new keys, then a command": after_login(OPEN, HEAR, new_keys(), executed(b"echo a")),
    "new keys amid data": after_login(OPEN, CAT, data(b"a\n"), HEAR, new_keys(), data(b"b\n"), ended()),
    "new keys with data meanwhile": after_login(OPEN, CAT, HEAR, new_keys(data(b"a\n")), ended()),
    "new keys with a channel meanwhile": after_login(HEAR, new_keys(OPEN), executed(b"echo a")),
    "new keys with a global request meanwhile": after_login(HEAR, new_keys(everywhere(b"keepalive@openssh.com"))),
    "new keys three times": after_login(OPEN, HEAR, new_keys(), new_keys(), new_keys(), executed(b"echo a")),
    "new keys after a command": after_login(OPEN, executed(b"exit 3"), HEAR, new_keys()),
}
CHANNELS: dict[str, Dialogue] = {
    "the second of three channels closed": after_login(OPEN, OPEN, OPEN, HEAR, closed(1), HEAR, OPEN),
    "two channels that echo": after_login(
        OPEN,
        OPEN,
        executed(b"cat"),
        executed(b"cat", 1),
        HEAR,
        data(b"b\n", 1),
        HEAR,
        data(b"a\n"),
        HEAR,
        ended(1),
        HEAR,
        ended(),
    ),
    "a channel's largest numbers": after_login(
        b"\x5a" + string(b"session") + number(0xFFFFFFFF) * 3, executed(b"echo a")
    ),
    "a command, later another": after_login(OPEN, executed(b"echo a"), HEAR, executed(b"echo b")),
    "a channel, closed, and a command in another": after_login(OPEN, CLOSE, HEAR, OPEN, HEAR, executed(b"echo a")),
    "eleven channels, one closed, another": after_login(*[OPEN] * 11, HEAR, closed(4), HEAR, OPEN),
    "a window of 10, and more by 5": after_login(
        opened(b"session", window=10), executed(b"echo abcdefghijklmnop"), HEAR, grown(5), HEAR, grown(5)
    ),
    "data of two packets beyond 24,576": after_login(OPEN, SLEEP, HEAR, data(b"x" * 20_000), data(b"x" * 20_000)),
    "data without a command, and a command": after_login(OPEN, data(b"abc\n"), CAT, ended()),
    "the end, then the close": after_login(OPEN, CAT, HEAR, EOF, HEAR, CLOSE),
    "the close after a command": after_login(OPEN, executed(b"exit 3"), HEAR, CLOSE),
    "the close twice after a command": after_login(OPEN, executed(b"exit 3"), HEAR, CLOSE, HEAR, CLOSE),
    "the end after a command": after_login(OPEN, executed(b"exit 3"), HEAR, EOF),
    "data after a command": after_login(OPEN, executed(b"exit 3"), HEAR, data(b"x")),
    "IGNORE, DEBUG and UNIMPLEMENTED amid a channel": after_login(
        OPEN, IGNORE, CAT, DEBUG, data(b"a\n"), UNIMPLEMENTED, HEAR, ended()
    ),
    "a wrong MAC amid data": after_login(OPEN, CAT, HEAR, data(b"a\n"), HEAR, broken_mac(data(b"b\n"))),
    "a length of 50,000 after a login": after_login(OPEN, HEAR, Bare(number(50_012) + bytes(60))),
    "a packet of 34,000 bytes of data": after_login(OPEN, executed(b"wc -c"), HEAR, data(b"x" * 34_000), HEAR, ended()),
    "a confirmation, later": after_login(OPEN, HEAR, b"\x5b" + number(0) * 4),
    "two requests without a reply": after_login(
        OPEN,
        asked(0, b"env", string(b"LANG") + string(b"C"), reply=False),
        asked(0, b"x", reply=False),
        asked(0, b"exec", string(b"echo a"), reply=False),
    ),
    "extended data before a command": after_login(OPEN, b"\x5f" + number(0) + number(1) + string(b"x")),
}
COMMANDS: dict[str, Dialogue] = {
    "a command that ends its output first": after_login(OPEN, executed(b"exec >&- 2>&-; sleep 0.2; exit 4")),
    "a command that leaves another": after_login(OPEN, executed(b"sleep 30 & exit 3")),
    "a command that leaves another without its output": after_login(
        OPEN, executed(b"sleep 30 >/dev/null 2>&1 </dev/null & exit 3")
    ),
    "a command that reads a part": after_login(OPEN, executed(b"head -c 3"), HEAR, data(b"abcdefgh")),
    "a command that waits for the end": after_login(OPEN, executed(b"cat; echo z; exit 5"), HEAR, data(b"a\n"), EOF),
    "a command of exit 300": after_login(OPEN, executed(b"exit 300")),
    "output on both": after_login(OPEN, executed(b"echo a; sleep 0.2; echo b >&2; sleep 0.2; echo c")),
    "a command of 30,000 bytes": after_login(OPEN, executed(b"echo " + b"a" * 30_000 + b" | wc -c")),
    "a command with an end of line": after_login(OPEN, executed(b"echo a\necho b\n")),
    "a variable that is taken": after_login(OPEN, variable(b"LC_DIALOGUE", b"abc"), executed(b'echo "<$LC_DIALOGUE>"')),
    "a variable that is not taken": after_login(OPEN, variable(b"DIALOGUE", b"abc"), executed(b'echo "<$DIALOGUE>"')),
    "a variable twice": after_login(
        OPEN, variable(b"LC_X", b"a"), variable(b"LC_X", b"b"), executed(b'echo "<$LC_X>"')
    ),
    "a hundred variables": after_login(OPEN, *[variable(b"LC_%d" % each, b"x") for each in range(100)]),
    "a variable with =": after_login(OPEN, variable(b"LC_A=B", b"c")),
    "a signal before a command": after_login(OPEN, asked(0, b"signal", string(b"TERM"))),
    "a signal INT": after_login(OPEN, executed(b"exec sleep 60"), HEAR, signal(b"INT")),
    "a signal TERM": after_login(OPEN, executed(b"exec sleep 60"), HEAR, signal(b"TERM")),
    "a signal USR1": after_login(OPEN, executed(b"exec sleep 60"), HEAR, signal(b"USR1")),
    "a signal in small letters": after_login(OPEN, executed(b"exec sleep 60"), HEAR, signal(b"term")),
    "a signal with a byte too many": after_login(OPEN, SLEEP, HEAR, asked(0, b"signal", string(b"TERM") + b"x")),
    "a signal after a command": after_login(OPEN, executed(b"exit 3"), HEAR, asked(0, b"signal", string(b"TERM"))),
    "a subsystem in capitals": after_login(OPEN, asked(0, b"subsystem", string(b"SFTP"))),
    "a subsystem with a byte too many": after_login(OPEN, asked(0, b"subsystem", string(b"sftp") + b"x")),
    "a subsystem after a terminal": after_login(OPEN, asked(0, b"pty-req", PTY), asked(0, b"subsystem", string(b"x"))),
    "an unknown subsystem, then a command": after_login(
        OPEN, asked(0, b"subsystem", string(b"netconf")), executed(b"echo a")
    ),
}
TERMINALS: dict[str, Dialogue] = {
    "a terminal that echoes": after_login(
        OPEN, asked(0, b"pty-req", PTY), CAT, HEAR, data(b"abc\r"), HEAR, data(b"\4")
    ),
    "a terminal without echo": after_login(
        OPEN, terminal(mode(53, 0) + b"\0"), CAT, HEAR, data(b"abc\r"), HEAR, data(b"\4")
    ),
    "a terminal that keeps LF": after_login(OPEN, terminal(mode(72, 0) + b"\0"), executed(b"echo a; echo b")),
    "a terminal that does nothing to output": after_login(
        OPEN, terminal(mode(70, 0) + b"\0"), executed(b"echo a; echo b")
    ),
    "a terminal that keeps CR": after_login(
        OPEN, terminal(mode(36, 0) + b"\0"), CAT, HEAR, data(b"a\r"), HEAR, data(b"\n")
    ),
    "a terminal with another key to interrupt": after_login(
        OPEN, terminal(mode(1, 2) + b"\0"), CAT, HEAR, data(b"a\3"), HEAR, data(b"\2")
    ),
    "a terminal without signals": after_login(OPEN, terminal(mode(50, 0) + b"\0"), CAT, HEAR, data(b"a\3\r")),
    "an interrupt in a terminal": after_login(OPEN, asked(0, b"pty-req", PTY), CAT, HEAR, data(b"ab\3")),
    "a quit in a terminal": after_login(OPEN, asked(0, b"pty-req", PTY), CAT, HEAR, data(b"ab\x1c")),
    "an erasure in a terminal": after_login(OPEN, asked(0, b"pty-req", PTY), CAT, HEAR, data(b"ab\x7fc\r"), HEAR),
    "an end in a terminal": after_login(OPEN, asked(0, b"pty-req", PTY), CAT, HEAR, EOF),
    "speeds only": after_login(OPEN, terminal(mode(128, 38400) + mode(129, 38400) + b"\0"), executed(b"echo a")),
    "modes without an end": after_login(OPEN, terminal(mode(53, 1)), executed(b"echo a")),
    "modes that are unknown": after_login(OPEN, terminal(mode(99, 1) + mode(127, 1) + b"\0"), executed(b"echo a")),
    "a mode of 160": after_login(OPEN, terminal(b"\xa0" + mode(53, 0) + b"\0"), CAT, HEAR, data(b"a\r")),
    "a mode that is cut short": after_login(OPEN, terminal(b"\x35\0\0"), executed(b"echo a")),
    "a size, and a command that tells it": after_login(
        OPEN, terminal(b"\0", columns=100, rows=40), executed(b"stty size")
    ),
    "a size that changes": after_login(OPEN, asked(0, b"pty-req", PTY), resized(132, 50), executed(b"stty size")),
    "a size beyond 16 bits": after_login(OPEN, terminal(b"\0", columns=70_000, rows=1), executed(b"stty size")),
    "a terminal's name": after_login(OPEN, terminal(b"\0", name=b"vt100"), executed(b'echo "$TERM"')),
    "a terminal's name of 300 letters": after_login(OPEN, terminal(b"\0", name=b"x" * 300), executed(b"echo a")),
    "break in a terminal": after_login(
        OPEN, asked(0, b"pty-req", PTY), executed(b"exec sleep 60"), HEAR, asked(0, b"break", number(500))
    ),
}
WORLD: dict[str, Dialogue] = {
    "keepalive without a reply": after_login(everywhere(b"keepalive@openssh.com", reply=False), OPEN),
    "keepalive with bytes after it": after_login(everywhere(b"keepalive@openssh.com", b"abc")),
    "a global request with NUL": after_login(everywhere(b"keep\0alive")),
    "no more sessions, and a command": after_login(OPEN, NO_MORE, executed(b"echo a")),
    "no more sessions, and a session": after_login(NO_MORE, HEAR, OPEN),
    "no more sessions, and a tunnel": after_login(NO_MORE, HEAR, to(b"127.0.0.1", 1)),
    "a proof of the host key": after_login(proves()),
    "a proof of the host key, twice": after_login(proves(), HEAR, proves()),
    "a proof of the host key and of another": after_login(proves(ED25519)),
    "a proof of an RSA key": after_login(everywhere(b"hostkeys-prove-00@openssh.com", string(rsa(2048)))),
    "a proof without a reply": after_login(proves(reply=False)),
    "a listener on any port": after_login(everywhere(b"tcpip-forward", string(b"127.0.0.1") + number(0))),
    "a listener on any port, without a reply": after_login(
        everywhere(b"tcpip-forward", string(b"127.0.0.1") + number(0), reply=False), OPEN
    ),
    "a listener for localhost": after_login(everywhere(b"tcpip-forward", string(b"localhost") + number(0))),
    "a listener, and a byte too many": after_login(
        everywhere(b"tcpip-forward", string(b"127.0.0.1") + number(0) + b"x")
    ),
    "an end of a listener that is none": after_login(everywhere(b"cancel-tcpip-forward", string(b"") + number(0))),
    "a tunnel to IPv6": after_login(to(b"::1", 1)),
    "a tunnel to 0.0.0.0": after_login(to(b"0.0.0.0", 1)),
    "a tunnel with an empty origin": after_login(
        opened(b"direct-tcpip", string(b"127.0.0.1") + number(1) + string(b"") + number(0))
    ),
    "a tunnel with a byte too many": after_login(to(b"127.0.0.1", 1) + b"x"),
    "two tunnels": after_login(to(b"127.0.0.1", 1), to(b"127.0.0.1", 2)),
    "x11 once": after_login(
        OPEN, asked(0, b"x11-req", b"\1" + string(b"MIT-MAGIC-COOKIE-1") + string(b"00") + number(0))
    ),
    "a listener's socket in /nonexistent": after_login(
        everywhere(b"streamlocal-forward@openssh.com", string(b"/nonexistent/s") + b"x")
    ),
}
FILES: dict[str, Dialogue] = {
    "sftp of version 2": after_login(*sftp(packet(1, number(2), identifier=None), begun=False)),
    "sftp with an extension of the client's": after_login(
        *sftp(packet(1, number(3), string(b"x@y"), string(b"1"), identifier=None), begun=False)
    ),
    "sftp of a packet of length 0": after_login(*sftp(number(0))),
    "sftp, and an end at once": after_login(OPEN, SFTP, HEAR, EOF),
    "sftp, and garbage": after_login(OPEN, SFTP, HEAR, data(b"GET / HTTP/1.0\r\n\r\n")),
    "a file that is made, read and removed": after_login(
        *sftp(
            packet(3, FILE, number(0x1A), number(0)),
            packet(6, HANDLE, number(0) * 2, string(b"hello")),
            packet(4, HANDLE),
            packet(3, FILE, number(1), number(0)),
            packet(5, HANDLE, number(0) * 2, number(100)),
            packet(5, HANDLE, number(0), number(5), number(100)),
            packet(4, HANDLE),
            packet(13, FILE),
            packet(13, FILE),
        )
    ),
    "a folder that is made and removed": after_login(
        *sftp(
            packet(14, path(b"/tmp/.folder"), number(0)),
            packet(14, path(b"/tmp/.folder"), number(0)),
            packet(3, path(b"/tmp/.folder"), number(1), number(0)),
            packet(13, path(b"/tmp/.folder")),
            packet(15, path(b"/tmp/.folder")),
            packet(15, path(b"/tmp/.folder")),
        )
    ),
    "a file that must be new": after_login(
        *sftp(packet(3, path(b"/etc/passwd"), number(0x2A), number(4), number(0o600)))
    ),
    "a link that is made and read": after_login(
        *sftp(
            packet(20, path(b"target"), path(b"/tmp/.link")),
            packet(19, path(b"/tmp/.link")),
            packet(17, path(b"/tmp/.link")),
            packet(13, path(b"/tmp/.link")),
        )
    ),
    "a file to append to": after_login(
        *sftp(
            packet(3, path(b"/tmp/.append"), number(0xE), number(0)),
            packet(6, HANDLE, number(0) * 2, string(b"ab")),
            packet(6, HANDLE, number(0) * 2, string(b"cd")),
            packet(4, HANDLE),
            packet(3, path(b"/tmp/.append"), number(1), number(0)),
            packet(5, HANDLE, number(0) * 2, number(100)),
            packet(13, path(b"/tmp/.append")),
        )
    ),
    "a read of 0 bytes, and of 300,000": after_login(
        *sftp(
            packet(3, path(b"/etc/shells"), number(1), number(0)),
            packet(5, HANDLE, number(0) * 2, number(0)),
            packet(5, HANDLE, number(9), number(0), number(300_000)),
        )
    ),
    "a file read through a folder's handle": after_login(
        *sftp(packet(11, path(b"/etc")), packet(8, HANDLE)[:9], packet(6, HANDLE, number(0) * 2, string(b"x")))
    ),
    "setstat of a size": after_login(
        *sftp(packet(9, path(b"/nonexistent"), number(1), number(0) * 2), packet(9, path(b"/"), number(0)))
    ),
    "a rename onto what there is": after_login(*sftp(packet(18, path(b"/etc/passwd"), path(b"/etc/group")))),
    "limits with bytes after it": after_login(*sftp(extended(b"fsync@openssh.com", string(b"")))),
    "realpath of a link's loop": after_login(*sftp(packet(16, path(b"/etc/passwd/.."))), HEAR),
    "realpath of 5,000 bytes": after_login(*sftp(packet(16, path(b"/" + b"x" * 5000)))),
    "lsetstat without a path": after_login(*sftp(extended(b"lsetstat@openssh.com"))),
    "an extension cut short": after_login(*sftp(packet(200, number(50) + b"x"))),
}
DIALOGUES: Mapping[str, Dialogue] = REKEYED | CHANNELS | COMMANDS | TERMINALS | WORLD | FILES
