# SPDX-License-Identifier: MIT
"""More dialogues after the login: channels, their windows and requests, commands, forwarding, new keys."""

from __future__ import annotations

from collections.abc import Sequence

from tests.decnet_decoys.ssh.dialogues.dialogues import OPEN, PTY, SLEEP, asked, everywhere, opened
from tests.decnet_decoys.ssh.dialogues.play_steps import Step, broken_mac
from tests.decnet_decoys.ssh.dialogues.raw_client import kexinit, number, string


def executed(command: bytes, channel: int = 0) -> bytes:
    return asked(channel, b"exec", string(command))


def data(said: bytes, channel: int = 0) -> bytes:
    return b"\x5e" + number(channel) + string(said)


def grown(count: int, channel: int = 0) -> bytes:
    return b"\x5d" + number(channel) + number(count)


EOF, CLOSE = b"\x60" + number(0), b"\x61" + number(0)
CAT = executed(b"cat")


def to(host: bytes, port: int) -> bytes:
    return opened(b"direct-tcpip", string(host) + number(port) + string(b"127.0.0.1") + number(5))


CHANNELS: dict[str, Sequence[Step]] = {
    "a channel with a window of 0": [opened(b"session", window=0), executed(b"echo abcdef")],
    "a window of 3": [opened(b"session", window=3), executed(b"echo abcdef")],
    "a window of 3 that grows": [opened(b"session", window=3), executed(b"echo abcdef"), grown(2)],
    "a window that grows beyond 32 bits": [OPEN, grown(0xFFFFFFFF), grown(0xFFFFFFFF), executed(b"echo a")],
    "a window that grows by nothing": [OPEN, grown(0), executed(b"echo a")],
    "a window cut short": [OPEN, b"\x5d" + number(0) + b"\0"],
    "packets of one byte": [opened(b"session", largest=1), executed(b"echo abc")],
    "two channels": [OPEN, OPEN, executed(b"echo a", 0), executed(b"echo b", 1)],
    "a channel again": [OPEN, CLOSE, OPEN],
    "a channel in both directions": [OPEN, CAT, data(b"abc\n"), EOF],
    "data beyond a packet": [OPEN, CAT, data(b"x" * 33000)],
    "data after the end": [OPEN, CAT, EOF, data(b"abc\n")],
    "data after the close": [OPEN, CLOSE, data(b"abc\n")],
    "no data": [OPEN, CAT, data(b"")],
    "data cut short": [OPEN, CAT, b"\x5e" + number(0) + number(50) + b"abc"],
    "data with a byte too many": [OPEN, CAT, data(b"abc\n") + b"x"],
    "extended data of an unknown kind": [OPEN, CAT, b"\x5f" + number(0) + number(9) + string(b"x")],
    "an end before a command": [OPEN, EOF, CAT],
    "an end and a close": [OPEN, CAT, EOF, CLOSE],
    "a close with a byte too many": [OPEN, CLOSE + b"x"],
    "a close while a command runs": [OPEN, SLEEP, CLOSE],
    "a request after the close": [OPEN, CLOSE, asked(0, b"env", string(b"LANG") + string(b"C"))],
    "CONFIRMATION of an open channel": [OPEN, b"\x5b" + number(0) * 4],
    "FAILURE of an open channel": [OPEN, b"\x5c" + number(0) + number(1) + string(b"") * 2],
    "CHANNEL_FAILURE unasked": [OPEN, b"\x64" + number(0)],
    "a channel's number of the client's": [OPEN, asked(7, b"shell")],
    "a channel of an empty type": [opened(b"")],
    "a channel for a tunnel without its fields": [opened(b"direct-tcpip")],
}
COMMANDS: dict[str, Sequence[Step]] = {
    "an empty command": [OPEN, executed(b""), EOF],
    "a command with NUL": [OPEN, executed(b"echo a\0b")],
    "a command that is not there": [OPEN, executed(b"nosuchcommand")],
    "a command that is killed": [OPEN, executed(b"kill -9 $$")],
    "a command on the other stream": [OPEN, executed(b"echo x >&2")],
    "a command that is not UTF-8": [OPEN, executed(b"echo \xff\xfe")],
    "a command cut short": [OPEN, b"\x62" + number(0) + string(b"exec") + b"\1" + number(90) + b"id"],
    "a command with a byte too many": [OPEN, executed(b"echo a") + b"x"],
    "a command with an error of grammar": [OPEN, executed(b"echo (")],
    "a command on a terminal": [OPEN, asked(0, b"pty-req", PTY), executed(b"echo a; tty >/dev/null && echo b")],
    "a shell without a terminal": [OPEN, asked(0, b"shell"), data(b"echo a\n"), EOF],
    "a shell, then a command": [OPEN, asked(0, b"shell"), executed(b"echo a"), EOF],
    "a shell twice": [OPEN, asked(0, b"shell"), asked(0, b"shell"), EOF],
    "a subsystem twice": [OPEN, *[asked(0, b"subsystem", string(b"sftp"))] * 2],
    "a subsystem of nothing": [OPEN, asked(0, b"subsystem", string(b""))],
    "a subsystem cut short": [OPEN, asked(0, b"subsystem", number(40) + b"sftp")],
    "a shell with a byte too many": [OPEN, asked(0, b"shell", b"x"), EOF],
    "scp to nowhere": [OPEN, executed(b"scp -t /nonexistent/x"), data(b"C0644 1 a\n")],
    "scp from nowhere": [OPEN, executed(b"scp -f /nonexistent/x"), data(b"\0")],
    "scp of nonsense": [OPEN, executed(b"scp -t /tmp"), data(b"nonsense\n")],
    "an end by a signal": [OPEN, executed(b"kill -TERM $$")],
    "a signal with SIG": [OPEN, SLEEP, asked(0, b"signal", string(b"SIGTERM"))],
    "a signal of HUP": [OPEN, SLEEP, asked(0, b"signal", string(b"HUP"))],
    "a signal without a name": [OPEN, SLEEP, asked(0, b"signal")],
}
REQUESTS: dict[str, Sequence[Step]] = {
    "a terminal of no size": [OPEN, asked(0, b"pty-req", string(b"xterm") + number(0) * 4 + string(b""))],
    "a terminal of no name": [OPEN, asked(0, b"pty-req", string(b"") + number(80) * 4 + string(b"\0"))],
    "a terminal with bad modes": [OPEN, asked(0, b"pty-req", string(b"xterm") + number(80) * 4 + string(b"\xfe\1"))],
    "a terminal with a byte too many": [OPEN, asked(0, b"pty-req", PTY + b"x")],
    "window-change before a terminal": [OPEN, asked(0, b"window-change", number(80) * 4)],
    "window-change cut short": [OPEN, asked(0, b"pty-req", PTY), asked(0, b"window-change", number(80))],
    "env of an empty name": [OPEN, asked(0, b"env", string(b"") + string(b""))],
    "env with NUL": [OPEN, asked(0, b"env", string(b"LANG\0x") + string(b"C"))],
    "env without a value": [OPEN, asked(0, b"env", string(b"LANG"))],
    "env of a locale": [OPEN, asked(0, b"env", string(b"LC_ALL") + string(b"C"))],
    "a request without a name": [OPEN, b"\x62" + number(0)],
    "winadj of PuTTY": [OPEN, asked(0, b"winadj@putty.projects.tartarus.org")],
    "simple of PuTTY": [OPEN, asked(0, b"simple@putty.projects.tartarus.org", reply=False), CAT],
    "an agent twice": [OPEN, *[asked(0, b"auth-agent-req@openssh.com")] * 2],
    "break of nothing": [OPEN, SLEEP, asked(0, b"break")],
    "x11-req cut short": [OPEN, asked(0, b"x11-req", b"\0" + string(b"x"))],
    "exit-signal by the client": [OPEN, asked(0, b"exit-signal", string(b"KILL") + b"\0" + string(b"") * 2)],
}
WORLD: dict[str, Sequence[Step]] = {
    "an empty global request": [everywhere(b"")],
    "a global request without its boolean": [b"\x50" + string(b"nonsense")],
    "three keepalives": [everywhere(b"keepalive@openssh.com")] * 3,
    "no-more-sessions with a reply": [everywhere(b"no-more-sessions@openssh.com")],
    "hostkeys of the client": [everywhere(b"hostkeys-00@openssh.com", reply=False)],
    "hostkeys-prove of what is no key": [everywhere(b"hostkeys-prove-00@openssh.com", string(b"nonsense"))],
    "hostkeys-prove cut short": [everywhere(b"hostkeys-prove-00@openssh.com", number(90) + b"x")],
    "tcpip-forward of a low port": [everywhere(b"tcpip-forward", string(b"203.0.113.1") + number(70000))],
    "tcpip-forward without a port": [everywhere(b"tcpip-forward", string(b"127.0.0.1"))],
    "streamlocal-forward to nowhere": [everywhere(b"streamlocal-forward@openssh.com", string(b"/nonexistent/x"))],
    "a tunnel to port 0": [to(b"127.0.0.1", 0)],
    "a tunnel to no name": [to(b"", 80)],
    "a tunnel to a name that is none": [to(b"nosuchhost.invalid", 80)],
    "a tunnel to a port too large": [to(b"127.0.0.1", 70001)],
    "a tunnel with NUL": [to(b"127.0.0.1\0x", 1)],
    "a socket of a file": [opened(b"direct-streamlocal@openssh.com", string(b"/etc/passwd") + string(b"") + number(0))],
    "DISCONNECT of nothing after a login": [b"\1"],
    "message 255 after a login": [b"\xff"],
    "message 0 after a login": [b"\0"],
    "an empty packet after a login": [b""],
    "a wrong MAC after a login": [OPEN, broken_mac(CAT)],
    "USERAUTH_SUCCESS after a login": [b"\x34"],
    "DEBUG after a login": [b"\4\1" + string(b"x") * 2, OPEN],
    "NEWKEYS after a login": [b"\x15"],
    "an offer after a login": [OPEN, kexinit()],
    "an offer twice after a login": [OPEN, kexinit(), kexinit()],
    "an offer, then a channel": [kexinit(), OPEN],
    "a point after a login": [b"\x1e" + string(bytes(32))],
    "an offer without a common exchange": [kexinit(kex=b"nonsense@example.org")],
    "an offer with strict keys": [kexinit(kex=b"curve25519-sha256,kex-strict-c-v00@openssh.com"), b"\2" + string(b"x")],
}


def packet(kind: int, *fields: bytes, identifier: int | None = 5) -> bytes:
    """Return a packet of SFTP, version 3."""
    body = bytes([kind]) + (b"" if identifier is None else number(identifier)) + b"".join(fields)
    return number(len(body)) + body


def path(name: bytes) -> bytes:
    return string(name)


_INIT = packet(1, number(3), identifier=None)
_NOWHERE, _HANDLE = path(b"/nonexistent/x"), string(b"\0\0\0\x09")


def sftp(*packets: bytes, begun: bool = True) -> list[Step]:
    """Return the dialogue with a subsystem in which those packets are sent."""
    return [OPEN, asked(0, b"subsystem", string(b"sftp")), *([data(_INIT)] if begun else []), *map(data, packets)]


def extended(name: bytes, *fields: bytes) -> bytes:
    return packet(200, string(name), *fields)


FILES: dict[str, Sequence[Step]] = {
    "sftp of version 6": sftp(packet(1, number(6), identifier=None), begun=False),
    "sftp of version 0": sftp(packet(1, number(0), identifier=None), begun=False),
    "sftp of no version": sftp(packet(1, identifier=None), begun=False),
    "sftp that begins with a request": sftp(packet(16, path(b"."))),
    "sftp without a beginning": sftp(packet(16, path(b"/")), begun=False),
    "sftp begun twice": sftp(_INIT),
    "a packet of 300000 bytes": sftp(number(300_000) + b"\3"),
    "an unknown packet": sftp(packet(99)),
    "an answer of the server's": sftp(packet(101, number(0), string(b""), string(b""))),
    "the path of the root": sftp(packet(16, path(b"/"))),
    "the path of dots": sftp(packet(16, path(b"/usr/../etc/./passwd"))),
    "the path of nothing": sftp(packet(16, path(b""))),
    "the path of what is not there": sftp(packet(16, path(b"/nonexistent"))),
    "the path below what is not there": sftp(packet(16, _NOWHERE)),
    "stat of nothing there": sftp(packet(17, _NOWHERE), packet(7, _NOWHERE)),
    "stat below a file": sftp(packet(17, path(b"/etc/passwd/x"))),
    "open of nothing there": sftp(packet(3, _NOWHERE, number(1), number(0))),
    "open of a folder to write": sftp(packet(3, path(b"/etc"), number(2), number(0))),
    "open with no flags": sftp(packet(3, path(b"/etc/hostname"), number(0), number(0))),
    "open of what there is, anew": sftp(packet(3, path(b"/etc/passwd"), number(0x2A), number(0))),
    "opendir of nothing there": sftp(packet(11, _NOWHERE)),
    "opendir of a file": sftp(packet(11, path(b"/etc/passwd"))),
    "open, close, close": sftp(
        packet(3, path(b"/etc/passwd"), number(1), number(0)),
        packet(4, string(number(0))),
        packet(4, string(number(0))),
    ),
    "read beyond the end": sftp(
        packet(3, path(b"/etc/passwd"), number(1), number(0)),
        packet(5, string(number(0)), number(1), number(0), number(9)),
    ),
    "write to a file to read": sftp(
        packet(3, path(b"/etc/passwd"), number(1), number(0)), packet(6, string(number(0)), number(0) * 2, string(b"x"))
    ),
    "readdir of a file": sftp(packet(3, path(b"/etc/passwd"), number(1), number(0)), packet(12, string(number(0)))),
    "read of a folder": sftp(packet(11, path(b"/")), packet(5, string(number(0)), number(0) * 2, number(9))),
    "read of no handle": sftp(packet(5, _HANDLE, number(0) * 2, number(9))),
    "write to no handle": sftp(packet(6, _HANDLE, number(0) * 2, string(b"x"))),
    "close of no handle": sftp(packet(4, _HANDLE)),
    "fstat of no handle": sftp(packet(8, _HANDLE)),
    "fsetstat of no handle": sftp(packet(10, _HANDLE, number(0))),
    "readdir of no handle": sftp(packet(12, _HANDLE)),
    "a handle of text": sftp(packet(4, string(b"handle"))),
    "an empty handle": sftp(packet(4, string(b""))),
    "a packet cut short": sftp(number(7) + b"\x10" + number(5) + b"\0\0"),
    "a path longer than its packet": sftp(packet(16, number(90) + b"x")),
    "setstat of nothing there": sftp(packet(9, _NOWHERE, number(4), number(0o644))),
    "remove of nothing there": sftp(packet(13, _NOWHERE)),
    "remove of a folder": sftp(packet(13, path(b"/etc"))),
    "mkdir of what there is": sftp(packet(14, path(b"/etc"), number(0))),
    "mkdir below nothing": sftp(packet(14, path(b"/nonexistent/a/b"), number(0))),
    "rmdir of nothing there": sftp(packet(15, _NOWHERE)),
    "rmdir of what is not empty": sftp(packet(15, path(b"/etc"))),
    "rename of nothing there": sftp(packet(18, _NOWHERE, path(b"/nonexistent/y"))),
    "readlink of nothing there": sftp(packet(19, _NOWHERE)),
    "readlink of a file": sftp(packet(19, path(b"/etc/passwd"))),
    "symlink below nothing": sftp(packet(20, path(b"a"), _NOWHERE)),
    "symlink onto a file": sftp(packet(20, path(b"a"), path(b"/etc/passwd"))),
    "an unknown extension": sftp(extended(b"nonsense@example.org")),
    "limits": sftp(extended(b"limits@openssh.com")),
    "posix-rename of nothing there": sftp(extended(b"posix-rename@openssh.com", _NOWHERE, _NOWHERE)),
    "statvfs of nothing there": sftp(extended(b"statvfs@openssh.com", _NOWHERE)),
    "fstatvfs of no handle": sftp(extended(b"fstatvfs@openssh.com", _HANDLE)),
    "hardlink of nothing there": sftp(extended(b"hardlink@openssh.com", _NOWHERE, _NOWHERE)),
    "fsync of no handle": sftp(extended(b"fsync@openssh.com", _HANDLE)),
    "lsetstat of nothing there": sftp(extended(b"lsetstat@openssh.com", _NOWHERE, number(4), number(0o644))),
    "expand-path of a home": sftp(extended(b"expand-path@openssh.com", path(b"~/x"))),
    "expand-path of nobody": sftp(extended(b"expand-path@openssh.com", path(b"~nosuchuser/x"))),
    "copy-data of no handle": sftp(
        extended(b"copy-data", _HANDLE, number(0) * 4, string(b"\0\0\0\x08"), number(0) * 2)
    ),
    "home-directory": sftp(extended(b"home-directory", path(b"root"))),
    "users and groups": sftp(extended(b"users-groups-by-id@openssh.com", string(number(0)), string(number(0)))),
    "three requests at once": [
        OPEN,
        asked(0, b"subsystem", string(b"sftp")),
        data(_INIT + packet(16, path(b"/")) + packet(17, _NOWHERE) + packet(99)),
    ],
    "half a request, then the rest": sftp(packet(16, path(b"/"))[:6], packet(16, path(b"/"))[6:]),
    "sftp, then the end": [*sftp(), EOF],
}
AFTER_LOGIN = CHANNELS | COMMANDS | REQUESTS | WORLD | FILES
