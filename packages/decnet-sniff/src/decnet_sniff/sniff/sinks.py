# SPDX-License-Identifier: MIT
"""Where both transports report: findings, the scan detector, and the timing of closed flows."""

from typing import NamedTuple

from decnet_core.events.catalogue import PortScan
from decnet_sniff.sniff.findings import NEW, Ends, Finding, Findings
from decnet_sniff.sniff.scan.detector import Scan, ScanDetector
from decnet_sniff.sniff.transport.flow_timing import Ending, Timing, Timings
from decnet_sniff.sniff.transport.flows import Flow

_MILLISECOND = 1_000_000


class FindingSinks(NamedTuple):
    findings: Findings
    scans: ScanDetector
    timings: Timings

    def close(self, flow: Flow, transport: str) -> None:
        """Record the timing of a closed flow, unless it was no more than a SYN and its answer."""
        if not flow.opened:
            return
        client, server = flow.client, flow.server
        received, answered = (server.packets, server.bytes) if server else (0, 0)
        duration = max(0, flow.last - flow.first)
        timing = (flow.first, client.packets, received, client.bytes, answered, duration, flow.squares, 1)
        opener, responder, _, port = flow.ends
        ending = NEW(Ending, (opener, responder, port or 0, transport, flow.ended))
        self.timings.add(ending, NEW(Timing, timing))
        if not self.findings.folds:
            self.report_timings()

    def report_scans(self, now: int | None) -> None:
        """Move scans that are due at `now` to the findings; all of them without it."""
        for scan in self.scans.rest() if now is None else self.scans.due(now):
            self.findings.report(_scan(scan))

    def report_timings(self) -> None:
        """Move the timing of ended flows to the findings."""
        for ending, first, payload in self.timings.take():
            reported = Ends(ending.opener, ending.responder, None, ending.port)
            self.findings.report(Finding(first, reported, payload))


def _scan(scan: Scan) -> Finding:
    payload = PortScan(
        technique=scan.technique,
        ports=scan.ports,
        distinct_ports=scan.distinct_ports,
        hosts=scan.hosts,
        duration_ms=max(0, scan.last_ns - scan.first_ns) // _MILLISECOND,
        count=scan.probes,
    )
    return Finding(scan.first_ns, Ends(scan.source, scan.one_host or b"", None, None), payload)
