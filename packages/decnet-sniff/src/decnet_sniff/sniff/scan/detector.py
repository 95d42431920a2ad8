# SPDX-License-Identifier: MIT
"""Port scans and host sweeps: who probed how many ports and addresses, fast or slowly.

A source is a suspect from its second target on, and a scanner once its targets without a conversation are more ports,
or more hosts, than a client needs. It is forgotten when it has been quiet for `memory_seconds`, hours, so that a probe
every few minutes adds up; a flood of invented sources stays among the newcomers and does not displace suspects. What
a scanner did is told when it pauses, at the latest at the end of a window: one finding per source and technique.

Who holds a conversation with each host is no scanner here, however many: that it came to many deckies is known anyway.
Times are nanoseconds of the capture; nothing here knows a clock.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from decnet_sniff.sniff.scan.candidates import Newcomer, Suspect, Target, the_target

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
    """Quiet for so long, a scan is told."""
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 300
    """Going on for so long, it is told as far as it has come."""
    trickle_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 3600
    """Single probes of a scanner that has been told of are told together after so long."""
    memory_seconds: Annotated[int, msgspec.Meta(ge=60, le=604800)] = 86400
    """Quiet for so long, a source is forgotten."""
    newcomers: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 4096
    """Sources with one target that are remembered; above it those that came first are forgotten and counted."""
    suspects: Annotated[int, msgspec.Meta(ge=16, le=1 << 20)] = 2048
    """Sources with several, likewise; above it who has been quiet longest is told of and forgotten."""
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


class Scans:
    """The bounded memory of who probed what."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._newcomers: dict[Key, Newcomer] = {}
        self._suspects: dict[Key, Suspect] = {}  # the one that probed last is last
        self._pending: dict[Key, None] = {}  # scanners with something to tell
        self._told_early: list[Scan] = []
        self._kept = 0
        self._newcomers_displaced = self._suspects_displaced = self._scans_told_early = 0

    def counters(self) -> dict[str, int]:
        """Return sizes, and what was cut short for want of room."""
        return {
            "scan_newcomers": len(self._newcomers),
            "scan_suspects": len(self._suspects),
            "scan_targets": self._kept,
            "scan_newcomers_displaced": self._newcomers_displaced,
            "scan_suspects_displaced": self._suspects_displaced,
            "scans_told_early": self._scans_told_early,
        }

    def probe(self, now: int, source: bytes, host: bytes, port: int, technique: str) -> None:
        """Note that `source` sent to `port` of `host` a packet that begins a flow, or a lone one.

        Of an ACK scan that is best told by the answer: a bare RST of a port to whom no flow is known.
        """
        key, target = (source, technique), the_target(host, port)
        suspect = self._suspects.pop(key, None)
        if suspect is None:
            newcomer = self._newcomers.pop(key, None)
            if newcomer is None or now - newcomer.since > self._settings.memory_seconds * _SECOND:
                newcomer = Newcomer(target, now)
            if newcomer.target == target:
                self._welcome(key, newcomer)
                return
            suspect = Suspect(newcomer)
            self._kept += suspect.kept
        self._suspects[key] = suspect
        suspect.last = now
        before = suspect.kept
        self._add(key, suspect, target)
        self._kept += suspect.kept - before
        while self._kept > self._settings.targets or len(self._suspects) > self._settings.suspects:
            self._make_room(key, suspect)

    def udp(self, now: int, source: bytes, source_port: int, host: bytes, port: int) -> None:
        """Note a UDP datagram: the answer to one that was noted, or else a probe."""
        if self._known((host, UDP), (source, source_port)):
            self.talked(host, source, source_port, UDP)
        else:
            self.probe(now, source, host, port, UDP)

    def completed(self, source: bytes) -> None:
        """Note that `source` completed a TCP handshake."""
        found = self._suspects.get((source, SYN)) or self._newcomers.get((source, SYN))
        if found is not None:
            found.completed = True

    def aborted(self, source: bytes) -> None:
        """Note that `source` answered a SYN+ACK with RST, as who scans with lone SYNs does."""
        found = self._suspects.get((source, SYN)) or self._newcomers.get((source, SYN))
        if found is not None:
            found.aborted = True

    def talked(self, source: bytes, host: bytes, port: int, technique: str = SYN) -> None:
        """Note that both sides of a flow sent data: a conversation, no probe, unless `source` is known as a scanner."""
        key, target = (source, technique), (host, port)
        newcomer = self._newcomers.get(key)
        if newcomer is not None and newcomer.target == target:
            newcomer.talked = True
        suspect = self._suspects.get(key)
        if suspect is None or target not in suspect.open:
            return
        suspect.open.discard(target)
        suspect.talked[target] = None
        if len(suspect.talked) > self._settings.ports * self._settings.hosts:
            del suspect.talked[next(iter(suspect.talked))]
            self._kept -= 1

    def due(self, now: int) -> list[Scan]:
        """Return the scans that paused or have gone on for a window; to be called every second or so."""
        found, self._told_early = self._told_early, []
        found += [self._tell(key) for key in list(self._pending) if self._is_due(self._suspects[key], now)]
        self._age(now - self._settings.memory_seconds * _SECOND)
        return found

    def rest(self) -> list[Scan]:
        """Return all scans that have not been told yet: the capture ends."""
        found, self._told_early = self._told_early, []
        return found + [self._tell(key) for key in list(self._pending)]

    def _known(self, key: Key, target: Target) -> bool:
        newcomer = self._newcomers.get(key)
        if newcomer is not None:
            return newcomer.target == target
        suspect = self._suspects.get(key)
        return suspect is not None and (target in suspect.open or target in suspect.talked)

    def _welcome(self, key: Key, newcomer: Newcomer) -> None:
        self._newcomers[key] = newcomer
        if len(self._newcomers) > self._settings.newcomers:
            del self._newcomers[next(iter(self._newcomers))]
            self._newcomers_displaced += 1

    def _add(self, key: Key, suspect: Suspect, target: Target) -> None:
        if suspect.scanner:
            if not suspect.probes:
                suspect.first = suspect.last
            self._pending[key] = None
            suspect.hosts.add(target[0])
            suspect.ports.add(target[1])
        elif target in suspect.talked:
            return
        elif target not in suspect.open:
            suspect.open.add(target)
            if self._is_scan(len({port for _, port in suspect.open}), len({host for host, _ in suspect.open})):
                self._convict(key, suspect)
        suspect.probes += 1

    def _is_scan(self, ports: int, hosts: int) -> bool:
        return ports >= self._settings.ports or hosts >= self._settings.hosts

    def _convict(self, key: Key, suspect: Suspect) -> None:
        suspect.scanner = True
        for host, port in suspect.open:
            suspect.hosts.add(host)
            suspect.ports.add(port)
        suspect.open, suspect.talked = set(), {}
        self._pending[key] = None

    def _make_room(self, key: Key, suspect: Suspect) -> None:
        """Tell at once what a scanner did that takes much of the room; else forget who has been quiet for longest."""
        if suspect.scanner and suspect.kept > self._settings.targets // 8:
            self._told_early.append(self._tell(key))
            self._scans_told_early += 1
            return
        oldest = next(iter(self._suspects))
        self._suspects_displaced += 1
        if oldest in self._pending:
            self._told_early.append(self._tell(oldest))
        self._kept -= self._suspects.pop(oldest).kept

    def _is_due(self, suspect: Suspect, now: int) -> bool:
        going_on = (now - suspect.first) // _SECOND
        if suspect.told and not self._is_scan(len(suspect.ports), len(suspect.hosts)):
            return going_on >= self._settings.trickle_seconds
        quiet = (now - suspect.last) // _SECOND
        return quiet >= self._settings.pause_seconds or going_on >= self._settings.window_seconds

    def _age(self, before: int) -> None:
        while self._suspects:
            key, suspect = next(iter(self._suspects.items()))
            if suspect.last >= before or key in self._pending:
                return
            self._kept -= self._suspects.pop(key).kept

    def _tell(self, key: Key) -> Scan:
        del self._pending[key]
        suspect, (source, technique) = self._suspects[key], key
        connects = technique == SYN and suspect.completed and not suspect.aborted
        found = Scan(
            source=source,
            technique=CONNECT if connects else technique,
            ports=suspect.ports.lowest(self._settings.named_ports),
            distinct_ports=len(suspect.ports),
            hosts=len(suspect.hosts),
            one_host=next(iter(suspect.hosts)) if len(suspect.hosts) == 1 else None,
            probes=suspect.probes,
            first_ns=suspect.first,
            last_ns=suspect.last,
        )
        self._kept -= suspect.kept
        suspect.forget()
        return found
