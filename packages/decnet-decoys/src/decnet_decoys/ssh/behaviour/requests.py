# SPDX-License-Identifier: MIT
"""What a client asks for on one connection, as a dialect answers it: services, global requests and channels."""

from __future__ import annotations

import sys
from typing import Any

from decnet_decoys.ssh.behaviour.channel import DecoyChannel
from decnet_decoys.ssh.behaviour.dialect import DEBUG, HIGHEST_PORT, OPEN_CONNECT_FAILED, OPEN_PROHIBITED
from decnet_decoys.ssh.behaviour.key_exchange import KeyExchange
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.wire import string

_packet: Any = sys.modules["asyncssh.packet"]

SERVICE_ACCEPT = 6
REQUEST_SUCCESS, REQUEST_FAILURE = 81, 82
FIRST_OF_CHANNEL = 91
USERAUTH = b"ssh-userauth"


class Requests(KeyExchange):
    """The part of a connection that answers requests."""

    _no_more_sessions = False
    _has_agent = False

    def _service_asked(self, packet: Any) -> None:
        service = self.text_in(packet)
        packet.check_end()
        if service != USERAUTH:
            raise self._dialect.service_refused(service.decode("utf-8", "backslashreplace"))
        self.send_packet(SERVICE_ACCEPT, string(service))
        self._next_service = None
        if not self._auth_complete:
            self._auth_in_progress = True
            self._send_deferred_packets()

    def gives_agent(self) -> bool:
        """Return whether a client's agent is forwarded: once in a connection."""
        first, self._has_agent = not self._has_agent, True
        return first

    def text_in(self, packet: Any) -> bytes:
        """Return a message's next text; OpenSSH's have no NUL but at their end, where it does not count."""
        found: bytes = packet.get_string()
        if not self._dialect.reads_all:
            return found
        if b"\0" in found[:-1]:
            raise asyncssh.ProtocolError("NUL in a text")
        return found.removesuffix(b"\0")

    def _globally_asked(self, packet: Any) -> None:
        name = self.text_in(packet)
        wants_reply = packet.get_boolean()
        reply = self._global_reply(name.decode("utf-8", "backslashreplace"), packet)
        if wants_reply:
            self.send_packet(REQUEST_FAILURE if reply is None else REQUEST_SUCCESS, reply or b"")

    def _global_reply(self, name: str, packet: Any) -> bytes | None:
        """Return the content of the reply, None when the request fails."""
        owner: Any = self._owner
        if name == "hostkeys-prove-00@openssh.com" and self._dialect.announces_keys:
            return self._proofs(packet)
        port = None
        if name in ("tcpip-forward", "streamlocal-forward@openssh.com"):
            where = packet.get_string()
            port = packet.get_uint32() if name == "tcpip-forward" else None
            owner.listening_requested(name.partition("@")[0], where, port)
        elif name in ("cancel-tcpip-forward", "cancel-streamlocal-forward@openssh.com"):
            packet.get_string()
            if name == "cancel-tcpip-forward":
                packet.get_uint32()
            return None
        reply = self._dialect.global_request(name, port)
        if name == "no-more-sessions@openssh.com":
            self._no_more_sessions = reply is not None
        return reply

    def _proofs(self, packet: Any) -> bytes | None:
        """Return signatures with the host keys that a client names (OpenSSH's PROTOCOL, 2.5)."""
        prefix = string(b"hostkeys-prove-00@openssh.com") + string(self._session_id)
        proofs: list[bytes] = []
        while packet:
            try:
                blob = packet.get_string()
            except _packet.PacketDecodeError:
                return None
            key: Any = self._all_server_host_keys.get(blob)
            if key is None or len(proofs) >= len(self._all_server_host_keys):
                return None
            proofs.append(string(key.sign(prefix + string(blob))))
        return b"".join(proofs)

    def _channel_asked(self, packet: Any) -> Any:
        kind, theirs, window, size = packet.get_string(), packet.get_uint32(), packet.get_uint32(), packet.get_uint32()
        owner: Any = self._owner
        if kind == b"session":
            packet.check_end()
            refused = self._dialect.no_more_sessions() if self._no_more_sessions else None
            if refused is not None:
                raise refused
            session = owner.session_requested()
            if session:
                channel: Any = self.create_server_channel()
                return channel.opened(theirs, window if size else 0, size or 1, session)
        self._remark(kind)
        failure = self._dialect.failed_open
        too_high = kind == b"direct-tcpip" and self._is_too_high(packet)
        if owner.channel_requested(kind.decode("utf-8", "backslashreplace"), packet):
            failure = (OPEN_PROHIBITED, failure[1]) if too_high else (OPEN_CONNECT_FAILED, "Connection refused")
        self.send_channel_open_failure(theirs, failure[0], failure[1], "")
        return None

    def _is_too_high(self, packet: Any) -> bool:
        """Return whether a client wants a connection to a port that is none; OpenSSH's ends over no port at all."""
        wanted = _packet.SSHPacket(packet.get_remaining_payload())
        try:
            self.text_in(wanted)
            return int(wanted.get_uint32()) > HIGHEST_PORT
        except _packet.PacketDecodeError:
            if self._dialect.reads_all:
                raise
            return False

    def _remark(self, request: bytes) -> None:
        """Send what the real server has people read about a request, if anything (RFC 4253 §11.3)."""
        said = self._dialect.remark(request)
        if said:
            self.send_packet(DEBUG, b"\0" + string(said) + string(b""))

    def add_channel(self, chan: Any) -> int:
        """Give a channel the lowest number that is free, as both real servers do."""
        self._next_recv_chan = 0
        return super().add_channel(chan)

    def create_server_channel(self, *_: Any, **__: Any) -> Any:
        """Return a channel that answers in the dialect."""
        return DecoyChannel(self, self._loop, self._dialect, root=self._username == "root")

    def _about_channel(self, kind: int, sequence: int, packet: Any) -> Any:
        number = int.from_bytes(packet.get_bytes(4), "big") if len(packet.get_remaining_payload()) >= 4 else None
        channel = self._channels.get(number) if number is not None else None
        if channel is None or number is None or kind in (FIRST_OF_CHANNEL, FIRST_OF_CHANNEL + 1):
            known = channel is not None and number is not None
            error = (
                self._dialect.not_opening(kind, number or 0) if known else self._dialect.unknown_channel(kind, number)
            )
            if error is not None:
                raise error
            return None
        channel.process_packet(kind, sequence, packet)
        return None
