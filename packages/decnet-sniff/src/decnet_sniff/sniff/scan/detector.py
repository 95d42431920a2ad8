# SPDX-License-Identifier: MIT
"""Port scans and host sweeps: who probed how many ports and addresses, fast or slowly.

A source is a candidate from its second target on, and a scanner once its targets without a conversation are more ports,
or more hosts, than a client needs. It is forgotten when it has been quiet for `memory_seconds`, hours, so that a probe
every few minutes adds up; a flood of invented sources stays among the first probes and does not displace candidates.
What a scanner did is reported when it pauses, at the latest at the end of a window: one finding per source and
technique.

Who holds a conversation with each host is no scanner here, however many: that it came to many deckies is known anyway.
Times are nanoseconds of the capture; nothing here knows a clock.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from decnet_sniff.sniff.scan.candidates import Candidate, FirstProbe, Target, interned_target

SYN, CONNECT, FIN, NULL, XMAS, MAIMON, ACK, UDP = "syn", "connect", "fin", "null", "xmas", "maimon", "ack", "udp"

_FIN, _SYN, _PSH, _ACK, _URG = 1, 2, 8, 16, 32
_BY_FLAGS = {0: NULL, _SYN: SYN, _FIN: FIN, _FIN | _PSH | _URG: XMAS, _FIN | _ACK: MAIMON, _ACK: ACK}
_SECOND = 1_000_000_000

Key = tuple[bytes, str]
"""Source address and technique; of a connect scan the technique is SYN until it is told."""


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a scan, and how much is remembered."""

    ports: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    """Ports without a conversation that make a scan."""
    hosts: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 5
    """Addresses without a conversation that make a sweep."""
    pause_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30
    """A scan that has been quiet for so long is reported."""
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 300
    """A scan that goes on for so long is reported as far as it has come."""
    trickle_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 3600
    """Single probes of a scanner that was reported before are reported together after so long."""
    memory_seconds: Annotated[int, msgspec.Meta(ge=60, le=604800)] = 86400
    """Quiet for so long, a source is forgotten."""
    first_probes: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 4096
    """Sources with one target that are remembered; above it those that came first are forgotten and counted."""
    candidates: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 2048
    """Sources with several, likewise; above it the one that has been quiet longest is reported and forgotten."""
    targets: Annotated[int, msgspec.Meta(ge=1024, le=1 << 22)] = 16384
    """Ports, hosts and targets that are remembered of all sources together."""
    named_ports: Annotated[int, msgspec.Meta(ge=0, le=65536)] = 128
    """Ports that a finding names; it counts them all."""


class Scan(NamedTuple):
    """One source's probing with one technique, as far as it had not been told."""

    source: bytes
    technique: str
    ports: tuple[int, ...]
    """The lowest that were probed, at most `named_ports`."""
    distinct_ports: int
    hosts: int
    one_host: bytes | None
    """The address, when it was only one."""
    probes: int
    first_ns: int
    last_ns: int


def technique_of(flags: int) -> str | None:
    """Return the technique of a lone TCP packet by its flags (RFC 9293 §3.1), None for one that no scan sends."""
    return _BY_FLAGS.get(flags & 0x3F)


class ScanDetector:
    """The bounded memory of who probed what."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._first_probes: dict[Key, FirstProbe] = {}
        self._candidates: dict[Key, Candidate] = {}  # the one that probed last is last
        self._pending: dict[Key, None] = {}  # scanners with something to tell
        self._reported_early: list[Scan] = []
        self._kept = 0
        self._first_probes_displaced = self._candidates_displaced = self._scans_reported_early = 0

    def counters(self) -> dict[str, int]:
        """Return sizes, and what was cut short for want of room."""
        return {
            "scan_first_probes": len(self._first_probes),
            "scan_candidates": len(self._candidates),
            "scan_targets": self._kept,
            "scan_first_probes_displaced": self._first_probes_displaced,
            "scan_candidates_displaced": self._candidates_displaced,
            "scans_reported_early": self._scans_reported_early,
        }

    def probe(self, now: int, source: bytes, host: bytes, port: int, technique: str) -> None:
        """Note that `source` sent to `port` of `host` a packet that begins a flow, or a lone one.

        Of an ACK scan that is best told by the answer: a bare RST of a port to whom no flow is known.
        """
        key, target = (source, technique), interned_target(host, port)
        candidate = self._candidates.pop(key, None)
        if candidate is None:
            first_probe = self._first_probes.pop(key, None)
            if first_probe is None or now - first_probe.since > self._settings.memory_seconds * _SECOND:
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
        """Note a UDP datagram: the answer to one that was noted, or else a probe."""
        if self._known((host, UDP), (source, source_port)):
            self.talked(host, source, source_port, UDP)
        else:
            self.probe(now, source, host, port, UDP)

    def completed(self, source: bytes) -> None:
        """Note that `source` completed a TCP handshake."""
        found = self._candidates.get((source, SYN)) or self._first_probes.get((source, SYN))
        if found is not None:
            found.completed = True

    def aborted(self, source: bytes) -> None:
        """Note that `source` answered a SYN+ACK with RST, as who scans with lone SYNs does."""
        found = self._candidates.get((source, SYN)) or self._first_probes.get((source, SYN))
        if found is not None:
            found.aborted = True

    def talked(self, source: bytes, host: bytes, port: int, technique: str = SYN) -> None:
        """Note that both sides of a flow sent data: a conversation, no probe, unless `source` is known as a scanner."""
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
        """Return the scans that paused or have gone on for a window; to be called every second or so."""
        found, self._reported_early = self._reported_early, []
        found += [self._report(key) for key in list(self._pending) if self._is_due(self._candidates[key], now)]
        self._age(now - self._settings.memory_seconds * _SECOND)
        return found

    def rest(self) -> list[Scan]:
        """Return all scans that have not been told yet: the capture ends."""
        found, self._reported_early = self._reported_early, []
        return found + [self._report(key) for key in list(self._pending)]

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
        """Tell at once what a scanner did that takes much of the room; else forget who has been quiet for longest."""
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
        going_on = (now - candidate.first) // _SECOND
        if candidate.reported and not self._is_scan(len(candidate.ports), len(candidate.hosts)):
            return going_on >= self._settings.trickle_seconds
        quiet = (now - candidate.last) // _SECOND
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
        found = Scan(
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
        return found
