# SPDX-License-Identifier: MIT
"""Signatures of stacks are what p0f prints of the same packets: real ones of many settings, and thousands of odd."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.decnet_sniff.oracles import oracle_decnet_sniff
from tests.decnet_sniff.sniff.sniff_network_namespaces import CLIENT, MISSING, SERVER, SERVER6, Wire, wire

from decnet_sniff.protocols.stack import Syn, read
from decnet_sniff.protocols.stack_signature import signature

P0F = shutil.which("p0f") or shutil.which("/usr/sbin/p0f")
pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600), pytest.mark.skipif(not P0F, reason="needs p0f")]

Seen = set[tuple[str, str, str]]
"""Address, syn or syn+ack, signature."""

ECHO = """
import socket
four = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    four.accept()[0].close()
"""
CONNECT = """
import socket, sys
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET) as one:
    if len(sys.argv) > 2:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(sys.argv[2]))
    one.connect((sys.argv[1], 7000))
    one.recv(1)
"""
TUNED: tuple[dict[str, str], ...] = (
    {},
    {"net.ipv4.tcp_timestamps": "0"},
    {"net.ipv4.tcp_sack": "0"},
    {"net.ipv4.tcp_window_scaling": "0"},
    {"net.ipv4.tcp_timestamps": "0", "net.ipv4.tcp_sack": "0", "net.ipv4.tcp_window_scaling": "0"},
    {"net.ipv4.ip_default_ttl": "128"},
    {"net.ipv4.ip_default_ttl": "250", "net.ipv6.conf.v0.hop_limit": "40"},
    {"net.ipv4.tcp_rmem": "4096 16384 65536"},
    {"net.ipv4.tcp_rmem": "4096 5000 9000000"},
    {"net.ipv4.tcp_ecn": "1"},
    {"net.ipv4.ip_no_pmtu_disc": "1"},
    {"net.ipv6.auto_flowlabels": "0"},
)
DEFAULTS = {
    "net.ipv4.tcp_timestamps": "1", "net.ipv4.tcp_sack": "1", "net.ipv4.tcp_window_scaling": "1",
    "net.ipv4.ip_default_ttl": "64", "net.ipv6.conf.v0.hop_limit": "64", "net.ipv4.tcp_rmem": "4096 131072 6291456",
    "net.ipv4.tcp_ecn": "2", "net.ipv4.ip_no_pmtu_disc": "0", "net.ipv6.auto_flowlabels": "1",
}  # fmt: skip
MTUS = (1500, 1492, 1420, 1280, 9000)


def p0f_prints(path: Path) -> list[dict[str, str]]:
    """Return the entries of p0f's log of a capture that have a signature."""
    log = path.with_suffix(".log")
    argv = [str(P0F), "-r", str(path), "-o", str(log), "-m", "5000,20000"]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, timeout=120)
    lines = (line.split("] ", 1)[1] for line in log.read_text().splitlines())
    entries = [dict(part.split("=", 1) for part in line.split("|")) for line in lines]
    return [entry for entry in entries if entry["mod"] in {"syn", "syn+ack"}]


def p0f_sees(path: Path) -> Seen:
    side = {"syn": "cli", "syn+ack": "srv"}
    return {(str(ip_address(e[side[e["mod"]]].split("/")[0])), e["mod"], e["raw_sig"]) for e in p0f_prints(path)}


def we_see(path: Path) -> Seen:
    told = ((one["src_ip"], one["payload"]) for one in oracle_decnet_sniff.findings(path, "tcp.stack"))
    return {(source, payload["role"], payload["signature"]) for source, payload in told}


def tune(laid: Wire, end: str, settings: dict[str, str]) -> None:
    for name, value in (DEFAULTS | settings).items():
        laid.run(end, "sysctl", "-qw", f"{name}={value}")


def connect(laid: Wire, *more: str) -> None:
    for host in (SERVER, SERVER6):
        laid.run(laid.client, "/usr/bin/python3", "-c", CONNECT, host, *more)


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_real_stacks_have_the_signature_that_p0f_prints(tmp_path: Path) -> None:
    path = tmp_path / "stacks.pcap"
    with wire() as laid, laid.serve(7000, "/usr/bin/python3", "-c", ECHO), laid.capture(path):
        for settings in TUNED:
            for end in (laid.client, laid.server):
                tune(laid, end, settings)
                connect(laid)
                tune(laid, end, {})
        for size in MTUS:
            laid.run(laid.client, "ip", "link", "set", "v0", "mtu", str(size))
            connect(laid)
        for buffer in ("2048", "60000", "4000000"):
            connect(laid, buffer)
    theirs, ours = p0f_sees(path), we_see(path)
    assert ours - theirs == theirs - ours
    assert len({printed for _, role, printed in ours if role == "syn"}) >= 15
    assert len({printed for _, role, printed in ours if role == "syn+ack"}) >= 10


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_plain_connection_of_this_kernel_is_known_as_linux(tmp_path: Path) -> None:
    path = tmp_path / "linux.pcap"
    with wire() as laid, laid.serve(7000, "/usr/bin/python3", "-c", ECHO), laid.capture(path):
        connect(laid)
    told = [one["payload"] for one in oracle_decnet_sniff.findings(path, "tcp.stack")]
    assert {(stack["role"], stack["os"], stack["distance"]) for stack in told} == {
        ("syn", "Linux 4.20 or newer", 0),
        ("syn+ack", "Linux 4.20 or newer", 0),
    }


@pytest.mark.skipif(bool(MISSING) or not shutil.which("nmap"), reason=MISSING or "needs nmap")
def test_nmap_is_known_and_has_the_signatures_that_p0f_prints(tmp_path: Path) -> None:
    path = tmp_path / "nmap.pcap"
    with wire() as laid, laid.serve(7000, "/usr/bin/python3", "-c", ECHO), laid.capture(path):
        laid.run(laid.client, "nmap", "-n", "-Pn", "-sS", "-p", "6990-7010", SERVER)
        laid.run(laid.client, "nmap", "-n", "-Pn", "-O", "--max-os-tries", "2", "-p", "6999-7001", SERVER)
    # p0f does not look at what answers a tool that it knows.
    theirs, ours = ({one for one in seen if one[1] == "syn"} for seen in (p0f_sees(path), we_see(path)))
    assert ours - theirs == theirs - ours
    told = [one for one in oracle_decnet_sniff.findings(path, "tcp.stack") if one["payload"]["role"] == "syn"]
    assert {(one["src_ip"], one["payload"].get("tool")) for one in told} == {
        (CLIENT, "Nmap SYN scan"),
        (CLIENT, "Nmap OS detection"),
    }


@pytest.mark.parametrize("seed", range(4))
def test_odd_packets_have_the_signature_that_p0f_prints(tmp_path: Path, seed: int) -> None:
    path, dice = tmp_path / "odd.pcap", random.Random(seed)
    packets: list[bytes] = []
    expected: dict[tuple[str, str], str] = {}
    for number in range(600):
        port = 1024 + number
        asked = odd_packet(dice, number, port, answer=False)
        packets.append(b"".join(asked))
        seen = read(Syn(asked[0], asked[1], len(asked[2])))
        assert seen is not None
        expected[str(port), "syn"] = signature(seen)
        if dice.random() < 0.5:
            answer = odd_packet(dice, number, port, answer=True, version=seen.version)
            packets.append(b"".join(answer))
            answered = read(Syn(answer[0], answer[1], len(answer[2])))
            assert answered is not None
            expected[str(port), "syn+ack"] = signature(answered, seen.mss or 0)
    write(path, packets)
    printed = {(e["cli"].rsplit("/", 1)[1], e["mod"]): e["raw_sig"] for e in p0f_prints(path)}
    assert printed == expected


def odd_packet(
    dice: random.Random, number: int, port: int, *, answer: bool, version: int | None = None
) -> tuple[bytes, bytes, bytes]:
    """Return IP header, TCP header and payload of a SYN or SYN+ACK with anything odd in it."""
    payload = b"" if answer else dice.choice([b"", b"", b"xyz"])
    tcp = odd_tcp(dice, port, answer=answer)
    make = odd_ipv6 if (version or dice.choice([4, 4, 6])) == 6 else odd_ipv4
    return make(dice, number, len(tcp) + len(payload), answer=answer), tcp, payload


def odd_tcp(dice: random.Random, port: int, *, answer: bool) -> bytes:
    options = odd_options(dice)
    ports = (80, port) if answer else (port, 80)
    sequence = 0 if dice.random() < 0.1 else dice.randrange(1, 2**32)
    acknowledged = 0 if dice.random() < (0.1 if answer else 0.8) else dice.randrange(1, 2**32)
    offset = (5 + len(options) // 4) << 4 | (dice.randrange(16) if dice.random() < 0.1 else 0)
    flags = (0x12 if answer else 0x02) | dice.choice([0, 0, 0, 0xC0, 0x40, 0x20, 0x08])
    sizes = [0, 1024, 65535, 64240, 5840, 65160, 4500, 29200, 7200, 9716, 4824, dice.randrange(65536)]
    head = (*ports, sequence, acknowledged, offset, flags, dice.choice(sizes), 0, dice.choice([0, 0, 0, 5]))
    return struct.pack("!HHIIBBHHH", *head) + options


def odd_options(dice: random.Random) -> bytes:
    found = b""
    for _ in range(dice.randrange(7)):
        found += odd_option(dice, dice.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 8, dice.randrange(256)]))
    found = found[:40] + dice.choice([b"\1", b"\0"]) * (-len(found[:40]) % 4)
    return found if len(found) % 4 == 0 else b""


def odd_option(dice: random.Random, kind: int) -> bytes:
    if kind == 0:
        return b"\0" + bytes(dice.randrange(4)) if dice.random() < 0.7 else bytes([0, dice.randrange(256)])
    if kind == 1:
        return b"\1"
    length = {2: 4, 3: 3, 4: 2, 5: 10, 8: 10}.get(kind, dice.randrange(2, 8))
    if dice.random() < 0.1:
        length = dice.randrange(45)
    body = dice.randbytes(max(length - 2, 0))
    if kind == 2 and len(body) == 2:
        body = struct.pack("!H", dice.choice([1460, 1440, 536, 1400, 9, 0]))
    elif kind == 3 and len(body) == 1:
        body = bytes([dice.randrange(18)])
    elif kind == 8 and len(body) == 8:
        body = dice.choice([body, bytes(4) + body[4:], body[:4] + bytes(4), bytes(8)])
    return bytes([kind, length]) + body


def odd_ipv4(dice: random.Random, number: int, rest: int, *, answer: bool) -> bytes:
    extra = dice.choice([0, 0, 0, 4, 8])
    ends = [struct.pack("!I", 0x0A000001 + number), struct.pack("!I", 0x0B000001 + number)]
    flags = dice.choice([0x4000, 0x4000, 0, 0x8000, 0xC000])
    service, identification = dice.choice([0, 0, 1, 2, 3, 0xB8]), dice.choice([0, dice.randrange(65536)])
    head = struct.pack(
        "!BBHHHBBH", 0x45 + extra // 4, service, 20 + extra + rest, identification, flags, dice.randrange(1, 256), 6, 0
    )
    return head + b"".join(reversed(ends) if answer else ends) + b"\1" * extra


def odd_ipv6(dice: random.Random, number: int, rest: int, *, answer: bool) -> bytes:
    word = 6 << 28 | dice.choice([0, 0, 1, 2, 3, 0xB8]) << 20 | dice.choice([0, dice.randrange(2**20)])
    ends = [b"\x20\1" + bytes(10) + struct.pack("!I", start + number) for start in (0x0A000001, 0x0B000001)]
    head = struct.pack("!IHBB", word, rest, 6, dice.randrange(1, 256))
    return head + b"".join(reversed(ends) if answer else ends)


def write(path: Path, packets: list[bytes]) -> None:
    """Write a pcap file of raw IP packets, one each 10 ms."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for number, packet in enumerate(packets):
        moment = 1_700_000_000 + number // 100, number % 100 * 10_000
        parts += [struct.pack("<IIII", *moment, len(packet), len(packet)), packet]
    path.write_bytes(b"".join(parts))
