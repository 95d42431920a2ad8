# SPDX-License-Identifier: MIT
"""dropbear, as of 2022.83: it closes without a word, whatever it does not like, and overlooks much."""

from __future__ import annotations

from typing import ClassVar

from decnet_decoys.ssh.behaviour.dialect import (
    AFTER_LOGIN,
    DEBUG,
    DISCONNECT,
    HIGHEST_PORT,
    IGNORE,
    KEXINIT,
    LAST_TRANSPORT,
    NEWKEYS,
    OPEN_UNKNOWN_TYPE,
    SERVICE_REQUEST,
    UNIMPLEMENTED,
    USERAUTH_REQUEST,
    ClientLeft,
    Dialect,
    State,
    Verdict,
    VersionRefused,
    any_port,
)
from decnet_decoys.ssh.engine import asyncssh

_LONGEST_LINE = 255
_MOST_NAMES = 50
_LAST_BEFORE_LOGIN = 60
_EXTENDED_DATA = 95
_SERVICE_ACCEPT = 6
_OVERLOOKED = (99, 100)
_KEXDH_INIT = 30

_SIGNATURES = (
    b"ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    b"sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-256,ssh-rsa,ssh-dss"
)


class Dropbear(Dialect):
    shortest_packet: ClassVar[int] = 12
    longest_packet: ClassVar[int] = 35000 - 4
    lenient: ClassVar[bool] = True
    max_tries: ClassVar[int] = 10
    first_window: ClassVar[int] = 24576
    window: ClassVar[int] = 24576
    packet_size: ClassVar[int] = 32759
    failed_open: ClassVar[tuple[int, str]] = (OPEN_UNKNOWN_TYPE, "")
    max_sessions: ClassVar[int] = 1000
    late_requests: ClassVar[frozenset[str]] = frozenset(("window-change", "signal", "pty-req"))
    closes_idle_channel: ClassVar[bool] = True
    longest_text: ClassVar[int] = 9000
    longest_payload: ClassVar[int] = 32768 + 21
    methods: ClassVar[tuple[str, ...]] = ("publickey", "password", "keyboard-interactive")

    def extensions(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"server-sig-algs", _SIGNATURES),)

    def version_in(self, received: bytes) -> tuple[bytes, int] | None:
        """read_session_identification() of common-session.c."""
        end = received.find(b"\n", 0, _LONGEST_LINE + 1)
        if end < 0:
            if len(received) > _LONGEST_LINE:
                raise VersionRefused
            return None
        line = received[:end].replace(b"\r", b"")
        if not line.startswith((b"SSH-2.", b"SSH-1.99-")):
            raise VersionRefused
        return line, end + 1

    def names(self, offered: list[bytes]) -> list[bytes]:
        """get_algolist() of algo.c reads so many."""
        return offered[:_MOST_NAMES]

    def judge(self, state: State, kind: int) -> Verdict:
        """process_packet() of process-packet.c."""
        strict = state.strict and state.initial and state.expected != NEWKEYS
        if kind == DISCONNECT:
            raise ClientLeft
        if kind in (IGNORE, UNIMPLEMENTED, DEBUG) and not strict:
            return "ignore"
        if state.expected and kind != state.expected:
            allowed = 1 <= kind <= LAST_TRANSPORT and kind not in (SERVICE_REQUEST, _SERVICE_ACCEPT, KEXINIT)
            if strict or not allowed:
                raise asyncssh.ProtocolError("not what the key exchange waits for")
            return "unimplemented"
        if not state.logged_in and kind > _LAST_BEFORE_LOGIN:
            raise asyncssh.ProtocolError("no login yet")
        if (kind and kind == state.expected) or kind in (KEXINIT, SERVICE_REQUEST, USERAUTH_REQUEST):
            return "ignore" if kind == USERAUTH_REQUEST and state.logged_in else "handle"
        if kind in (NEWKEYS, _KEXDH_INIT):
            raise asyncssh.ProtocolError("no key exchange")
        return "handle" if kind in AFTER_LOGIN - {_EXTENDED_DATA} and state.logged_in else "unimplemented"

    def tries_used_up(self) -> asyncssh.DisconnectError:
        return asyncssh.ProtocolError("too many tries")

    def other_service(self) -> asyncssh.DisconnectError | None:
        return asyncssh.ProtocolError("a login for another service")

    def unknown_channel(self, kind: int, number: int | None) -> asyncssh.DisconnectError | None:
        return None if kind in _OVERLOOKED else super().unknown_channel(kind, number)

    def after_end(self, number: int) -> asyncssh.DisconnectError | None:
        """common_recv_msg_channel_data() of common-channel.c."""
        return asyncssh.ProtocolError(f"data for channel {number} after its end")

    def takes_environment(self, name: bytes) -> bool:  # noqa: ARG002
        return False

    def grants(self, request: str, *, terminal: bool, root: bool) -> bool | None:
        if request == "window-change" and not terminal:
            return False
        return super().grants(request, terminal=terminal, root=root)

    def global_request(self, name: str, port: int | None) -> bytes | None:
        """recv_msg_global_request_remotetcp() of svr-tcpfwd.c answers with the port, whatever was asked for."""
        if name != "tcpip-forward" or port is None or port > HIGHEST_PORT:
            return None
        return port.to_bytes(4, "big") if port else any_port()
