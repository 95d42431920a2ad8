# SPDX-License-Identifier: MIT
"""The DNS receiver, by UDP and by TCP (RFC 7766: two bytes of length before each message)."""

import asyncio
import time
from typing import Any, cast

from decnet_core.canary import Slug
from decnet_core.events.catalogue import CanaryHit, ServiceRequest
from decnet_core.net.addresses import source_of
from decnet_core.text import bounded
from decnet_workers.canary.connection import Connection, endpoint
from decnet_workers.canary.dns.wire import Query, Unanswerable, parse_query, refuse
from decnet_workers.canary.dns.zone import Zone, reply_to
from decnet_workers.canary.receiver import Receiver

MAX_MESSAGE_BYTES = 4096
"""Of a query by TCP; a legitimate one has about 50."""


class Resolver:
    """Answers one message and records the query."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        settings = receiver.settings
        self._zone = Zone(settings.zone, receiver.addresses, settings.ttl_seconds, receiver.key)

    def answer(self, message: bytes, peer: tuple[str, int], local: tuple[str, int]) -> bytes | None:
        """Return the response, None when there must be none (rate limit, not a query)."""
        self.receiver.came += 1
        if not self.receiver.rates.allows(source_of(peer[0]), time.monotonic()):
            self.receiver.counters.add("rate_limited")
            return None
        query = parse_query(message)
        if isinstance(query, Unanswerable):
            self.receiver.counters.add("dns_malformed")
            return refuse(query)
        reply = reply_to(query, self._zone)
        self.receiver.emit(self._payload(query, reply.slug, peer[0]), src=peer, dst=local)
        return reply.message

    def _payload(self, query: Query, slug: Slug | None, client: str) -> CanaryHit | ServiceRequest:
        name = bounded(query.name, 1024)
        if slug is not None:
            scanner = self.receiver.scanners.reason(slug.text, client, time.monotonic())
            return CanaryHit(slug.text, "dns", name, query_type=query.type_name, scanner=scanner)
        return ServiceRequest("dns", "query", {"name": name, "type": query.type_name})


class DnsDatagrams(asyncio.DatagramProtocol):
    """The UDP socket."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it everywhere
        self._local = endpoint(transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        response = self._resolver.answer(data, endpoint(addr), self._local)
        if response is not None:
            self._transport.sendto(response, addr)


class DnsStream(Connection):
    """One TCP connection: queries one after another until it is idle for too long."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__(resolver.receiver)
        self._resolver = resolver
        self._buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self.transport.is_closing() and len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2], "big")
            if end > MAX_MESSAGE_BYTES:
                self.transport.abort()
            elif len(self._buffer) < end:
                return
            else:
                self._answer(bytes(self._buffer[2:end]))
                del self._buffer[:end]

    def _answer(self, message: bytes) -> None:
        response = self._resolver.answer(message, self.peer, self.local)
        if response is None:
            self.transport.abort()
            return
        self.transport.write(len(response).to_bytes(2, "big") + response)
        self.wait()
