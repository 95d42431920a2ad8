# SPDX-License-Identifier: MIT
"""Syslog over UDP (RFC 5426): a datagram is a message, and its sender is the source address.

The queue is the kernel's: it is bounded, costs no copy here, and the kernel counts what it dropped (SO_RXQ_OVFL,
socket(7)), which is reported in health.
"""

import asyncio
import logging
import socket
import sys
import time

from decnet_core.net.addresses import peer_address, source_of
from decnet_core.net.sockets import bound_udp
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.network.framing import Frame
from decnet_sniff.collect.network.syslog_port import SyslogPort
from decnet_sniff.collect.settings import NetworkSettings

log = logging.getLogger(__name__)

_SO_RXQ_OVFL = 40
_AT_ONCE = 16
_DATAGRAM_BYTES = 65_535


class SyslogUdpInput(SyslogPort):
    """One UDP socket; a full disk or a pause leaves datagrams to the kernel."""

    transport = "udp"

    def __init__(self, sink: InputSink, limits: NetworkSettings) -> None:
        super().__init__(sink, limits)
        self._full = asyncio.Event()
        self._overflows = 0

    async def open(self) -> None:
        """Bind, with the configured buffer size; raises StartupError."""
        await super().open()
        assert self._socket is not None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._limits.receive_bytes)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)

    def _bind(self, host: str, port: int) -> socket.socket:
        return bound_udp(host, port)

    async def run(self) -> None:
        """Receive as long as there is room."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._sink.room()
                self._full.clear()
                loop.add_reader(self._socket, self._receive, self._socket)
                await self._full.wait()
        finally:
            loop.remove_reader(self._socket)

    def _receive(self, sock: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, peer = sock.recvmsg(_DATAGRAM_BYTES, socket.CMSG_SPACE(4))
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP answer to nothing we sent; the socket stays good
                log.debug("receiving failed: %s", error.strerror)
                return
            self._note_overflow(ancillary)
            self._judge(data, peer[0])
            if not self._sink.has_room:
                asyncio.get_running_loop().remove_reader(sock)
                self._full.set()
                return

    def _judge(self, data: bytes, peer: str) -> None:
        address = peer_address(peer)
        if not self._is_allowed(address):
            self._sink.count("network_refused")
        elif not self._rates.allows(source_of(address), time.monotonic()):
            self._sink.count("network_limited")
        else:
            self._take(Frame(data[: self._limits.message_bytes], len(data)), address)

    def _note_overflow(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                total = int.from_bytes(value[:4], sys.byteorder)
                self._sink.count("udp_overflow", (total - self._overflows) % (1 << 32))
                self._overflows = total
