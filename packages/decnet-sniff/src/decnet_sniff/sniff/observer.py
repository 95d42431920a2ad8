# SPDX-License-Identifier: MIT
"""From packets to findings: one code path for live traffic and for files; values in, values out.

Most packets belong to a flow whose beginning is known, or bring no bytes. They are decided in `take` with one unpacking
and one dictionary lookup, and their bytes are never copied. Only what opens or begins a flow, and what is unusual
(VLANs, fragments, options, extension headers, tunnels), goes through the functions below it.

Time is that of the packets: a file gives the same findings at any speed.
"""

from collections import Counter
from collections.abc import Iterator
from struct import Struct
from typing import Final

from decnet_sniff.sniff.capture.packet_batch import Accept, PacketBatch
from decnet_sniff.sniff.findings import Finding, Findings
from decnet_sniff.sniff.own_addresses import IsOwn, none_is_own
from decnet_sniff.sniff.packets import ip, link, tunnels
from decnet_sniff.sniff.packets.fragments import Fragments
from decnet_sniff.sniff.packets.link import IP4, IP6, Buffer
from decnet_sniff.sniff.scan.detector import ScanDetector, ScanSettings
from decnet_sniff.sniff.sinks import FindingSinks
from decnet_sniff.sniff.transport.flow_timing import Timings
from decnet_sniff.sniff.transport.flows import ESTABLISHED
from decnet_sniff.sniff.transport.tcp import TcpTracker
from decnet_sniff.sniff.transport.udp import UdpTracker

MOST_ENDINGS: Final = 1024
"""Distinct endings of flows (client, server, port, how) per window; see `flow_timing`."""
TICK_NS: Final = 1_000_000_000
"""How often timeouts are checked."""

_V4 = Struct(">HBxH2xHxB2x12sIIBB").unpack_from
"""EtherType, version and length, total, fragment, protocol, both addresses and ports, `Numbers`."""
_V6 = Struct(">HBxxxHBx36sIIBB").unpack_from
"""EtherType, version, payload length, next header, both addresses and ports, `Numbers`."""
_TCP = Struct(">4xIIBB").unpack_from
_SKIP: Final = {link.ETHERNET: 14, link.SLL: 16}
"""Where IP begins behind the link layers that end with an EtherType."""
_NEVER: Final = 1 << 32
"""Behind other link layers: beyond the end of any packet."""
_FIN: Final = 0x01
_OPENS: Final = 0x06
"""SYN, RST."""
_NOT_QUICK: Final = _FIN | _OPENS


class Observer:
    """Turns packets into fingerprint, scan and flow findings; keeps state per flow, does no I/O."""

    def __init__(
        self, *, window_ns: int, flows: int, idle_ns: int, scan: ScanSettings, is_own: IsOwn = none_is_own
    ) -> None:
        self._sinks = FindingSinks(Findings(window_ns, is_own=is_own), ScanDetector(scan), Timings(MOST_ENDINGS))
        self._tcp = TcpTracker(self._sinks, flows, idle_ns)
        self._udp = UdpTracker(self._sinks, flows, idle_ns)
        self._window = window_ns
        self._timings_due = 0
        self._fragments = Fragments()
        self._due = 0
        self._counts: Counter[str] = Counter()

    def take(self, batch: PacketBatch, accept: Accept | None = None) -> None:
        """Process the packets of a batch, only those that `accept` accepts if it is given."""
        kind, buffer, records = batch
        skip, directions, due = _SKIP.get(kind, _NEVER), self._tcp.flows.directions, self._due
        by_address = accept is not None and accept.by_address
        advance = self._tcp.advance
        filtered = quick = 0
        for ts, start, end in records:
            at, upper = start + skip, 0
            if at + 34 <= end:
                ethertype, version, length, fragment, protocol, key, sequence, acknowledged, offset, flags = _V4(
                    buffer, at - 2
                )
                if ethertype == IP4 and version == 0x45 and protocol == 6 and length and not fragment & 0x3FFF:
                    upper, length = at + 20, length - 20
                elif ethertype == IP6 and at + 54 <= end:
                    _, version, length, protocol, key, sequence, acknowledged, offset, flags = _V6(buffer, at - 2)
                    upper = at + 40 if protocol == 6 and length and version >> 4 == 6 else 0
            if (by_address or not upper) and accept is not None and not accept(buffer, start, end):
                filtered += 1
                continue
            if ts >= due:
                due = self._tick(ts)
            if not upper:
                self._unusual(kind, ts, buffer, start, end)
                continue
            direction = directions.get(key)
            header = offset >> 2 & 0x3C
            payload = length - header
            if direction is not None and (
                (direction.quick and not flags & _NOT_QUICK and payload >= 0)
                or (payload == 0 and not flags & _OPENS and header >= 20 and upper + header <= end)
            ):
                quick += 1
                direction.packets += 1
                direction.bytes += payload
                flow = direction.flow
                gap = ts - flow.last
                flow.squares += gap * gap
                flow.last = ts
                if not payload and (flags & _FIN or flow.state != ESTABLISHED):
                    advance(flow, direction, flags)
            else:
                numbers = sequence, acknowledged, offset, flags, payload
                self._tcp.segment(ts, key, direction, numbers, (buffer, at, upper, min(end, upper + length)))
        self._due = due
        self._counts["packets"] += len(records)
        self._counts["packets_filtered"] += filtered
        self._counts["packets_quick"] += quick

    def due(self, now: int) -> Iterator[Finding]:
        """Yield the findings due at `now`, ns; to be called regularly."""
        if not 0 <= self._due - now <= 2 * TICK_NS:  # also after the clock was set back
            self._due = self._tick(now)
        return self._sinks.findings.due(now)

    def rest(self) -> Iterator[Finding]:
        """Yield all remaining findings, at the end of the capture."""
        self._tcp.close_all()
        self._udp.close_all()
        self._sinks.report_scans(None)
        self._sinks.report_timings()
        return self._sinks.findings.rest()

    @property
    def busy(self) -> bool:
        """Whether time alone may make findings due."""
        return bool(self._tcp.flows.size or self._udp.flows.size or self._sinks.findings.waiting)

    def counts(self) -> dict[str, float]:
        return {
            **self._counts,
            **self._fragments.counts,
            **self._tcp.counts(),
            **self._udp.counts(),
            **self._sinks.findings.counts,
            **self._sinks.scans.counters(),
            "flows_closed_not_reported": self._sinks.timings.not_reported,
        }

    def _tick(self, ts: int) -> int:
        """Run the timeouts; return when to do so again."""
        self._tcp.age(ts)
        self._udp.age(ts)
        self._sinks.report_scans(ts)
        if not 0 < self._timings_due - ts <= self._window:
            self._sinks.report_timings()
            self._timings_due = ts + self._window
        return ts + TICK_NS

    def _unusual(self, kind: int, ts: int, buffer: Buffer, start: int, end: int) -> None:
        if kind not in link.NAMES:
            self._counts["link_type_unknown"] += 1
            return
        self._network(ts, buffer, link.network(kind, buffer, start, end), end, tunnelled=False)

    def _network(self, ts: int, buffer: Buffer, found: tuple[int, int], end: int, *, tunnelled: bool) -> None:
        if found[0] in link.WRAPPED:
            self._counts["frames_unwrapped"] += 1
            found = link.wrapped(found[0], buffer, found[1], end)
        ethertype, at = found
        if ethertype not in {IP4, IP6}:
            self._counts["frames_short" if found == link.SHORT else "frames_not_ip"] += 1
            return
        packet = ip.packet(ethertype, buffer, at, end)
        if isinstance(packet, str):
            self._counts[f"ip_{packet}"] += 1
        elif packet.fragment is None:
            self._transport(ts, buffer, packet, tunnelled=tunnelled)
        elif (whole := self._fragments.add(ts, packet, buffer)) is not None:
            self._transport(ts, whole[0], whole[1], tunnelled=tunnelled)

    def _transport(self, ts: int, buffer: Buffer, packet: ip.Packet, *, tunnelled: bool) -> None:
        protocol, source, destination, header, at, end, _ = packet
        if protocol == ip.GRE:
            self._inside(ts, buffer, tunnels.gre(buffer, at, end), end, tunnelled=tunnelled)
        elif protocol in ip.IP_IN_IP:
            self._inside(ts, buffer, link.raw(buffer, at, end), end, tunnelled=tunnelled)
        elif protocol not in {ip.TCP, ip.UDP}:
            self._counts["ip_other_protocol"] += 1
        elif at + (20 if protocol == ip.TCP else 8) > end:
            self._counts["tcp_short" if protocol == ip.TCP else "udp_short"] += 1
        elif protocol == ip.TCP:
            key = source + destination + bytes(buffer[at : at + 4])
            sequence, acknowledged, offset, flags = _TCP(buffer, at)
            numbers = sequence, acknowledged, offset, flags, end - at - (offset >> 2 & 0x3C)
            known = self._tcp.flows.directions.get(key)
            self._tcp.segment(ts, key, known, numbers, (buffer, header, at, end))
        else:
            port = buffer[at + 2] << 8 | buffer[at + 3]
            if port not in tunnels.PORTS:
                port = buffer[at] << 8 | buffer[at + 1]
            if port in tunnels.PORTS and not tunnelled:
                inside = tunnels.over_udp(port, buffer, at + 8, end)
                if inside[0] in {IP4, IP6}:
                    self._inside(ts, buffer, inside, end, tunnelled=False)
                    return
            self._udp.datagram(ts, source + destination + bytes(buffer[at : at + 4]), buffer, at, end)

    def _inside(self, ts: int, buffer: Buffer, found: tuple[int, int], end: int, *, tunnelled: bool) -> None:
        """Look into a tunnel, but not into one inside it."""
        if tunnelled:
            self._counts["tunnels_nested"] += 1
            return
        self._counts["tunnels"] += 1
        self._network(ts, buffer, found, end, tunnelled=True)
