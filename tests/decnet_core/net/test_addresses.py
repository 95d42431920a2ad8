# SPDX-License-Identifier: MIT
"""One source is one, however its address is spelt."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decnet_core.net.addresses import (
    canonical,
    lies_in,
    parse_address,
    parse_endpoint,
    parse_network,
    prefix_of,
    source_of,
    unmapped,
)

IPV4 = st.ip_addresses(v=4)
IPV6 = st.ip_addresses(v=6)


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("::ffff:192.0.2.1%eth0", "192.0.2.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.256", None),
        ("192.0.2.01", None),
        ("host.example", None),
        ("", None),
        ("%eth0", None),
    ],
)
def test_canonical_address(spelt: str, expected: str | None) -> None:
    assert canonical(spelt) == expected


@given(st.ip_addresses())
def test_canonical_is_stable(address: object) -> None:
    once = canonical(str(address))
    assert once is not None
    assert canonical(once) == once


@given(st.from_regex(r"\A[0-9]{1,4}(\.[0-9]{0,4}){2,4}\Z") | st.text("0123456789.\0x%: \u0661", max_size=18))
@example("192.0.2.1\n")
@example("192.0.2.\u0661")
@example("192.0.2.1\0")
@example("127.1")
@example("0x7f.0.0.1")
@example("010.0.0.1")
def test_dotted_text_is_an_address_where_the_standard_library_has_it_as_one(text: str) -> None:
    address = parse_address(text)
    assert canonical(text) == (None if address is None else str(address))


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = canonical(text)
    assert found is None or len(found) <= 45


@given(IPV4)
def test_mapped_address_is_the_ipv4_address(address: IPv4Address) -> None:
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    assert canonical(str(mapped)) == canonical(f"::ffff:{address}") == str(address)
    assert unmapped(mapped) == parse_address(str(mapped)) == address
    assert source_of(str(mapped)) == source_of(str(address)) == str(address)


@given(IPV6, st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8))
def test_zone_does_not_matter(address: IPv6Address, zone: str) -> None:
    assert canonical(f"{address}%{zone}") == canonical(str(address))
    assert source_of(f"{address}%{zone}") == source_of(str(address))


@given(IPV6, IPV6)
def test_ipv6_addresses_of_one_64_are_one_source(one: IPv6Address, other: IPv6Address) -> None:
    if one.ipv4_mapped or other.ipv4_mapped:
        return
    neighbour = IPv6Address(one.packed[:8] + other.packed[8:])
    if neighbour.ipv4_mapped is None:
        assert source_of(str(neighbour)) == source_of(str(one))
    assert (source_of(str(one)) == source_of(str(other))) == (one.packed[:8] == other.packed[:8])


@given(st.ip_addresses().map(str) | st.text(max_size=30))
def test_source_is_its_own_source(text: str) -> None:
    assert source_of(source_of(text)) == source_of(text)


def test_one_host_with_a_whole_64_is_one_source() -> None:
    assert source_of("2001:db8:1:2:3::4") == source_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert source_of("192.0.2.1") != source_of("192.0.2.2")


def test_what_is_no_address_is_a_source_of_its_own() -> None:
    assert source_of("sensor-1") == "sensor-1"


def test_mapped_network_is_the_ipv4_network() -> None:
    assert parse_network("::ffff:8.8.8.0/120") == IPv4Network("8.8.8.0/24")
    assert parse_network("::ffff:0:0/96") == IPv4Network("0.0.0.0/0")
    assert parse_network("::/0") == IPv6Network("::/0")
    assert parse_network("10.1.2.3/8") == IPv4Network("10.0.0.0/8")


def test_a_network_has_no_zone() -> None:
    assert str(parse_network("fe80::1%eth0")) == "fe80::1/128"
    assert str(parse_network("fe80::1%eth0/64")) == "fe80::/64"


@pytest.mark.parametrize("text", ["10.1.2.3/8", "2001:db8::1/32", "nonsense"])
def test_strict_network_has_no_bits_beyond_its_prefix(text: str) -> None:
    with pytest.raises(ValueError, match=r"host bits|not appear"):
        parse_network(text, strict=True)


@pytest.mark.parametrize(
    "text", ["", "8880", "localhost:80", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:²", "[::1:80"]
)
def test_wrong_endpoints_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is not ADDRESS:PORT"):
        parse_endpoint(text)


def test_endpoints_of_both_families() -> None:
    assert parse_endpoint("127.77.0.1:8880") == ("127.77.0.1", 8880)
    assert parse_endpoint("[::1]:53") == ("::1", 53)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::", "2001:db8:1::/48"),
        ("unix", "unix"),
        ("unix:7", "unix:7"),
        ("a.b.c.d", "a.b.c.d"),
    ],
)
def test_the_prefix_of_a_source(address: str, prefix: str) -> None:
    assert prefix_of(address) == prefix


def test_what_lies_in_networks_is_an_address_however_it_is_spelt() -> None:
    networks = parse_network("192.0.2.0/24"), parse_network("2001:db8::/32")
    assert [lies_in(text, networks) for text in ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1%eth0")] == [True] * 3
    assert not any(lies_in(text, networks) for text in ("198.51.100.1", "::1", "192.0.2", "unix:", ""))
    assert not lies_in("192.0.2.9", ())
