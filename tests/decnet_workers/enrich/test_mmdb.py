# SPDX-License-Identifier: MIT
"""Countries and autonomous systems from real MMDB files, which this test writes by the format's specification."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_workers.enrich.conftest import Fleet, Start

from decnet_workers.enrich.mmdb import Mmdb, MmdbError

ADDRESS = ipaddress.ip_address("185.220.101.4")

UINT16, UINT32, UINT64 = 5, 6, 9
"""Types of numbers."""

CITY = {"country": {"iso_code": "DE", "names": {"en": "Germany"}}}
ASN = {"autonomous_system_number": (UINT32, 60729), "autonomous_system_organization": "Stiftung Erneuerbare Freiheit"}
IPINFO = {"country": "Germany", "country_code": "DE", "asn": "AS60729", "as_name": "Stiftung"}


def encoded(value: Any) -> bytes:
    """Return a value of the data section (MaxMind DB 2.0: strings, unsigned numbers, arrays, maps)."""
    if isinstance(value, str):
        data = value.encode()
        return control(2, len(data)) + data
    if isinstance(value, tuple):
        return encoded_number(*value)
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(encoded, value))
    return control(7, len(value)) + b"".join(encoded(key) + encoded(each) for key, each in value.items())


def encoded_number(kind: int, number: int) -> bytes:
    data = number.to_bytes(8, "big").lstrip(b"\0")
    return (bytes([len(data), kind - 7]) if kind > 7 else control(kind, len(data))) + data


def control(kind: int, size: int) -> bytes:
    return bytes([kind << 5 | size]) if size < 29 else bytes([kind << 5 | 29, size - 29])


def write(file: Path, records: dict[str, dict[str, Any]]) -> str:
    """Write a file for IPv4 with 24-bit records; returns its name."""
    nodes: list[list[int | None]] = [[None, None]]
    data, leaves = b"", list[tuple[int, int, int]]()
    for network, record in records.items():
        net = ipaddress.ip_network(network)
        bits = f"{int(net.network_address):032b}"[: net.prefixlen]
        at = 0
        for bit in map(int, bits[:-1]):
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit] or 0
        leaves.append((at, int(bits[-1]), len(data)))
        data += encoded(record)
    for at, bit, offset in leaves:
        nodes[at][bit] = len(nodes) + 16 + offset
    tree = b"".join((len(nodes) if to is None else to).to_bytes(3, "big") for node in nodes for to in node)
    metadata = {
        "node_count": (UINT32, len(nodes)),
        "record_size": (UINT16, 24),
        "ip_version": (UINT16, 4),
        "database_type": "Test",
        "languages": ["en"],
        "description": {"en": "Test"},
        "binary_format_major_version": (UINT16, 2),
        "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, 1),
    }
    file.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encoded(metadata))
    return str(file)


def test_country_and_system_come_from_several_files(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "country.mmdb", {"185.220.0.0/16": CITY}),
        write(tmp_path / "asn.mmdb", {"185.220.101.0/24": ASN}),
    ]
    made = Mmdb(files)
    found = made.find(ADDRESS)
    assert found is not None
    assert found.detail == {"country": "DE", "asn": 60729, "organisation": "Stiftung Erneuerbare Freiheit"}
    assert made.find(ipaddress.ip_address("8.8.8.8")) is None
    assert made.find(ipaddress.ip_address("2001:4860::1")) is None
    made.close()


def test_records_of_ipinfo_are_read_too(tmp_path: Path) -> None:
    made = Mmdb([write(tmp_path / "lite.mmdb", {"185.220.0.0/16": IPINFO})])
    found = made.find(ADDRESS)
    assert found is not None
    assert found.detail == {"country": "DE", "asn": 60729, "organisation": "Stiftung"}
    made.close()


@pytest.mark.parametrize("content", [b"", b"no database", struct.pack("100B", *range(100))])
def test_what_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mmdb").write_bytes(content)
    with pytest.raises(MmdbError, match=r"x\.mmdb cannot be used"):
        Mmdb([str(tmp_path / "x.mmdb")])


async def test_the_worker_finds_the_country_of_a_new_attacker(
    fleet: Fleet, start_enrich: Start, tmp_path: Path
) -> None:
    await start_enrich("mmdb", mmdb_files=(write(tmp_path / "country.mmdb", {"185.220.0.0/16": CITY}),))
    fleet.observe("185.220.101.4")
    await fleet.until(lambda: fleet.finding("185.220.101.4", "mmdb"))
    found = fleet.finding("185.220.101.4", "mmdb")
    assert found is not None
    assert (found.verdict, found.detail) == ("unknown", {"country": "DE"})
    assert fleet.judged() == []
