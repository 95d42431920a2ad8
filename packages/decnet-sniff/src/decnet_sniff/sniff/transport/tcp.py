# SPDX-License-Identifier: MIT
"""What TCP segments tell (RFC 9293): which stack opens a connection, what both sides say first, how it ends."""

from __future__ import annotations

from collections import Counter
from struct import Struct
from typing import Final, NamedTuple

from decnet_core.events.catalogue import Payload
from decnet_sniff.protocols import stack
from decnet_sniff.protocols.verdict import NEED_MORE, Verdict
from decnet_sniff.sniff.lru_ttl_cache import Recent
from decnet_sniff.sniff.packets.link import Buffer
from decnet_sniff.sniff.payloads import tcp_stack
from decnet_sniff.sniff.scan import detector
from decnet_sniff.sniff.sinks import Books
from decnet_sniff.sniff.tls import starttls
from decnet_sniff.sniff.transport.flows import (
    ANSWERED,
    ASKED,
    ENDED,
    FIN,
    OPEN,
    RST,
    SETTLED,
    WATCHED,
    Flow,
    Flows,
    Half,
    ends,
    ports,
    reverse,
)
from decnet_sniff.sniff.transport.stream_head import Stream
from decnet_sniff.sniff.transport.stream_protocol import may_be_tls, recognise

PROBE_NS: Final = 5_000_000_000
"""How long an answer to a lone segment may take."""
HELD_BYTES: Final = 2 << 20
"""Of all streams that wait for the rest of a hello; above it the one that has waited longest is given up."""

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_EXACTLY: Final = 0x3F
"""All flags but those of ECN."""
_TCP = Struct(">4xIIBB").unpack_from
_WRAP: Final = 1 << 32


Bounds = tuple[int, int, int]
"""Where in a buffer the IP header begins, the TCP header begins, the packet ends."""


class Segment(NamedTuple):
    """What a segment's header says; `sequence` is that of its first byte of payload."""

    ts: int
    key: bytes
    sequence: int
    acknowledged: int
    flags: int
    payload: int


class TcpSide:
    """All TCP connections."""

    def __init__(self, books: Books, most: int, idle_ns: int) -> None:
        self.flows = Flows(most, idle_ns)
        self._books = books
        self._finished = Recent[bytes, bool](256, PROBE_NS)
        """Lone segments with FIN and ACK: what answers them tells a scan from the end of a forgotten connection."""
        self._streams: dict[Half, int] = {}
        """Bytes that each stream holds, the oldest stream first."""
        self._held = 0
        self._counts: Counter[str] = Counter()

    def counts(self) -> dict[str, float]:
        """Return counters and levels."""
        return {
            **self._counts,
            "tcp_flows": self.flows.size,
            "tcp_flows_evicted": self.flows.evicted,
            "tcp_held_bytes": self._held,
        }

    def age(self, now: int) -> None:
        """Close what has ended or is silent."""
        for flow in self.flows.aged(now):
            self._closed(flow)

    def close_all(self) -> None:
        """Close every flow, for nothing more will come."""
        for flow in self.flows.rest():
            self._closed(flow)

    def segment(self, ts: int, key: bytes, buffer: Buffer, bounds: Bounds, payload: int) -> None:
        """Take the segment at `bounds`; `payload` is what its headers state: the capture may have less."""
        _, at, end = bounds
        sequence, acknowledged, offset, flags = _TCP(buffer, at)
        if payload < 0 or offset < 0x50:
            self._counts["tcp_malformed"] += 1
            return
        # What a SYN brings with it begins behind the number that the SYN itself takes.
        first = (sequence + 1) % _WRAP if flags & _SYN else sequence
        data = at + (offset >> 2 & 0x3C)
        segment = Segment(ts, key, first, acknowledged, flags, payload)
        half = self._half(segment)
        if half is None:
            return
        flow = half.flow
        half.packets += 1
        half.bytes += payload
        gap = ts - flow.last
        flow.squares += gap * gap
        flow.last = ts
        if payload and not flow.talked:
            self._talk(flow, half)
        if data > end:  # what stands behind `end` is of the next packet
            self._counts["tcp_short"] += 1
        elif flags & _SYN:
            self._stack(segment, half, bytes(buffer[bounds[0] : at]), bytes(buffer[at:data]))
        if half.base != SETTLED and payload and not flags & _RST:
            self._data(segment, half, bytes(buffer[data:end]))
        self._advance(flow, half, flags)

    def _half(self, segment: Segment) -> Half | None:
        """Return the direction that the segment belongs to, which may be a new one; None for a stray one."""
        half = self.flows.halves.get(segment.key)
        if segment.flags & _SYN:
            return (half or self._answer(segment)) if segment.flags & _ACK else self._syn(half, segment)
        if half is not None:
            return half
        if (asked := self.flows.halves.get(reverse(segment.key))) is not None:
            return self.flows.answer(asked.flow, SETTLED if segment.flags & _RST else segment.sequence)
        return self._joined(segment)

    def _syn(self, half: Half | None, segment: Segment) -> Half:
        """Begin a connection; one with the same ends is over, unless this is its SYN sent again."""
        known = half or self.flows.halves.get(reverse(segment.key))
        if known is not None:
            if known is known.flow.client and known is half and known.flow.sequence == segment.sequence:
                return known
            self._closed(self.flows.close(known.flow))
        flow = self._open(segment.ts, segment.key, segment.sequence)
        flow.client.base = segment.sequence
        source, _, host, port = ends(segment.key)
        self._books.scans.probe(segment.ts, source, host, port or 0, detector.SYN)
        return flow.client

    def _answer(self, segment: Segment) -> Half:
        """Return the server's direction, which begins with this segment."""
        asked = self.flows.halves.get(reverse(segment.key))
        if asked is not None:
            flow = asked.flow
        else:  # we came too late for its SYN
            flow = self._open(segment.ts, reverse(segment.key), segment.acknowledged)
            flow.client.base = segment.acknowledged
        if flow.state == ASKED:
            flow.state = ANSWERED
        return self.flows.answer(flow, segment.sequence)

    def _joined(self, segment: Segment) -> Half | None:
        """Return the direction of a segment whose connection began before us, None when nothing begins with it."""
        if not segment.payload or segment.flags & (_RST | _FIN):
            self._stray(segment)
            return None
        self._counts["tcp_joined_late"] += 1
        if segment.key[-4:-2] < segment.key[-2:]:  # who has the smaller port was called
            return self._answer(segment)
        flow = self._open(segment.ts, segment.key, segment.sequence)
        flow.client.base = segment.sequence
        return flow.client

    def _stray(self, segment: Segment) -> None:
        """Note a segment of no connection: a probe, or the answer to one.

        Lone ACKs, and FINs with ACK, are also what is left of connections that we have forgotten. Their other end
        knows better: it answers with a RST without ACK only what it knows nothing of.
        """
        self._counts["tcp_stray"] += 1
        source, source_port, host, port = ends(segment.key)
        technique = detector.technique_of(segment.flags)
        if technique == detector.MAIMON:
            self._finished.put(segment.key, True, segment.ts)
        elif segment.flags & _EXACTLY == _RST:
            kind = detector.MAIMON if self._finished.get(reverse(segment.key), segment.ts) else detector.ACK
            self._books.scans.probe(segment.ts, host, source, source_port or 0, kind)
        elif technique is not None and technique != detector.ACK:
            self._books.scans.probe(segment.ts, source, host, port or 0, technique)

    def _talk(self, flow: Flow, half: Half) -> None:
        """Note that both sides of a connection have sent bytes, once."""
        other = flow.server if half is flow.client else flow.client
        if other is not None and other.bytes:
            flow.talked = True
            source, _, host, port = ends(flow.key)
            self._books.scans.talked(source, host, port or 0)

    def _open(self, ts: int, key: bytes, sequence: int) -> Flow:
        for crowded in self.flows.crowded():
            self._closed(crowded)
        self._counts["tcp_flows_opened"] += 1
        return self.flows.open(key, ts, sequence)

    def _stack(self, segment: Segment, half: Half, network: bytes, transport: bytes) -> None:
        """Tell what the headers of a SYN or SYN+ACK say about who made them."""
        seen = stack.read(stack.Syn(network, transport, segment.payload))
        if seen is None:
            self._counts["tcp_malformed"] += 1
            return
        answer = bool(segment.flags & _ACK)
        if not answer:
            half.flow.mss = seen.mss or 0
        told = tcp_stack(seen, server=answer, peer_mss=half.flow.mss if answer else 0)
        self._books.findings.add(segment.ts, ends(segment.key), told, 0)  # the same on every port

    def _tell(self, segment: Segment, payload: Payload, *, server: bool) -> None:
        source_port, port = ports(segment.key)
        self._books.findings.add(segment.ts, ends(segment.key), payload, source_port if server else port)

    def _data(self, segment: Segment, half: Half, payload: bytes) -> None:
        """Take bytes of a direction that is not settled."""
        if half.base != WATCHED:
            self._wanted(segment, half, payload)
        if half.base == WATCHED and self._begins_late(segment, half, payload):
            self._wanted(segment, half, payload)

    def _begins_late(self, segment: Segment, half: Half, payload: bytes) -> bool:
        """Tell whether a hello begins in `payload`, behind words of another protocol; from there on it is wanted."""
        at = starttls.find(payload)
        if at is not None:
            half.base = (segment.sequence + at) % _WRAP
        elif half.bytes > starttls.PATIENCE:
            self._settle(half)
        return at is not None

    def _wanted(self, segment: Segment, half: Half, payload: bytes) -> None:
        """Take bytes of a direction whose beginning is wanted; most hellos are whole in their first segment."""
        stream, asked = half.stream, False
        if stream is None:
            asked = segment.sequence == half.base
            if asked and not self._needs_more(segment, half, payload):
                return
            stream = half.stream = Stream(half.base)
            self._streams[half] = 0
        grown = stream.add(segment.sequence, payload)
        self._account(half, stream)
        if grown and not asked and half.stream is stream:
            self._needs_more(segment, half, stream.data)
        if half.stream is stream and stream.exhausted:
            self._counts["tcp_streams_given_up"] += 1
            self._settle(half)

    def _needs_more(self, segment: Segment, half: Half, data: bytes) -> bool:
        """Ask what the bytes are, tell it, and be done with the direction; True when more bytes are needed first."""
        if not data:
            return True  # the capture has no more than the headers
        server = half is half.flow.server
        found = recognise(data, server=server)
        if found is NEED_MORE:
            return True
        base = half.base
        self._settle(half)
        if isinstance(found, Verdict):
            if not may_be_tls(data):
                self._watch(half)
            return False
        self._tell(segment, found.payload, server=server)
        if found.opens:
            self._watch(half)
        if found.again is not None:  # both say hello once more
            half.base, half.quick = (base + found.again) % _WRAP, False
            half.flow.client.base, half.flow.client.quick = segment.acknowledged, False
            if rest := data[found.again :]:
                self._data(segment._replace(sequence=half.base), half, rest)
        return False

    def _watch(self, half: Half) -> None:
        half.base, half.quick = WATCHED, False

    def _settle(self, half: Half) -> None:
        half.base, half.stream, half.quick = SETTLED, None, True
        self._held -= self._streams.pop(half, 0)

    def _account(self, half: Half, stream: Stream) -> None:
        self._held += stream.size - self._streams[half]
        self._streams[half] = stream.size
        while self._held > HELD_BYTES:
            self._counts["tcp_streams_crowded_out"] += 1
            self._settle(next(iter(self._streams)))

    def _advance(self, flow: Flow, half: Half, flags: int) -> None:
        """Follow the connection's state."""
        if flags & _RST:
            if flow.state == OPEN:
                flow.ended = RST
            elif flow.state == ANSWERED and half is flow.client:
                self._books.scans.aborted(ends(flow.key).source)
            flow.state = ENDED
        elif flow.state == ENDED or flags & _SYN:
            return
        else:
            if flow.state == ANSWERED and half is flow.client:
                self._books.scans.completed(ends(flow.key).source)
            flow.state, flow.opened = OPEN, True
            if flags & _FIN:
                half.closing = True
                other = flow.server if half is flow.client else flow.client
                if other is not None and other.closing:
                    flow.state, flow.ended = ENDED, FIN

    def _closed(self, flow: Flow) -> None:
        """Write down what is known of a flow that has left the table, and free what it held."""
        self._books.close(flow, "tcp")
        self._settle(flow.client)
        if flow.server is not None:
            self._settle(flow.server)
