# SPDX-License-Identifier: MIT
"""Scans are found however slow, conversations are none, and the memory of sources stays bounded."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet_sniff.sniff.scan import detector
from decnet_sniff.sniff.scan.detector import Scan, ScanDetector, ScanSettings, technique_of
from decnet_sniff.sniff.scan.port_set import Ports

SECOND = 1_000_000_000
SOURCE, HOST = b"\x0a\0\0\1", b"\x0a\0\0\2"


def address(number: int) -> bytes:
    return number.to_bytes(4, "big")


def probe_ports(
    memory: ScanDetector, ports: range, *, gap: int = 1000, technique: str = detector.SYN, start: int = 0
) -> list[Scan]:
    """Probe ports one after the other, asking each time what is due."""
    reported = []
    for step, port in enumerate(ports):
        now = start + step * gap
        memory.probe(now, SOURCE, HOST, port, technique)
        reported += memory.due(now)
    return reported


def test_many_ports_of_one_host_are_a_scan_reported_once() -> None:
    memory = ScanDetector(ScanSettings())
    assert probe_ports(memory, range(1, 1001)) == []
    assert memory.due(29 * SECOND) == []
    (found,) = memory.due(31 * SECOND)
    assert found == Scan(SOURCE, "syn", tuple(range(1, 129)), 1000, 1, HOST, 1000, 0, 999_000)
    assert memory.due(9999 * SECOND) == []


def test_few_ports_are_no_scan() -> None:
    memory = ScanDetector(ScanSettings())
    probe_ports(memory, range(1, 10))
    assert memory.rest() == []


def test_one_port_of_many_hosts_is_a_sweep() -> None:
    memory = ScanDetector(ScanSettings())
    for number in range(5):
        memory.probe(number, SOURCE, address(number), 22, detector.SYN)
    (found,) = memory.rest()
    assert (found.ports, found.distinct_ports, found.hosts, found.one_host) == ((22,), 1, 5, None)


def test_the_same_target_again_is_no_scan() -> None:
    memory = ScanDetector(ScanSettings())
    for number in range(100):
        memory.probe(number, SOURCE, HOST, 22, detector.SYN)
    assert memory.rest() == []
    assert memory.counters()["scan_targets"] == 0


def test_a_scan_of_one_port_in_ten_minutes_is_found() -> None:
    memory = ScanDetector(ScanSettings())
    reported = probe_ports(memory, range(1, 40), gap=600 * SECOND)
    reported += memory.rest()
    assert sum(scan.distinct_ports for scan in reported) == 39
    assert sum(scan.probes for scan in reported) == 39
    assert len(reported) < 10, "single probes of a known scanner are told together"


def test_a_source_that_is_quiet_for_longer_than_the_memory_is_forgotten() -> None:
    memory = ScanDetector(ScanSettings(memory_seconds=3600))
    probe_ports(memory, range(1, 40), gap=4000 * SECOND)
    assert memory.rest() == []


def test_a_long_scan_is_reported_window_by_window() -> None:
    memory = ScanDetector(ScanSettings())
    reported = probe_ports(memory, range(1, 1201), gap=SECOND)
    assert [scan.distinct_ports for scan in reported] == [301, 301, 301]
    assert sum(scan.distinct_ports for scan in reported + memory.rest()) == 1200


def test_conversations_are_no_scan() -> None:
    memory = ScanDetector(ScanSettings())
    for number in range(500):
        memory.probe(number, SOURCE, address(number), 443, detector.SYN)
        memory.talked(SOURCE, address(number), 443)
    assert memory.rest() == []
    assert memory.counters()["scan_targets"] <= 52


def test_a_scan_among_conversations_is_found() -> None:
    memory = ScanDetector(ScanSettings())
    for number in range(50):
        memory.probe(number, SOURCE, address(number), 443, detector.SYN)
        memory.talked(SOURCE, address(number), 443)
    probe_ports(memory, range(1, 20), start=100)
    (found,) = memory.rest()
    assert found.distinct_ports == 19


@pytest.mark.parametrize(
    ("completed", "aborted", "expected"), [(True, False, "connect"), (True, True, "syn"), (False, True, "syn")]
)
def test_completed_handshakes_are_a_connect_scan(completed: bool, aborted: bool, expected: str) -> None:
    memory = ScanDetector(ScanSettings())
    memory.probe(0, SOURCE, HOST, 22, detector.SYN)
    if completed:
        memory.completed(SOURCE)
    probe_ports(memory, range(100, 120))
    if aborted:
        memory.aborted(SOURCE)
    assert [scan.technique for scan in memory.rest()] == [expected]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0x02, "syn"), (0x00, "null"), (0x01, "fin"), (0x29, "xmas"), (0x11, "maimon"), (0x10, "ack"), (0xC2, "syn"),
     (0x18, None), (0x12, None), (0x04, None), (0x3F, None)],
)  # fmt: skip
def test_techniques_are_recognised_by_flags(flags: int, expected: str | None) -> None:
    assert technique_of(flags) == expected


def test_techniques_are_distinguished() -> None:
    memory = ScanDetector(ScanSettings())
    for technique in ("syn", "fin", "null", "xmas", "ack", "udp"):
        probe_ports(memory, range(1, 30), technique=technique)
    assert sorted(scan.technique for scan in memory.rest()) == ["ack", "fin", "null", "syn", "udp", "xmas"]


def test_datagrams_to_many_ports_are_a_scan_and_answers_are_none() -> None:
    memory = ScanDetector(ScanSettings())
    for port in range(1, 50):
        memory.udp(port, SOURCE, 40000, HOST, port)
    assert [scan.technique for scan in memory.rest()] == ["udp"]


def test_a_resolver_and_its_clients_are_no_scanners() -> None:
    memory, dice = ScanDetector(ScanSettings()), random.Random(1)
    resolver = address(53)
    for step in range(3000):
        client, server, port = address(1000 + dice.randrange(300)), address(5000 + dice.randrange(300)), 1024 + step
        memory.udp(step, client, port, resolver, 53)
        memory.udp(step, resolver, port, server, 53)
        memory.udp(step, server, 53, resolver, port)
        memory.udp(step, resolver, 53, client, port)
    assert memory.rest() == []


def test_a_whole_scan_of_all_ports_is_one_finding_and_small() -> None:
    memory = ScanDetector(ScanSettings())
    probe_ports(memory, range(65536))
    assert memory.counters()["scan_targets"] <= 129
    (found,) = memory.rest()
    assert (found.distinct_ports, found.probes, len(found.ports)) == (65536, 65536, 128)


def test_a_flood_of_invented_sources_does_not_displace_a_slow_scanner() -> None:
    settings_ = ScanSettings(first_probes=100, candidates=16)
    memory, dice = ScanDetector(settings_), random.Random(2)
    for port in range(1, 12):
        memory.probe(port * SECOND, SOURCE, HOST, port, detector.SYN)
        for _ in range(1000 if port > 1 else 0):
            memory.probe(port * SECOND, address(dice.randrange(1 << 32)), HOST, 80, detector.SYN)
    assert [scan.source for scan in memory.rest()] == [SOURCE]
    assert memory.counters()["scan_first_probes"] == 100
    assert memory.counters()["scan_first_probes_displaced"] > 9000


def test_many_scanners_at_once_are_reported_early_and_stay_bounded() -> None:
    memory = ScanDetector(ScanSettings(targets=2048))
    reported = []
    for port in range(100):
        for source in range(50):
            memory.probe(port, address(source), HOST, port, detector.SYN)
            assert memory.counters()["scan_targets"] <= 2048
        reported += memory.due(port)
    reported += memory.rest()
    assert memory.counters()["scan_candidates_displaced"] > 0
    assert {scan.source for scan in reported} <= {address(source) for source in range(50)}


def test_a_sweep_larger_than_the_memory_is_reported_in_parts_with_every_host() -> None:
    memory = ScanDetector(ScanSettings(targets=1024))
    reported = []
    for number in range(5000):
        memory.probe(number, SOURCE, address(number), 22, detector.SYN)
        reported += memory.due(number)
        assert memory.counters()["scan_targets"] <= 1024
    assert sum(scan.hosts for scan in reported + memory.rest()) == 5000
    assert memory.counters()["scans_reported_early"] > 0


calls = st.lists(
    st.tuples(
        st.sampled_from(["probe", "udp", "talked", "completed", "aborted", "due"]),
        st.integers(0, 40), st.integers(0, 40), st.integers(0, 65535), st.sampled_from(["syn", "fin", "udp"]),
        st.integers(-SECOND, 400 * SECOND),
    ),
    max_size=150,
)  # fmt: skip


@settings(deadline=None)
@given(calls)
def test_whatever_happens_the_memory_adds_up_and_stays_bounded(what: list[tuple[str, int, int, int, str, int]]) -> None:
    memory, now = ScanDetector(ScanSettings(first_probes=16, candidates=16, targets=1024, ports=3, hosts=3)), 0
    probes = reported = 0
    for name, source, host, port, technique, step in what:
        now += step
        if name == "probe":
            memory.probe(now, address(source), address(host), port % 8, technique)
            probes += 1
        elif name == "udp":
            memory.udp(now, address(source), port % 8, address(host), port % 8)
            probes += 1
        elif name == "talked":
            memory.talked(address(source), address(host), port % 8, technique)
        elif name == "due":
            reported += sum(scan.probes for scan in memory.due(now))
        else:
            getattr(memory, name)(address(source))
        counters = memory.counters()
        assert counters["scan_first_probes"] <= 16
        assert counters["scan_candidates"] <= 16
        assert 0 <= counters["scan_targets"] <= 1024
    assert reported + sum(scan.probes for scan in memory.rest()) <= probes
    assert memory.due(now + 10**15) == []
    assert memory.counters()["scan_targets"] == 0


@given(st.sets(st.integers(0, 65535)), st.integers(0, 300))
def test_ports_are_a_set(numbers: set[int], limit: int) -> None:
    ports = Ports()
    for number in [*numbers, *numbers]:
        ports.add(number)
    assert len(ports) == len(numbers)
    assert ports.lowest(limit) == tuple(sorted(numbers)[:limit])
    assert ports.kept <= 128
