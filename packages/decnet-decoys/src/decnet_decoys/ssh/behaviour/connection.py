# SPDX-License-Identifier: MIT
"""One connection of asyncssh that answers as a dialect does whatever is out of the ordinary.

asyncssh has no hooks for that, so its private methods are replaced: how the version line, packets and messages are
read, and the handlers of messages that real servers judge otherwise. What it says of its own accord is not sent.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from decnet_decoys.ssh.behaviour.authentication import Authentication, Doorkeeper
from decnet_decoys.ssh.behaviour.dialect import (
    DEBUG,
    KEXINIT,
    NEWKEYS,
    SERVICE_REQUEST,
    UNIMPLEMENTED,
    USERAUTH_INFO_RESPONSE,
    USERAUTH_REQUEST,
    Dialect,
    State,
    VersionRefused,
)
from decnet_decoys.ssh.behaviour.requests import FIRST_OF_CHANNEL, REQUEST_FAILURE, REQUEST_SUCCESS, Requests
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.wire import string

_packet: Any = sys.modules["asyncssh.packet"]

EXT_INFO = 7
GLOBAL_REQUEST = 80
CHANNEL_OPEN, LAST_OF_CHANNEL = 90, 100


class LenientPacket(_packet.SSHPacket):  # type: ignore[misc]  # asyncssh's
    """A message after whose end anything may follow."""

    def check_end(self) -> None:
        """Overlook what follows."""


class DecoyConnection(Requests):
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: asyncssh.SSHServerConnectionOptions,
        dialect: Dialect,
        owner: Callable[[], Doorkeeper],
        first: bytes,
    ) -> None:
        """`owner` makes what judges this client, an asyncssh.SSHServer too.

        `first` is what the client has sent in answer to our version; empty: nobody has sent that yet.
        """
        super().__init__(loop, options)
        self.ended_by: asyncio.Future[None] = loop.create_future()
        """Done after a login; has an error when the connection ended before one."""
        self._wait, self._waiter = "auth", self.ended_by
        self._protocol_factory: Any = owner
        self._first = first
        self._dialect = dialect
        self._packet_class = LenientPacket if dialect.lenient else _packet.SSHPacket
        self._authentication: Any = None

    def _cleanup(self, exc: Exception | None) -> None:
        super()._cleanup(exc)
        self._authentication = None  # it leads back here

    # ---- what is sent

    def _send_version(self) -> None:
        if self._first:
            self._server_version = b"SSH-2.0-" + self._version
            self._loop.call_soon(self._take_first)
        else:
            super()._send_version()
        self._authentication = Authentication(self, self._dialect, self._owner)  # type: ignore[arg-type]
        if not self._first:
            self._send_kexinit()
            self._kexinit_sent = True

    def _take_first(self) -> None:
        first, self._first = self._first, b""
        self.data_received(first)

    def _send_ext_info(self) -> None:
        extensions = self._dialect.extensions()
        if extensions:
            content = b"".join(string(name) + string(value) for name, value in extensions)
            self.send_packet(EXT_INFO, len(extensions).to_bytes(4, "big") + content)

    async def send_userauth_success(self) -> None:
        await super().send_userauth_success()
        self.send_server_host_keys()  # asyncssh does so only where nobody waits for the login

    def send_server_host_keys(self) -> None:
        if self._dialect.announces_keys:
            super().send_server_host_keys()

    # ---- what is read

    def _recv_version(self) -> bool:
        try:
            found = self._dialect.version_in(self._inpbuf)
        except VersionRefused as refused:
            owner: Any = self._owner
            owner.other_protocol(self._inpbuf)
            self._send(refused.said)
            raise
        if found is None:
            return False
        version, taken = found
        self._inpbuf = self._inpbuf[taken:]
        self._client_version = version
        self.set_extra_info(client_version=version)
        if not self._kexinit_sent:
            self._send_kexinit()
            self._kexinit_sent = True
        self._recv_handler = self._recv_pkthdr
        return True

    def _recv_pkthdr(self) -> bool:
        if not super()._recv_pkthdr():
            return False
        length, block = self._pktlen, self._recv_blocksize
        if not self._dialect.shortest_packet <= length <= self._dialect.longest_packet:
            raise asyncssh.ProtocolError("bad packet length")
        if self._recv_encryption is None and (4 + length) % block:
            raise asyncssh.ProtocolError("bad packet length")
        return True

    def _recv_packet(self) -> bool:
        rest = 4 + self._pktlen + self._recv_macsize - self._recv_blocksize
        if len(self._inpbuf) < rest:
            return False
        packet = self._packet_class(self._payload(rest))
        kind, sequence = packet.get_byte(), self._recv_seq
        if self._ignore_first_kex and kind != KEXINIT:
            self._ignore_first_kex = False
            self._finish_recv_packet(kind, sequence)
            return True
        verdict = self._dialect.judge(self._state, kind)
        if verdict == "unimplemented":
            self.send_packet(UNIMPLEMENTED, sequence.to_bytes(4, "big"))
        elif verdict == "ignore" and self._dialect.reads_all:
            _read_ignored(kind, packet)
        elif verdict == "handle":
            work = self._handled(kind, sequence, packet)
            if work is not None:
                self._recv_handler = lambda: False  # what arrives meanwhile waits
                self.create_task(work).add_done_callback(
                    lambda _: self._finish_recv_packet(kind, sequence, is_async=True)
                )
                return False
        self._finish_recv_packet(kind, sequence)
        return True

    def _payload(self, rest: int) -> bytes:
        """Take a packet out of the buffer, and return what is in it."""
        content, mac = self._inpbuf[: rest - self._recv_macsize], self._inpbuf[rest - self._recv_macsize : rest]
        if self._recv_encryption is not None:
            data = self._recv_encryption.decrypt_packet(self._recv_seq, self._packet, content, 4, mac)
            if not data:
                raise asyncssh.MACError("MAC verification failed")
        else:
            data = self._packet[4:] + content
        self._inpbuf, self._packet = self._inpbuf[rest:], b""
        self._dialect.check_padding(data[0])
        if data[0] + 2 > len(data):
            raise asyncssh.ProtocolError("a packet of padding")
        payload: bytes | None = data[1 : len(data) - data[0]]
        if payload and len(payload) > self._dialect.longest_payload:
            raise asyncssh.ProtocolError("too much in a packet")
        if self._decompressor and (self._auth_complete or not self._decompress_after_auth):
            payload = self._decompressor.decompress(payload or b"")
        if not payload:
            raise asyncssh.ProtocolError("nothing in a packet")
        return payload

    @property
    def _state(self) -> State:
        return State(
            initial=self._recv_encryption is None,
            strict=self._strict_kex,
            expected=self._expected_message(),
            service_given=self._auth_in_progress or self._auth_complete,
            prompted=self._authentication.prompted,
            logged_in=self._auth_complete,
            sequence=self._recv_seq,
        )

    def _handled(self, kind: int, sequence: int, packet: Any) -> Any:
        """Handle a message that the dialect lets pass; returns what to await, if anything."""
        own: dict[int, Callable[[Any], Any]] = {
            SERVICE_REQUEST: self._service_asked,
            USERAUTH_REQUEST: self._authentication.request,
            USERAUTH_INFO_RESPONSE: self._authentication.answer,
            GLOBAL_REQUEST: self._globally_asked,
            REQUEST_SUCCESS: _overlook,
            REQUEST_FAILURE: _overlook,
            CHANNEL_OPEN: self._channel_asked,
            KEXINIT: self._offered,
        }
        if kind in own:
            return own[kind](packet)
        if FIRST_OF_CHANNEL <= kind <= LAST_OF_CHANNEL:
            return self._about_channel(kind, sequence, packet)
        handler: Any = self if kind == NEWKEYS else self._kex
        self._check_group(kind, packet)
        self._check_public(kind, packet)
        if kind != NEWKEYS:
            packet = _packet.SSHPacket(packet.get_remaining_payload())  # here nobody is lenient
        result = handler.process_packet(kind, sequence, packet)
        return result if asyncio.iscoroutine(result) else None


def _read_ignored(kind: int, packet: Any) -> None:
    """Read what is overlooked (RFC 4253 §11.2 to §11.4); raises PacketDecodeError if it is not all there."""
    if kind == UNIMPLEMENTED:
        packet.get_uint32()
    elif kind == DEBUG:
        packet.get_boolean()
        packet.get_string()


def _overlook(_packet: Any) -> None:
    """Do nothing with an answer to what was never asked."""
