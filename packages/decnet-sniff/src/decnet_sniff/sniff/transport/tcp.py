# SPDX-License-Identifier: MIT
"""TCP (RFC 9293): the stack that opens a connection, the first data of both sides, and how it ends."""

from collections import Counter
from typing import Final, NamedTuple

from decnet_core.events.catalogue import Payload
from decnet_sniff.protocols.verdict import NEED_MORE, Verdict
from decnet_sniff.sniff.findings import NEW
from decnet_sniff.sniff.lru_ttl_cache import LruTtlCache
from decnet_sniff.sniff.packets.link import Buffer
from decnet_sniff.sniff.payloads import Headers, seen_stack
from decnet_sniff.sniff.scan import detector
from decnet_sniff.sniff.sinks import FindingSinks
from decnet_sniff.sniff.tls import starttls
from decnet_sniff.sniff.transport.flows import (
    CLOSED,
    ESTABLISHED,
    FIN,
    RST,
    SETTLED,
    SYN_ACK_SEEN,
    SYN_SEEN,
    WATCHED,
    Direction,
    Flow,
    Flows,
    answering,
    ends,
    reverse,
)
from decnet_sniff.sniff.transport.stream_head import Stream
from decnet_sniff.sniff.transport.stream_protocol import incomplete, may_be_tls, recognise

PROBE_NS: Final = 5_000_000_000
"""How long after a lone segment an answer belongs to it."""
HELD_BYTES: Final = 2 << 20
"""Of all streams that wait for the rest of a hello; beyond it the oldest is given up."""

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_EXACTLY: Final = 0x3F
"""All flags except those of ECN."""
_TURNS: Final = _FIN | _SYN | _RST
"""Only these change the state of an established connection."""
_WRAP: Final = 1 << 32


Packet = tuple[Buffer, int, int, int]
"""A buffer, and the offsets of the IP header, the TCP header and the end of the packet."""
Numbers = tuple[int, int, int, int, int]
"""Sequence and acknowledgement number, data offset and flags of a TCP header, and the length of the payload.

That is what the headers say: the capture may have less.
"""


class Segment(NamedTuple):
    """The header of a segment; `sequence` is that of its first payload byte."""

    ts: int
    key: bytes
    sequence: int
    acknowledged: int
    flags: int
    payload: int


class TcpTracker:
    def __init__(self, sinks: FindingSinks, most: int, idle_ns: int) -> None:
        self.flows = Flows(most, idle_ns)
        self._sinks = sinks
        self._finished = LruTtlCache[bytes, bool](256, PROBE_NS)
        """Lone segments with FIN and ACK: the answer tells a scan from the end of a forgotten connection."""
        self._streams: dict[Direction, int] = {}
        """Bytes that each stream holds, the oldest stream first."""
        self._held = 0
        self._opened = 0
        self._counts: Counter[str] = Counter()

    def counts(self) -> dict[str, float]:
        return {
            **self._counts,
            "tcp_flows_opened": self._opened,
            "tcp_flows": self.flows.size,
            "tcp_flows_evicted": self.flows.evicted,
            "tcp_held_bytes": self._held,
        }

    def age(self, now: int) -> None:
        """Close flows that have ended or are silent."""
        for flow in self.flows.aged(now):
            self._closed(flow)

    def close_all(self) -> None:
        """Close every flow, at the end of the capture."""
        for flow in self.flows.rest():
            self._closed(flow)

    def segment(
        self,
        ts: int,
        key: bytes,
        direction: Direction | None,
        numbers: Numbers,
        packet: Packet,
    ) -> None:
        """Process a segment of the direction that `key` has in the table."""
        sequence, acknowledged, offset, flags, payload = numbers
        if payload < 0 or offset < 0x50:
            self._counts["tcp_malformed"] += 1
            return
        buffer, header, at, end = packet
        data = at + (offset >> 2 & 0x3C)
        if flags & _SYN:  # what it brings with it begins behind the number that the SYN itself takes
            sequence = (sequence + 1) % _WRAP
            direction = (
                self._syn_ack(direction, key, ts, sequence, acknowledged)
                if flags & _ACK
                else self._syn(direction, key, ts, sequence)
            )
        elif direction is None:
            direction = self._unknown(NEW(Segment, (ts, key, sequence, acknowledged, flags, payload)))
            if direction is None:
                return
        flow = direction.flow
        direction.packets += 1
        direction.bytes += payload
        gap = ts - flow.last
        flow.squares += gap * gap
        flow.last = ts
        if payload and not flow.talked:
            self._talk(flow, direction)
        if data > end:  # what stands behind `end` is of the next packet
            self._counts["tcp_short"] += 1
        elif flags & _SYN:
            self._stack(ts, direction, buffer, (header, at, data), payload)
        if payload and direction.base != SETTLED and not flags & _RST:
            segment = NEW(Segment, (ts, key, sequence, acknowledged, flags, payload))
            self._data(segment, direction, bytes(buffer[data:end]))
        if flags & _TURNS or flow.state != ESTABLISHED:
            self.advance(flow, direction, flags)

    def _unknown(self, segment: Segment) -> Direction | None:
        """Return a new direction for a segment without SYN; None for a stray one."""
        if (other := self.flows.directions.get(reverse(segment.key))) is not None:
            return self.flows.answer(other.flow, segment.key, SETTLED if segment.flags & _RST else segment.sequence)
        return self._joined(segment)

    def _syn(self, direction: Direction | None, key: bytes, ts: int, sequence: int) -> Direction:
        """Begin a connection; an earlier one with the same ends is over, unless this is its SYN retransmitted."""
        known = direction or self.flows.directions.get(reverse(key))
        if known is not None:
            if known is known.flow.client and known is direction and known.flow.sequence == sequence:
                return known
            self._closed(self.flows.close(known.flow))
        flow = self._open(ts, key, sequence)
        flow.client.base = sequence
        source, host, _, port = flow.ends
        self._sinks.scans.probe(ts, source, host, port or 0, detector.SYN)
        return flow.client

    def _syn_ack(self, direction: Direction | None, key: bytes, ts: int, sequence: int, acknowledged: int) -> Direction:
        """Return the server's direction; until it has sent data, its last SYN+ACK says where that begins.

        A server that keeps no state (RFC 4987, 3.6) answers a repeated SYN with another sequence number.
        """
        if direction is None:
            return self._answer(key, ts, sequence, acknowledged)
        if direction is direction.flow.server and not direction.bytes and direction.flow.state != CLOSED:
            direction.base = sequence
        return direction

    def _answer(self, key: bytes, ts: int, sequence: int, acknowledged: int) -> Direction:
        """Return the server's direction, which begins with this segment."""
        asked = reverse(key)
        other = self.flows.directions.get(asked)
        if other is not None:
            flow = other.flow
        else:  # we came too late for its SYN
            flow = self._open(ts, asked, acknowledged)
            flow.client.base = acknowledged
        if flow.state == SYN_SEEN:
            flow.state = SYN_ACK_SEEN
        return self.flows.answer(flow, key, sequence)

    def _joined(self, segment: Segment) -> Direction | None:
        """Return the direction of a segment whose connection began before the capture; None if unusable."""
        if not segment.payload or segment.flags & (_RST | _FIN):
            self._stray(segment)
            return None
        self._counts["tcp_joined_late"] += 1
        if segment.key[-4:-2] < segment.key[-2:]:  # the side with the smaller port is the server
            return self._answer(segment.key, segment.ts, segment.sequence, segment.acknowledged)
        flow = self._open(segment.ts, segment.key, segment.sequence)
        flow.client.base = segment.sequence
        return flow.client

    def _stray(self, segment: Segment) -> None:
        """Record a segment of no connection: a probe, or the answer to one.

        Lone ACKs, and FINs with ACK, are also what remains of forgotten connections. Their other end knows better: it
        answers with a RST without ACK only if it does not know the connection.
        """
        self._counts["tcp_stray"] += 1
        source, host, source_port, port = ends(segment.key)
        technique = detector.technique_of(segment.flags)
        if technique == detector.MAIMON:
            self._finished.put(segment.key, True, segment.ts)
        elif segment.flags & _EXACTLY == _RST:
            kind = detector.MAIMON if self._finished.get(reverse(segment.key), segment.ts) else detector.ACK
            self._sinks.scans.probe(segment.ts, host, source, source_port or 0, kind)
        elif technique is not None and technique != detector.ACK:
            self._sinks.scans.probe(segment.ts, source, host, port or 0, technique)

    def _talk(self, flow: Flow, direction: Direction) -> None:
        """Record, once, that both sides of a connection have sent bytes."""
        other = flow.server if direction is flow.client else flow.client
        if other is not None and other.bytes:
            flow.talked = True
            source, host, _, port = flow.ends
            self._sinks.scans.talked(source, host, port or 0)

    def _open(self, ts: int, key: bytes, sequence: int) -> Flow:
        flows = self.flows
        if flows.size >= flows.most:
            for crowded in flows.crowded():
                self._closed(crowded)
        self._opened += 1
        return flows.open(key, ts, sequence)

    def _stack(self, ts: int, direction: Direction, buffer: Buffer, headers: Headers, payload: int) -> None:
        """Report the stack by the headers of its SYN or SYN+ACK."""
        flow, answers = direction.flow, buffer[headers[1] + 13] & _ACK
        seen = seen_stack(buffer, headers, payload, flow.mss if answers else 0)
        if seen is None:
            self._counts["tcp_malformed"] += 1
            return
        if not answers:
            flow.mss = seen[1]
        sender = flow.ends if direction is flow.client else answering(flow.ends)
        self._sinks.findings.add(ts, sender, seen[0], 0)  # the same on every port

    def _report(self, ts: int, flow: Flow, payload: Payload, *, server: bool) -> None:
        sender = answering(flow.ends) if server else flow.ends
        self._sinks.findings.add(ts, sender, payload, flow.ends[3] or 0)

    def _data(self, segment: Segment, direction: Direction, payload: bytes) -> None:
        """Process payload of a direction that is not settled."""
        if direction.base != WATCHED:
            self._wanted(segment, direction, payload)
        if direction.base == WATCHED and self._begins_late(segment, direction, payload):
            self._wanted(segment, direction, payload)

    def _begins_late(self, segment: Segment, direction: Direction, payload: bytes) -> bool:
        """Return whether a hello begins in `payload`, after another protocol; from there on it is wanted."""
        at = starttls.find(payload)
        if at is not None:
            direction.base = (segment.sequence + at) % _WRAP
        elif direction.bytes > starttls.PATIENCE:
            self._settle(direction)
        return at is not None

    def _wanted(self, segment: Segment, direction: Direction, payload: bytes) -> None:
        """Process payload of a direction whose beginning is wanted; most hellos are whole in their first segment."""
        stream, checked = direction.stream, False
        if stream is None:
            checked = segment.sequence == direction.base
            if checked and not self._needs_more(segment, direction, payload):
                return
            stream = direction.stream = Stream(direction.base)
            self._streams[direction] = 0
        grown = stream.add(segment.sequence, payload)
        self._account(direction, stream)
        if grown and not checked and direction.stream is stream:
            self._needs_more(segment, direction, stream.data)
        if direction.stream is stream and stream.exhausted:
            self._counts["tcp_streams_given_up"] += 1
            self._give_up(direction.flow, direction)

    def _needs_more(self, segment: Segment, direction: Direction, data: bytes) -> bool:
        """Recognise and report the bytes, and settle the direction; True when more bytes are needed first."""
        if not data:
            return True  # the capture has no more than the headers
        server = direction is direction.flow.server
        recognised = recognise(data, server=server)
        if recognised is NEED_MORE:
            return True
        base = direction.base
        self._settle(direction)
        if isinstance(recognised, Verdict):
            if not may_be_tls(data):
                self._watch(direction)
            return False
        self._report(segment.ts, direction.flow, recognised.payload, server=server)
        if recognised.opens:
            self._watch(direction)
        if recognised.again is not None:  # both send another hello
            direction.base, direction.quick = (base + recognised.again) % _WRAP, False
            direction.flow.client.base, direction.flow.client.quick = segment.acknowledged, False
            if rest := data[recognised.again :]:
                self._data(segment._replace(sequence=direction.base), direction, rest)
        return False

    def _watch(self, direction: Direction) -> None:
        direction.base, direction.quick = WATCHED, False

    def _settle(self, direction: Direction) -> None:
        direction.base, direction.quick = SETTLED, True
        if direction.stream is not None:
            direction.stream = None
            self._held -= self._streams.pop(direction, 0)

    def _give_up(self, flow: Flow, direction: Direction) -> None:
        """Settle a direction, and report what is to be seen of a beginning that is not complete."""
        if direction.stream is not None:
            server = direction is flow.server
            payload = incomplete(direction.stream.data, server=server)
            if payload is not None:
                self._report(flow.last, flow, payload, server=server)
        self._settle(direction)

    def _account(self, direction: Direction, stream: Stream) -> None:
        self._held += stream.size - self._streams[direction]
        self._streams[direction] = stream.size
        while self._held > HELD_BYTES:
            self._counts["tcp_streams_crowded_out"] += 1
            oldest = next(iter(self._streams))
            self._give_up(oldest.flow, oldest)

    def advance(self, flow: Flow, direction: Direction, flags: int) -> None:
        """Follow the connection's state by the flags of a segment of `direction`."""
        if flags & _RST:
            if flow.state == ESTABLISHED:
                flow.ended = RST
            elif flow.state == SYN_ACK_SEEN and direction is flow.client:
                self._sinks.scans.aborted(flow.ends[0])
            flow.state = CLOSED
        elif flow.state == CLOSED or flags & _SYN:
            return
        else:
            if flow.state == SYN_ACK_SEEN and direction is flow.client:
                self._sinks.scans.completed(flow.ends[0])
            flow.state, flow.opened = ESTABLISHED, True
            if flags & _FIN:
                direction.closing = True
                other = flow.server if direction is flow.client else flow.client
                if other is not None and other.closing:
                    flow.state, flow.ended = CLOSED, FIN

    def _closed(self, flow: Flow) -> None:
        """Record a flow that has left the table, and free what it held."""
        self._sinks.close(flow, "tcp")
        for direction in (flow.client, flow.server):
            if direction is not None and direction.stream is not None:
                self._give_up(flow, direction)
