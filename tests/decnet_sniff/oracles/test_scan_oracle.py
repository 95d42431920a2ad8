# SPDX-License-Identifier: MIT
"""Each kind of scan that Nmap makes is told by its name, with the ports and hosts that Nmap was given."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_sniff.oracles import oracle_decnet_sniff
from tests.decnet_sniff.sniff.sniff_network_namespaces import (
    CLIENT,
    CLIENT6,
    DISCARD_PORT,
    MISSING,
    SERVER,
    SERVER6,
    wire,
)

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(MISSING) or not shutil.which("nmap"), reason=MISSING or "needs nmap"),
]

NMAP = ("nmap", "-n", "-Pn", "--max-retries", "1", "--min-rate", "200")
PORTS = range(6950, 7050)
SERVE = """
import socket
listener = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    listener.accept()[0].close()
"""


def scans_in(path: Path) -> list[dict[str, Any]]:
    return [one["payload"] | {"source": one["src_ip"]} for one in oracle_decnet_sniff.findings(path, "scan.detected")]


def scan(path: Path, *arguments: str) -> list[dict[str, Any]]:
    """Let Nmap scan while one port is open; return what we say of it."""
    with wire() as laid, laid.serve(7000, "/usr/bin/python3", "-c", SERVE), laid.capture(path):
        laid.run(laid.client, *NMAP, *arguments)
    return scans_in(path)


@pytest.mark.parametrize(
    ("option", "technique"),
    [
        ("-sS", "syn"), ("-sT", "connect"), ("-sF", "fin"), ("-sN", "null"), ("-sX", "xmas"), ("-sA", "ack"),
        ("-sM", "maimon"), ("-sU", "udp"),
    ],
)  # fmt: skip
def test_scan_of_ports_is_reported_with_its_technique(tmp_path: Path, option: str, technique: str) -> None:
    (told,) = scan(tmp_path / "scan.pcap", option, "-p", f"{PORTS[0]}-{PORTS[-1]}", SERVER)
    if technique == "udp":  # the wire's own last packet
        told["ports"].remove(DISCARD_PORT)
        told["distinct_ports"] -= 1
    assert (told["technique"], told["source"], told.get("hosts", 1)) == (technique, CLIENT, 1)
    assert told["distinct_ports"] == len(PORTS)
    assert set(told["ports"]) == set(PORTS)
    assert told["count"] >= len(PORTS)


def test_scan_over_ipv6_is_reported(tmp_path: Path) -> None:
    # Nmap's own neighbour discovery gives up before a new link answers; the kernel's does not.
    patient = ("--send-ip", "--disable-arp-ping")
    (told,) = scan(tmp_path / "six.pcap", "-6", *patient, "-sS", "-p", f"{PORTS[0]}-{PORTS[-1]}", SERVER6)
    assert (told["technique"], told["source"], told["distinct_ports"]) == ("syn", CLIENT6, len(PORTS))


def test_slow_scan_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "slow.pcap"
    with wire() as laid, laid.capture(path):
        laid.run(laid.client, "nmap", "-n", "-Pn", "-sS", "--scan-delay", "1s", "-p", "100-114", SERVER)
    (told,) = scans_in(path)
    assert (told["technique"], told["distinct_ports"]) == ("syn", 15)
    assert told["duration_ms"] >= 10_000


def test_sweep_of_hosts_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "sweep.pcap"
    with wire() as laid:
        for last in range(10, 30):
            laid.run(laid.server, "ip", "address", "add", f"10.83.0.{last}/24", "dev", "v0")
        with laid.capture(path):
            laid.run(laid.client, *NMAP, "-sS", "-p", "22", "10.83.0.10-29")
    (told,) = scans_in(path)
    assert (told["technique"], told["hosts"], told["ports"]) == ("syn", 20, [22])


def test_ordinary_connections_are_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "ordinary.pcap"
    with wire() as laid, laid.serve(8000, "/usr/bin/python3", "-m", "http.server", "8000"), laid.capture(path):
        script = "from urllib.request import urlopen\nfor _ in range(60): urlopen('http://10.83.0.2:8000/').read()"
        laid.run(laid.client, "/usr/bin/python3", "-c", script)
    assert scans_in(path) == []
    assert sum(one["payload"].get("count", 1) for one in oracle_decnet_sniff.findings(path, "http.client")) == 60
