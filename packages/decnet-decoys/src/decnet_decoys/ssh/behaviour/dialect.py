# SPDX-License-Identifier: MIT
"""What SSH servers do each in their own way; this one says nothing and closes, as most embedded ones do."""

from __future__ import annotations

import re
import secrets
from typing import ClassVar, Literal, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.ssh.engine import asyncssh

Verdict = Literal["handle", "ignore", "unimplemented"]
"""What is done with a message."""

DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG = 1, 2, 3, 4
SERVICE_REQUEST, KEXINIT, NEWKEYS = 5, 20, 21
USERAUTH_REQUEST, USERAUTH_INFO_RESPONSE = 50, 61
LAST_TRANSPORT = 49
AFTER_LOGIN = frozenset((80, 81, 82, *range(90, 101)))
"""Requests, and messages about channels (RFC 4254)."""

OPEN_PROHIBITED, OPEN_CONNECT_FAILED, OPEN_UNKNOWN_TYPE = 1, 2, 3
LONGEST_VERSION = 8192
HIGHEST_PORT = 0xFFFF
DISCONNECT_PROTOCOL_ERROR, DISCONNECT_BY_APPLICATION = 2, 11


class RealText(str):
    """A text that the real server sends as well; whatever else asyncssh would say is kept from the client."""

    __slots__ = ()


class Farewell(DecoysError, asyncssh.DisconnectError):
    """Ends the connection with a DISCONNECT that has a text."""

    def __init__(self, said: str) -> None:
        super().__init__(DISCONNECT_PROTOCOL_ERROR, RealText(said), "")


class ClientLeft(DecoysError, asyncssh.DisconnectError):
    """The client says that it leaves (RFC 4253 §11.1)."""

    def __init__(self) -> None:
        super().__init__(DISCONNECT_BY_APPLICATION, "the client leaves", "")


class VersionRefused(DecoysError, asyncssh.ProtocolError):
    """Ends the connection over what the client sent for a version."""

    def __init__(self, said: bytes = b"") -> None:
        super().__init__("the client sent no version")
        self.said = said
        """What it is sent first."""


class State(NamedTuple):
    """Where a connection is."""

    initial: bool
    """Whether the client still sends without encryption."""
    strict: bool
    """Whether both want the strict key exchange (OpenSSH's PROTOCOL, 1.10)."""
    expected: int
    """The message that the key exchange waits for; 0: it waits for none."""
    service_given: bool
    prompted: bool
    """Whether the client was asked for answers (RFC 4256)."""
    logged_in: bool
    sequence: int


def any_port() -> bytes:
    """Return the number of a port of Linux's choice, as a REQUEST_SUCCESS has it (RFC 4254 §7.1)."""
    return (32768 + secrets.randbelow(60999 - 32768)).to_bytes(4, "big")


class Dialect:
    shortest_packet: ClassVar[int] = 5
    longest_packet: ClassVar[int] = 256 << 10
    longest_payload: ClassVar[int] = 256 << 10
    """Bytes of a packet without its length and padding."""
    longest_text: ClassVar[int] = 256 << 10
    """Bytes of a password or a command; a longer one ends the connection."""
    lenient: ClassVar[bool] = False
    """Whether bytes after the end of a message are overlooked, and what decides nothing is not read at all.

    A text that is used as one of C ends at a NUL.
    """
    max_tries: ClassVar[int] = 6
    counts_none: ClassVar[bool] = False
    """Whether method none counts as a try, after the first one."""
    first_window: ClassVar[int] = 128 << 10
    """Bytes that a client may send ahead on a channel before a command runs."""
    window: ClassVar[int] = 128 << 10
    packet_size: ClassVar[int] = 32768
    """Bytes of data in one message of a channel."""
    announces_keys: ClassVar[bool] = False
    """Whether all host keys are named after a login (hostkeys-00@openssh.com)."""
    failed_open: ClassVar[tuple[int, str]] = (OPEN_UNKNOWN_TYPE, "")
    """Code and text for a channel that is not opened (RFC 4254 §5.1)."""
    max_sessions: ClassVar[int] = 10
    late_requests: ClassVar[frozenset[str]] = frozenset()
    """Of a channel whose command runs: those that are not refused for that."""
    methods: ClassVar[tuple[str, ...]] = ("publickey", "keyboard-interactive", "password")
    """Ways to log in, in the order of a USERAUTH_FAILURE."""
    changes_keys_early: ClassVar[bool] = True
    """Whether a client may change the keys before a login."""
    reads_all: ClassVar[bool] = False
    """Whether it looks at what a message has in it that it takes no notice of, and ends the connection if it is broken.

    A text ends at a NUL then, which may only be its last byte.
    """
    closes_idle_channel: ClassVar[bool] = False
    """Whether a channel without a command is closed when its client has no more to send."""
    sends_by_turns: ClassVar[bool] = False
    """Whether, after a login, answers to messages that come together leave together.

    Then a message that ends the connection takes the answers to those before it along, but for a DISCONNECT's.
    """

    def __init__(self, version: str = "") -> None:
        """`version` is the server's software version."""
        self.software = version

    def extensions(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return what EXT_INFO announces (RFC 8308); nothing: it is not sent."""
        return ()

    def version_in(self, received: bytes) -> tuple[bytes, int] | None:
        """Return the client's version line and the bytes it takes; None: not all has come. Raises VersionRefused."""
        end = received.find(b"\n", 0, LONGEST_VERSION)
        if end < 0:
            if len(received) > LONGEST_VERSION:
                raise VersionRefused
            return None
        line = received[:end].replace(b"\r", b"")
        if not re.match(rb"SSH-(2\.|1\.99-)", line):
            raise VersionRefused
        return line, end + 1

    def check_padding(self, length: int) -> None:
        """Refuse padding of that many bytes, which may raise Farewell."""

    def names(self, offered: list[bytes]) -> list[bytes]:
        """Return those of a client's algorithms that are looked at."""
        return offered

    def judge(self, state: State, kind: int) -> Verdict:
        """Say what to do with a message; raises Farewell and ProtocolError."""
        if kind == DISCONNECT:
            raise ClientLeft
        if kind in (IGNORE, UNIMPLEMENTED, DEBUG):
            return "ignore"
        if (kind == state.expected and kind) or (kind == KEXINIT and not (state.initial or state.expected)):
            return "handle"
        if state.initial or state.expected:
            raise asyncssh.ProtocolError("not in a key exchange")
        return "handle" if self._wanted(state, kind) else "unimplemented"

    def _wanted(self, state: State, kind: int) -> bool:
        if state.logged_in:
            return kind in AFTER_LOGIN
        if kind == USERAUTH_INFO_RESPONSE:
            return state.prompted
        return kind == SERVICE_REQUEST or (kind == USERAUTH_REQUEST and state.service_given)

    def strict_violated(self) -> asyncssh.DisconnectError:
        """Return what ends a strict key exchange whose KEXINIT was not the first packet."""
        return asyncssh.ProtocolError("KEXINIT was not the first packet")

    def service_refused(self, service: str) -> asyncssh.DisconnectError:
        return asyncssh.ProtocolError(f"no service {service}")

    def user_changed(self, before: str, after: str) -> asyncssh.DisconnectError | None:
        """Return what ends a connection whose client logs in as another one; None: nothing does."""
        return asyncssh.ProtocolError(f"{before} became {after}")

    def tries_used_up(self) -> asyncssh.DisconnectError:
        return Farewell("Too many authentication failures")

    def other_service(self) -> asyncssh.DisconnectError | None:
        """Return what ends a login for another service than ssh-connection; None: it fails."""
        return None

    def unknown_channel(self, kind: int, number: int | None) -> asyncssh.DisconnectError | None:
        """Return what ends a connection for a message about a channel that is not there; None: it is overlooked."""
        return asyncssh.ProtocolError(f"message {kind} about channel {number}")

    def not_opening(self, kind: int, number: int) -> asyncssh.DisconnectError | None:
        """Return what ends a connection whose client answers for a channel that is open; None: it is overlooked."""
        return self.unknown_channel(kind, number)

    def malformed(self, kind: int) -> asyncssh.DisconnectError:
        """Return what ends a connection for a message about a channel that is too short or too long."""
        return asyncssh.ProtocolError(f"message {kind}")

    def pty_given_twice(self) -> asyncssh.DisconnectError:
        return asyncssh.ProtocolError("a second terminal")

    def window_exceeded(self, number: int) -> asyncssh.DisconnectError | None:
        """Return what ends a connection that sends more than a window; None: that is dropped."""
        return asyncssh.ProtocolError(f"too much data for channel {number}")

    def after_end(self, number: int) -> asyncssh.DisconnectError | None:  # noqa: ARG002
        """Return what ends a connection that sends data after it said that there is no more; None: it is dropped."""
        return None

    def remark(self, request: bytes) -> bytes:  # noqa: ARG002
        """Return what people are to read about a request for a channel or of one; empty: nothing."""
        return b""

    def closed_twice(self, number: int) -> asyncssh.DisconnectError | None:
        """Return what ends a connection whose client closes a channel again; None: that is overlooked."""
        return asyncssh.ProtocolError(f"channel {number} was closed")

    def announces_end_of_writing(self, client_version: bytes) -> bool:  # noqa: ARG002
        """Return whether a command that ends says that it reads no more (eow@openssh.com)."""
        return False

    def takes_environment(self, name: bytes) -> bool:  # noqa: ARG002
        return True

    def grants(self, request: str, *, terminal: bool, root: bool) -> bool | None:  # noqa: ARG002
        """Return the answer to a channel's request that has no effect; None: it has one, or is unknown."""
        if request == "auth-agent-req@openssh.com":
            return True
        return False if request in ("x11-req", "break") else None

    def global_request(self, name: str, port: int | None) -> bytes | None:
        """Return the content of a REQUEST_SUCCESS, b"" for none; None: the request fails."""
        if name == "tcpip-forward" and port is not None:
            return b"" if port else any_port()
        return None

    def no_more_sessions(self) -> asyncssh.DisconnectError | None:
        """Return what ends a connection that opens a session after it said that it will not; None: nothing does."""
        return None
