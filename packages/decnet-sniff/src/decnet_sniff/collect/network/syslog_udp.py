# SPDX-License-Identifier: MIT
"""Syslog over UDP (RFC 5426): a datagram is a message, and who sent it is what the kernel says.

The queue is the kernel's: it is bounded, costs no copy here, and the kernel counts what it had no room for
(SO_RXQ_OVFL, socket(7)), which is then in our health.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Sequence

from decnet_core.exits import StartupError
from decnet_core.net.addresses import (
    Network,
    parse_address,
    parse_endpoint,
    parse_network,
    peer_address,
    source_of,
)
from decnet_core.net.rates import SourceRates
from decnet_core.net.sockets import BindError, bound_udp
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.network.framing import Frame
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import NetworkSettings

log = logging.getLogger(__name__)

_SO_RXQ_OVFL = 40
_AT_ONCE = 64
_DATAGRAM_BYTES = 65_535


class SyslogUdpInput:
    """One UDP socket; a stopped disk or a pause leaves datagrams to the kernel."""

    def __init__(self, sink: InputSink, limits: NetworkSettings) -> None:
        self._sink = sink
        self._limits = limits
        self._rates = SourceRates(limits.messages_per_second, limits.message_burst)
        self._allowed = [parse_network(each) for each in sink.settings.allow]
        self._socket: socket.socket | None = None
        self._full = asyncio.Event()
        self._overflows = 0

    @property
    def port(self) -> int:
        """The port that it has."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    async def open(self) -> None:
        """Bind; raises StartupError."""
        host, port = parse_endpoint(self._sink.settings.listen)
        try:
            self._socket = bound_udp(host, port)
        except BindError as error:
            raise StartupError(f"cannot receive on udp {self._sink.settings.listen}: {error}") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._limits.receive_bytes)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        log.info("receiving syslog udp=%s port=%d", host, self.port)

    async def run(self) -> None:
        """Receive, as long as there is room."""
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

    def positions(self) -> None:
        """There is nothing that could be read a second time."""

    async def close(self) -> None:
        """Release the port."""
        if self._socket is not None:
            self._socket.close()

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
            self._take(data, peer[0])
            if not self._sink.has_room:
                asyncio.get_running_loop().remove_reader(sock)
                self._full.set()
                return

    def _take(self, data: bytes, peer: str) -> None:
        address = peer_address(peer)
        if not is_allowed(address, self._allowed):
            self._sink.count("network_refused")
        elif not self._rates.allows(source_of(address), time.monotonic()):
            self._sink.count("network_limited")
        else:
            self._sink.take(record_of(Frame(data[: self._limits.message_bytes], len(data)), "udp", address, self._sink))

    def _note_overflow(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                total = int.from_bytes(value[:4], sys.byteorder)
                self._sink.count("udp_overflow", (total - self._overflows) % (1 << 32))
                self._overflows = total


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Return whether `address` is in one of the networks; everybody is where there are none."""
    found = parse_address(address)
    return not networks or any(found in network for network in networks if found is not None)


def record_of(frame: Frame, way: str, address: str, sink: InputSink) -> Record:
    """Return a message of the host at `address`, which its text has no say in; it is received now."""
    host = sink.settings.hosts.get(address, address)
    return Record(frame.text, f"{way} {address}", size=frame.size, ts=time.time_ns(), host=host)
