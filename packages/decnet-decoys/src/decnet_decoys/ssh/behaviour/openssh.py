# SPDX-License-Identifier: MIT
"""OpenSSH's sshd, as of 9.2 (Debian 12): its texts, and what it tolerates.

The names of its source files below say where it decides so.
"""

from __future__ import annotations

import re
from typing import ClassVar

from decnet_decoys.ssh.behaviour.dialect import (
    DISCONNECT,
    KEXINIT,
    LAST_TRANSPORT,
    LONGEST_VERSION,
    OPEN_CONNECT_FAILED,
    ClientLeft,
    Dialect,
    Farewell,
    State,
    Verdict,
    VersionRefused,
)
from decnet_decoys.ssh.engine import asyncssh

_NO_VERSION = b"Invalid SSH identification string.\r\n"
_OTHER_MAJOR = b"Protocol major versions differ.\r\n"
_VERSION = re.compile(rb"SSH-\s*([+-]?\d+)\.\s*([+-]?\d+)-[^\n]+")
_LEAVES = (re.compile(rb"Probe-"), re.compile(rb".*SSH_Version_Mapper"))
"""Scanners that compat.c knows by their software version."""
_FIRST_LOCAL = 192

_ECDSA = b"ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"
_SK = b"sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
_ED25519 = b"ssh-ed25519,sk-ssh-ed25519@openssh.com"
_SIGNATURES = b",".join((_ED25519, _ECDSA, _SK, b"ssh-dss,ssh-rsa,rsa-sha2-256,rsa-sha2-512"))
_SIGNATURES_BEFORE_9 = b",".join((_ED25519, b"ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss", _ECDSA, _SK))

_PACKETS = {91: "open confirmation", 92: "open failure", 94: "data", 95: "extended data", 96: "ieof", 97: "oclose"}
"""Messages about channels as channels.c calls them."""
_MALFORMED = {93: "window adjust", 97: "oclose"}
_OVERLOOKED = (93, 99, 100)
_REQUEST = 98
_REMARKS = {
    b"tun@openssh.com": b"Server has rejected tunnel device forwarding",
    b"x11-req": b"No xauth program; cannot forward X11.",
}
"""Debian's server has no xauth, which its package only recommends."""
_ENVIRONMENT = re.compile(rb"LANG|LC_.*", re.DOTALL)
"""Debian's AcceptEnv."""


def _number(text: bytes) -> int:
    """Return a part of a version; of one that no version has none: Python refuses to read thousands of digits."""
    return int(text) if len(text) <= 1000 else -1


class OpenSsh(Dialect):
    max_tries: ClassVar[int] = 6
    counts_none: ClassVar[bool] = True
    first_window: ClassVar[int] = 0
    window: ClassVar[int] = 2 << 20
    announces_keys: ClassVar[bool] = True
    reads_all: ClassVar[bool] = True
    sends_by_turns: ClassVar[bool] = True
    failed_open: ClassVar[tuple[int, str]] = (OPEN_CONNECT_FAILED, "open failed")
    changes_keys_early: ClassVar[bool] = False
    late_requests: ClassVar[frozenset[str]] = frozenset(("window-change", "break", "signal", "keepalive@openssh.com"))
    methods: ClassVar[tuple[str, ...]] = ("publickey", "password", "keyboard-interactive")

    def extensions(self) -> tuple[tuple[bytes, bytes], ...]:
        found = re.match(r"OpenSSH_(\d+)\.(\d+)", self.software)
        release = (int(found[1]), int(found[2])) if found else (9, 2)
        signatures = (b"server-sig-algs", _SIGNATURES if release >= (9, 0) else _SIGNATURES_BEFORE_9)
        bound = ((b"publickey-hostbound@openssh.com", b"0"),) if release >= (8, 9) else ()
        return (signatures, *bound)

    def version_in(self, received: bytes) -> tuple[bytes, int] | None:
        """kex_exchange_identification() of kex.c."""
        end = received.find(b"\n", 0, LONGEST_VERSION + 1)
        line = received[: end if end >= 0 else LONGEST_VERSION + 1]
        if b"\0" in line or re.search(rb"\r[^\r\n]", line) or (end < 0 and len(line) > LONGEST_VERSION):
            raise VersionRefused(_NO_VERSION)
        if end < 0:
            return None
        line = line.replace(b"\r", b"")
        found = _VERSION.fullmatch(line)
        if found is None:
            raise VersionRefused(_NO_VERSION)
        if _number(found[1]) != 2 and (_number(found[1]), _number(found[2])) != (1, 99):
            raise VersionRefused(_OTHER_MAJOR)
        software = line.split(b"-", 2)[2]
        if any(pattern.match(software) for pattern in _LEAVES):
            raise VersionRefused
        return line, end + 1

    def check_padding(self, length: int) -> None:
        """ssh_packet_read_poll2() of packet.c."""
        if length < 4:
            raise Farewell(f"Corrupted padlen {length} on input.")

    def names(self, offered: list[bytes]) -> list[bytes]:
        """match_list() of match.c ends at the first empty name."""
        return offered[: offered.index(b"")] if b"" in offered else offered

    def judge(self, state: State, kind: int) -> Verdict:
        """ssh_packet_read_poll_seqnr() of packet.c, and the tables of dispatch.c."""
        if not 0 < kind < _FIRST_LOCAL:
            raise Farewell(f"Invalid ssh2 packet type: {kind}")
        strict = state.strict and state.initial
        if kind <= 4 and not strict:
            if kind == DISCONNECT:
                raise ClientLeft
            return "ignore"
        if kind == KEXINIT and not (state.initial or state.logged_in):
            return "unimplemented"
        if kind == state.expected or (kind == KEXINIT and not (state.initial or state.expected)):
            return "handle"
        if state.initial and kind > LAST_TRANSPORT:
            raise asyncssh.ProtocolError("not in a key exchange")
        if strict:
            raise Farewell(f"strict KEX violation: unexpected packet type {kind} (seqnr {state.sequence})")
        return "handle" if not state.initial and self._wanted(state, kind) else "unimplemented"

    def strict_violated(self) -> asyncssh.DisconnectError:
        return Farewell("strict KEX violation: KEXINIT was not the first packet")

    def service_refused(self, service: str) -> asyncssh.DisconnectError:
        return Farewell(f"bad service request {service}")

    def user_changed(self, before: str, after: str) -> asyncssh.DisconnectError | None:
        return Farewell(f"Change of username or service not allowed: ({before}) -> ({after})")

    def unknown_channel(self, kind: int, number: int | None) -> asyncssh.DisconnectError | None:
        """channel_from_packet_id() of channels.c."""
        if kind in _OVERLOOKED:
            return None
        if kind == _REQUEST:
            return Farewell(f"server_input_channel_req: unknown channel {number}")
        if number is None:
            return Farewell(f"Invalid {_PACKETS[kind]} message")
        return Farewell(f"{_PACKETS[kind]} packet referred to nonexistent channel {number}")

    def not_opening(self, kind: int, number: int) -> asyncssh.DisconnectError | None:
        return Farewell(f"Received {_PACKETS[kind]} for non-opening channel {number}.")

    def malformed(self, kind: int) -> asyncssh.DisconnectError:
        """parse_one() of channels.c."""
        if kind in _MALFORMED:
            return Farewell(f"Invalid {_MALFORMED[kind]} message")
        return super().malformed(kind)

    def pty_given_twice(self) -> asyncssh.DisconnectError:
        return Farewell("Protocol error: you already have a pty.")

    def window_exceeded(self, number: int) -> asyncssh.DisconnectError | None:
        return Farewell(f"channel {number}: peer ignored channel window")

    def remark(self, request: bytes) -> bytes:
        return _REMARKS.get(request, b"")

    def closed_twice(self, number: int) -> asyncssh.DisconnectError | None:  # noqa: ARG002
        return None

    def announces_end_of_writing(self, client_version: bytes) -> bool:
        """chan_send_eow2() of channels.c asks compat.c, which asks the client's version."""
        return b"-OpenSSH" in client_version

    def takes_environment(self, name: bytes) -> bool:
        return _ENVIRONMENT.fullmatch(name) is not None

    def grants(self, request: str, *, terminal: bool, root: bool) -> bool | None:
        """session_input_channel_req() of session.c."""
        if request == "signal" and root:
            return False  # a session of root's has no monitor, which would send it
        if request == "break":
            return terminal  # of which a pseudo-terminal takes no notice
        return super().grants(request, terminal=terminal, root=root)

    def global_request(self, name: str, port: int | None) -> bytes | None:
        """server_input_global_request() of serverloop.c; it forwards what it listens for to nobody."""
        if name in ("no-more-sessions@openssh.com", "streamlocal-forward@openssh.com"):
            return b""
        return super().global_request(name, port)

    def no_more_sessions(self) -> asyncssh.DisconnectError | None:
        return Farewell("Possible attack: attempt to open a session after additional sessions disabled")
