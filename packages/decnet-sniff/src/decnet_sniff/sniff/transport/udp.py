# SPDX-License-Identifier: MIT
"""UDP: the hellos of QUIC and DTLS, and flows."""

from collections import Counter
from typing import Final

from decnet_sniff.sniff.packets.link import Buffer
from decnet_sniff.sniff.quic.hellos import Connections
from decnet_sniff.sniff.sinks import FindingSinks
from decnet_sniff.sniff.tls.dtls import Handshakes
from decnet_sniff.sniff.tls.hello import Hello, ServerHello
from decnet_sniff.sniff.tls.payloads import tls_payload
from decnet_sniff.sniff.transport.flows import ESTABLISHED, Direction, Flows, ends, reverse

IDLE_NS: Final = 30_000_000_000

_LONG_HEADER: Final = 0x80
"""The first bit of a QUIC packet of the handshake (RFC 8999 §5.1); the second may be set at random (RFC 9287)."""
_SMALLEST_QUIC: Final = 11
"""Bytes of a version negotiation, the smallest that counts."""
_HANDSHAKE: Final = 22
"""The first byte of a DTLS record that may have a hello (RFC 6347 §4.1)."""
_SMALLEST_DTLS: Final = 25


class UdpTracker:
    def __init__(self, sinks: FindingSinks, most: int, idle_ns: int) -> None:
        self.flows = Flows(most, min(idle_ns, IDLE_NS))
        self._sinks = sinks
        self._quic = Connections()
        self._dtls = Handshakes()
        self._counts: Counter[str] = Counter()

    def counts(self) -> dict[str, float]:
        flows = {"udp_flows": self.flows.size, "udp_flows_evicted": self.flows.evicted}
        return {**self._counts, **flows, **self._quic.counters(), **self._dtls.counters()}

    def age(self, now: int) -> None:
        for flow in self.flows.aged(now):
            self._sinks.close(flow, "udp")

    def close_all(self) -> None:
        """Close every flow, at the end of the capture."""
        for flow in self.flows.rest():
            self._sinks.close(flow, "udp")

    def datagram(self, ts: int, key: bytes, buffer: Buffer, at: int, end: int) -> None:
        """Process a datagram whose UDP header is at `at`."""
        length = (buffer[at + 4] << 8 | buffer[at + 5]) or end - at
        if length < 8:
            self._counts["udp_malformed"] += 1
            return
        direction = self.flows.directions.get(key) or self._unknown(ts, key)
        flow = direction.flow
        direction.packets += 1
        direction.bytes += length - 8
        gap = ts - flow.last
        flow.squares += gap * gap
        flow.last = ts
        end = min(end, at + length)
        if end - at - 8 >= _SMALLEST_QUIC and buffer[at + 8] & _LONG_HEADER:
            size = len(key) // 2 - 2
            sender, receiver = key[:size] + key[-4:-2], key[size : 2 * size] + key[-2:]
            hello = self._quic.datagram(sender, receiver, bytes(buffer[at + 8 : end]), ts)
            if hello is not None:
                self._report(ts, key, hello, "quic")
        elif end - at - 8 >= _SMALLEST_DTLS and buffer[at + 8] == _HANDSHAKE:
            hello = self._dtls.datagram(key, bytes(buffer[at + 8 : end]), ts)
            if hello is not None:
                self._report(ts, key, hello, "dtls")

    def _report(self, ts: int, key: bytes, hello: Hello, transport: str) -> None:
        sender = ends(key)
        service = sender.source_port if isinstance(hello, ServerHello) else sender.destination_port
        self._sinks.findings.add(ts, sender, tls_payload(hello, transport), service or 0)

    def _unknown(self, ts: int, key: bytes) -> Direction:
        source, host, source_port, port = ends(key)
        self._sinks.scans.udp(ts, source, source_port or 0, host, port or 0)
        other = self.flows.directions.get(reverse(key))
        if other is not None:
            other.flow.state, other.flow.opened = ESTABLISHED, True
            return self.flows.answer(other.flow, key, 0)
        for crowded in self.flows.crowded():
            self._sinks.close(crowded, "udp")
        return self.flows.open(key, ts, 0).client
