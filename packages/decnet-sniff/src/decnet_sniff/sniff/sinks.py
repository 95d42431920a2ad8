# SPDX-License-Identifier: MIT
"""What both transports write into: findings, who scans, and how flows were timed."""

from __future__ import annotations

from typing import NamedTuple

from decnet_core.events.catalogue import PortScan
from decnet_sniff.sniff.findings import Ends, Finding, Findings
from decnet_sniff.sniff.scan.detector import Scan, Scans
from decnet_sniff.sniff.transport.flow_timing import Ending, Timing, Timings
from decnet_sniff.sniff.transport.flows import Flow, ends

_MILLISECOND = 1_000_000


class Books(NamedTuple):
    """One of each."""

    findings: Findings
    scans: Scans
    timings: Timings

    def close(self, flow: Flow, transport: str) -> None:
        """Write down the timing of a flow that is over, if more was said than a SYN and what answers it."""
        if not flow.opened:
            return
        client, server = flow.client, flow.server
        timing = Timing(
            first_ns=flow.first,
            packets_sent=client.packets,
            packets_received=server.packets if server else 0,
            bytes_sent=client.bytes,
            bytes_received=server.bytes if server else 0,
            duration_ns=max(0, flow.last - flow.first),
            gap_squares=flow.squares,
        )
        opener, _, responder, port = ends(flow.key)
        self.timings.add(Ending(opener, responder, port or 0, transport, flow.ended), timing)
        if not self.findings.folds:
            self.tell_timings()

    def tell_scans(self, now: int | None) -> None:
        """Move scans that are due at `now` to the findings; all of them without it."""
        for scan in self.scans.rest() if now is None else self.scans.due(now):
            self.findings.tell(_scan(scan))

    def tell_timings(self) -> None:
        """Move what is known of the flows that ended to the findings."""
        for ending, first, payload in self.timings.take():
            told = Ends(ending.opener, None, ending.responder, ending.port)
            self.findings.tell(Finding(first, told, payload))


def _scan(scan: Scan) -> Finding:
    payload = PortScan(
        technique=scan.technique,
        ports=scan.ports,
        distinct_ports=scan.distinct_ports,
        hosts=scan.hosts,
        duration_ms=max(0, scan.last_ns - scan.first_ns) // _MILLISECOND,
        count=scan.probes,
    )
    return Finding(scan.first_ns, Ends(scan.source, None, scan.one_host or b"", None), payload)
