# SPDX-License-Identifier: MIT
"""Port scans and host sweeps: which source probed how many ports and addresses, fast or slowly.

A source is a candidate from its second target on, and a scanner once its targets without a conversation are more ports,
or more hosts, than a client needs. It is dropped when it has been quiet for `memory_seconds`, hours, so that a probe
every few minutes adds up; a flood of forged sources stays among the first probes and does not displace candidates. A
scanner's activity is reported when it pauses, at the latest at the end of a window: one finding per source and
technique.

A source that has a conversation with each host is no scanner here, however many: its contacts are recorded anyway.
Times are nanoseconds of the capture; nothing here reads a clock.
"""

from typing import Annotated, NamedTuple

import msgspec

from decnet_core.timing.durations import SECOND_NS
from decnet_sniff.sniff.scan.candidates import Candidate, FirstProbe, Target, interned_target

SYN, CONNECT, FIN, NULL, XMAS, MAIMON, ACK, UDP = "syn", "connect", "fin", "null", "xmas", "maimon", "ack", "udp"

_FIN, _SYN, _PSH, _ACK, _URG = 1, 2, 8, 16, 32
_BY_FLAGS = {0: NULL, _SYN: SYN, _FIN: FIN, _FIN | _PSH | _URG: XMAS, _FIN | _ACK: MAIMON, _ACK: ACK}

Key = tuple[bytes, str]
"""Source address and technique; of a connect scan the technique is SYN until it is reported."""


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as a scan, and how much is remembered."""

    ports: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    """Ports without a conversation that make a scan."""
    hosts: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    """Addresses without a conversation that make a sweep."""
    pause_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30
    """A scan that has been quiet for this long is reported."""
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 300
    """A scan that continues for this long is reported as far as it has come."""
    trickle_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 3600
    """Single probes of a scanner that was reported before are reported together after this time."""
    memory_seconds: Annotated[int, msgspec.Meta(ge=60, le=604800)] = 86400
    """A source that is quiet for this long is dropped."""
    first_probes: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 4096
    """Sources with one target that are remembered; beyond that the oldest are dropped and counted."""
    candidates: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 2048
    """Sources with several; beyond that the one that has been quiet longest is reported and dropped."""
    targets: Annotated[int, msgspec.Meta(ge=1024, le=1 << 22)] = 16384
    """Ports, hosts and targets remembered for all sources together."""
    named_ports: Annotated[int, msgspec.Meta(ge=0, le=65536)] = 128
    """Ports that a finding lists; it counts them all."""


class Scan(NamedTuple):
    """One source's probing with one technique since the last report."""

    source: bytes
    technique: str
    ports: tuple[int, ...]
    """The lowest ports that were probed, at most `named_ports`."""
    distinct_ports: int
    hosts: int
    one_host: bytes | None
    """The address, when there was only one."""
    probes: int
    first_ns: int
    last_ns: int


def technique_of(flags: int) -> str | None:
    """Return the technique of a lone TCP packet by its flags (RFC 9293 §3.1), None for one that no scan sends."""
    return _BY_FLAGS.get(flags & 0x3F)


class ScanDetector:
    """The bounded memory of probes by source."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._first_probes: dict[Key, FirstProbe] = {}
        self._candidates: dict[Key, Candidate] = {}  # the one that probed last is last
        self._pending: dict[Key, None] = {}  # scanners with something to report
        self._reported_early: list[Scan] = []
        self._kept = 0
        self._first_probes_displaced = self._candidates_displaced = self._scans_reported_early = 0

    def counters(self) -> dict[str, int]:
        """Return sizes, and what was dropped for lack of room."""
        return {
            "scan_first_probes": len(self._first_probes),
            "scan_candidates": len(self._candidates),
            "scan_targets": self._kept,
            "scan_first_probes_displaced": self._first_probes_displaced,
            "scan_candidates_displaced": self._candidates_displaced,
            "scans_reported_early": self._scans_reported_early,
        }

    def probe(self, now: int, source: bytes, host: bytes, port: int, technique: str) -> None:
        """Record that `source` sent to `port` of `host` a packet that begins a flow, or a lone one.

        An ACK scan is best recognised by the answer: a bare RST from a port without a known flow.
        """
        key, target = (source, technique), interned_target(host, port)
        candidate = self._candidates.pop(key, None)
        if candidate is None:
            first_probe = self._first_probes.pop(key, None)
            if first_probe is None or now - first_probe.since > self._settings.memory_seconds * SECOND_NS:
                first_probe = FirstProbe(target, now)
            if first_probe.target == target:
                self._remember(key, first_probe)
                return
            candidate = Candidate(first_probe)
            self._kept += candidate.kept
        self._candidates[key] = candidate
        candidate.last = now
        before = candidate.kept
        self._add(key, candidate, target)
        self._kept += candidate.kept - before
        while self._kept > self._settings.targets or len(self._candidates) > self._settings.candidates:
            self._make_room(key, candidate)

    def udp(self, now: int, source: bytes, source_port: int, host: bytes, port: int) -> None:
        """Record a UDP datagram: the answer to an earlier one, or else a probe."""
        if self._known((host, UDP), (source, source_port)):
            self.talked(host, source, source_port, UDP)
        else:
            self.probe(now, source, host, port, UDP)

    def completed(self, source: bytes) -> None:
        """Record that `source` completed a TCP handshake."""
        state = self._candidates.get((source, SYN)) or self._first_probes.get((source, SYN))
        if state is not None:
            state.completed = True

    def aborted(self, source: bytes) -> None:
        """Record that `source` answered a SYN+ACK with RST, as SYN scanners do."""
        state = self._candidates.get((source, SYN)) or self._first_probes.get((source, SYN))
        if state is not None:
            state.aborted = True

    def talked(self, source: bytes, host: bytes, port: int, technique: str = SYN) -> None:
        """Record that both sides of a flow sent data: a conversation, no probe, unless `source` is a known scanner."""
        key, target = (source, technique), (host, port)
        first_probe = self._first_probes.get(key)
        if first_probe is not None and first_probe.target == target:
            first_probe.talked = True
        candidate = self._candidates.get(key)
        if candidate is None or target not in candidate.open:
            return
        candidate.open.discard(target)
        candidate.talked[target] = None
        if len(candidate.talked) > self._settings.ports * self._settings.hosts:
            del candidate.talked[next(iter(candidate.talked))]
            self._kept -= 1

    def due(self, now: int) -> list[Scan]:
        """Return the scans that paused or have gone on for a window; to be called about every second."""
        scans, self._reported_early = self._reported_early, []
        scans += [self._report(key) for key in list(self._pending) if self._is_due(self._candidates[key], now)]
        self._age(now - self._settings.memory_seconds * SECOND_NS)
        return scans

    def rest(self) -> list[Scan]:
        """Return all unreported scans, at the end of the capture."""
        scans, self._reported_early = self._reported_early, []
        return scans + [self._report(key) for key in list(self._pending)]

    def _known(self, key: Key, target: Target) -> bool:
        first_probe = self._first_probes.get(key)
        if first_probe is not None:
            return first_probe.target == target
        candidate = self._candidates.get(key)
        return candidate is not None and (target in candidate.open or target in candidate.talked)

    def _remember(self, key: Key, first_probe: FirstProbe) -> None:
        self._first_probes[key] = first_probe
        if len(self._first_probes) > self._settings.first_probes:
            del self._first_probes[next(iter(self._first_probes))]
            self._first_probes_displaced += 1

    def _add(self, key: Key, candidate: Candidate, target: Target) -> None:
        if candidate.scanner:
            if not candidate.probes:
                candidate.first = candidate.last
            self._pending[key] = None
            candidate.hosts.add(target[0])
            candidate.ports.add(target[1])
        elif target in candidate.talked:
            return
        elif target not in candidate.open:
            candidate.open.add(target)
            if self._is_scan(len({port for _, port in candidate.open}), len({host for host, _ in candidate.open})):
                self._confirm(key, candidate)
        candidate.probes += 1

    def _is_scan(self, ports: int, hosts: int) -> bool:
        return ports >= self._settings.ports or hosts >= self._settings.hosts

    def _confirm(self, key: Key, candidate: Candidate) -> None:
        candidate.scanner = True
        for host, port in candidate.open:
            candidate.hosts.add(host)
            candidate.ports.add(port)
        candidate.open, candidate.talked = set(), {}
        self._pending[key] = None

    def _make_room(self, key: Key, candidate: Candidate) -> None:
        """Make room: report a scanner that takes much of it; else drop the source that has been quiet longest."""
        if candidate.scanner and candidate.kept > self._settings.targets // 8:
            self._reported_early.append(self._report(key))
            self._scans_reported_early += 1
            return
        oldest = next(iter(self._candidates))
        self._candidates_displaced += 1
        if oldest in self._pending:
            self._reported_early.append(self._report(oldest))
        self._kept -= self._candidates.pop(oldest).kept

    def _is_due(self, candidate: Candidate, now: int) -> bool:
        going_on = (now - candidate.first) // SECOND_NS
        if candidate.reported and not self._is_scan(len(candidate.ports), len(candidate.hosts)):
            return going_on >= self._settings.trickle_seconds
        quiet = (now - candidate.last) // SECOND_NS
        return quiet >= self._settings.pause_seconds or going_on >= self._settings.window_seconds

    def _age(self, before: int) -> None:
        while self._candidates:
            key, candidate = next(iter(self._candidates.items()))
            if candidate.last >= before or key in self._pending:
                return
            self._kept -= self._candidates.pop(key).kept

    def _report(self, key: Key) -> Scan:
        del self._pending[key]
        candidate, (source, technique) = self._candidates[key], key
        connects = technique == SYN and candidate.completed and not candidate.aborted
        scan = Scan(
            source=source,
            technique=CONNECT if connects else technique,
            ports=candidate.ports.lowest(self._settings.named_ports),
            distinct_ports=len(candidate.ports),
            hosts=len(candidate.hosts),
            one_host=next(iter(candidate.hosts)) if len(candidate.hosts) == 1 else None,
            probes=candidate.probes,
            first_ns=candidate.first,
            last_ns=candidate.last,
        )
        self._kept -= candidate.kept
        candidate.forget()
        return scan
