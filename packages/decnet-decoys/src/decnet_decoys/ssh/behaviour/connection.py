# SPDX-License-Identifier: MIT
"""One connection of asyncssh that answers as a dialect does whatever is out of the ordinary.

asyncssh has no hooks for that, so its private methods are replaced: how the version line, packets and messages are
read, and the handlers of messages that real servers judge otherwise. What it says of its own accord is not sent.
"""

from __future__ import annotations

import asyncio
import copy
import sys
from collections.abc import Callable, Sequence
from typing import Any

from decnet_decoys.ssh.behaviour.authentication import Authentication, Doorkeeper
from decnet_decoys.ssh.behaviour.channel import DecoyChannel
from decnet_decoys.ssh.behaviour.dialect import (
    DEBUG,
    IGNORE,
    KEXINIT,
    NEWKEYS,
    OPEN_CONNECT_FAILED,
    SERVICE_REQUEST,
    UNIMPLEMENTED,
    USERAUTH_INFO_RESPONSE,
    USERAUTH_REQUEST,
    Dialect,
    RealText,
    State,
    VersionRefused,
)
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.wire import string

_packet: Any = sys.modules["asyncssh.packet"]
_kex_dh: Any = sys.modules["asyncssh.kex_dh"]

SERVICE_ACCEPT, EXT_INFO = 6, 7
GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE = 80, 81, 82
CHANNEL_OPEN, FIRST_OF_CHANNEL, LAST_OF_CHANNEL = 90, 91, 100
USERAUTH = b"ssh-userauth"
LEAST_BITS_SET = 4
HIGHEST_PORT = 0xFFFF
GROUP_BITS = (2048, 8192)
"""DH_GRP_MIN and DH_GRP_MAX of OpenSSH's dh.h."""


class LenientPacket(_packet.SSHPacket):  # type: ignore[misc]  # asyncssh's
    """A message after whose end anything may follow."""

    def check_end(self) -> None:
        """Overlook what follows."""


class DecoyConnection(asyncssh.SSHServerConnection):
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
        self._no_more_sessions = False
        self._has_agent = False

    def _cleanup(self, exc: Exception | None) -> None:
        super()._cleanup(exc)
        self._authentication = None  # it leads back here

    # ---- what is sent

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:
        """Send a packet; none of the empty ones that asyncssh puts before each."""
        if pkttype != IGNORE:
            super().send_packet(pkttype, *args, handler=handler)

    def _send(self, data: bytes) -> None:
        """Send, unless the connection is lost: for each answer to what came before asyncio would log a line."""
        if self._transport is not None and not self._transport.is_closing():
            super()._send(data)

    def _send_disconnect(self, code: int, reason: str, lang: str) -> None:
        if isinstance(reason, RealText):
            super()._send_disconnect(code, reason, lang)

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

    def _expected_message(self) -> int:
        """Return the message that the key exchange waits for; 0: none."""
        if self._next_recv_encryption is not None:
            return NEWKEYS
        kex: Any = self._kex
        if kex is None:
            return 0 if self._recv_encryption is not None else KEXINIT
        waits_for_group = isinstance(kex, _kex_dh._KexDHGex) and not kex._p
        return int(kex._request_type if waits_for_group else kex._init_type)

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

    def _check_group(self, kind: int, packet: Any) -> None:
        """Refuse groups that OpenSSH refuses (kexgexs.c); `kind` is a request for one."""
        kex: Any = self._kex
        if kind == NEWKEYS or not isinstance(kex, _kex_dh._KexDHGex) or kind != kex._request_type:
            return
        sizes = packet.get_remaining_payload()
        least, wanted, most = (int.from_bytes(sizes[at : at + 4], "big") for at in (0, 4, 8))
        if not least <= wanted <= most or most < GROUP_BITS[0] or least > GROUP_BITS[1]:
            raise asyncssh.ProtocolError("no such group")

    def _check_public(self, kind: int, packet: Any) -> None:
        """Refuse a client's number of which too few bits are set (dh_pub_is_valid() of OpenSSH's dh.c)."""
        kex: Any = self._kex
        if kind == NEWKEYS or not self._dialect.reads_all or not isinstance(kex, _kex_dh._KexDH | _kex_dh._KexDHGex):
            return
        content = packet.get_remaining_payload()
        if kind == kex._init_type and int.from_bytes(content[4:], "big").bit_count() < LEAST_BITS_SET:
            raise asyncssh.ProtocolError("no such number")

    # ---- key exchange

    async def _offered(self, packet: Any) -> None:
        """Handle a KEXINIT; of a wrong guess the next packet is skipped (RFC 4253 §7)."""
        offered = _lists(packet.get_full_payload())
        if self._recv_encryption is not None:
            if not (self._auth_complete or self._dialect.changes_keys_early):
                raise asyncssh.ProtocolError("new keys before a login")
            for own, theirs in zip(_lists(self._server_kexinit), offered, strict=True):
                if own:
                    self._choose_alg("new", own, theirs)  # before any answer to it
        try:
            await self._process_kexinit(KEXINIT, self._recv_seq, packet)
        except asyncssh.ProtocolError as error:
            raise (self._dialect.strict_violated() if "KEXINIT was not" in error.reason else error) from None
        guesses = [names[:1] for names in offered[:2]] == [names[:1] for names in _lists(self._server_kexinit)[:2]]
        self._ignore_first_kex = packet.get_full_payload()[-5:-4] != b"\0" and not guesses

    def _choose_alg(self, alg_type: str, local_algs: Sequence[bytes], remote_algs: Sequence[bytes]) -> bytes:
        # A client may offer a hundred thousand names, each of which is looked for in turn.
        known = frozenset(local_algs)
        offered = [name for name in self._dialect.names(list(remote_algs)) if name in known]
        return super()._choose_alg(alg_type, local_algs, offered)

    def choose_server_host_key(self, peer_host_key_algs: Sequence[bytes]) -> bool:
        """Choose a key of those that were offered; a copy, for which algorithm signs is kept in it."""
        for name in peer_host_key_algs:
            pair = self._server_host_keys.get(name) if name in (self._server_host_key_algs or ()) else None
            if pair is not None:
                self._server_host_key = copy.copy(pair)
                if name != pair.algorithm:
                    self._server_host_key.set_sig_algorithm(name)
                return True
        return False

    # ---- services, global requests, channels

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
        name = packet.get_string()
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
        too_high = self._dialect.reads_all and kind == b"direct-tcpip" and self._is_too_high(packet)
        if owner.channel_requested(kind.decode("utf-8", "backslashreplace"), packet):
            failure = (1, "open failed") if too_high else (OPEN_CONNECT_FAILED, "Connection refused")
        self.send_channel_open_failure(theirs, failure[0], failure[1], "")
        return None

    def _is_too_high(self, packet: Any) -> bool:
        """Return whether a client wants a connection to a port that is none; raises ProtocolError for no host."""
        wanted = _packet.SSHPacket(packet.get_remaining_payload())
        self.text_in(wanted)
        return int(wanted.get_uint32()) > HIGHEST_PORT

    def _remark(self, request: bytes) -> None:
        """Send what the real server has people read about a request, if anything (RFC 4253 §11.3)."""
        said = self._dialect.remark(request)
        if said:
            self.send_packet(DEBUG, b"\0" + string(said) + string(b""))

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


def _lists(kexinit: bytes) -> list[list[bytes]]:
    """Return the algorithms of a KEXINIT: all lists but those of languages."""
    packet = _packet.SSHPacket(kexinit[17:])
    return [packet.get_namelist() for _ in range(8)]


def _read_ignored(kind: int, packet: Any) -> None:
    """Read what is overlooked (RFC 4253 §11.2 to §11.4); raises PacketDecodeError if it is not all there."""
    if kind == UNIMPLEMENTED:
        packet.get_uint32()
    elif kind == DEBUG:
        packet.get_boolean()
        packet.get_string()


def _overlook(_packet: Any) -> None:
    """Do nothing with an answer to what was never asked."""
