# SPDX-License-Identifier: MIT
"""The filter decides alike as a program, run by an interpreter and by the kernel, and as the predicate for files."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_bpf_interpreter import interpret
from tests.decnet_sniff.sniff.sniff_network_namespaces import on_a_quiet_lo
from tests.decnet_sniff.sniff.sniff_packet_makers import (
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    batch_of,
    conversation,
    ether,
    ip4,
    ip6,
    new_observer,
    tcp,
    udp,
)
from tests.examples import examples

from decnet_sniff.sniff.capture.bpf import JA, JEQ, LD_B, RET, WHOLE, Statement, assemble
from decnet_sniff.sniff.capture.file_filter import FileFilter
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.capture.packet_filter import MOST_IGNORED, Network, program
from decnet_sniff.sniff.capture.packet_socket import attach
from decnet_sniff.sniff.packets import link

IGNORED = (
    ipaddress.ip_network("203.0.113.0/24"),
    ipaddress.ip_network("192.0.2.200/32"),
    ipaddress.ip_network("2001:db8:bad::/48"),
    ipaddress.ip_network("2001:db8::66/128"),
)
TAKEN = {
    "tcp": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16))),
    "udp": ether(ip4(CLIENT, SERVER, 17, udp(1, 2, b"x"))),
    "gre": ether(ip4(CLIENT, SERVER, 47, bytes(8))),
    "ip in ip": ether(ip4(CLIENT, SERVER, 4, bytes(20))),
    "ipv6 in ip": ether(ip4(CLIENT, SERVER, 41, bytes(40))),
    "tcp over IPv6": ether(ip6(CLIENT6, SERVER6, 6, tcp(1, 2, 16))),
    "IPv6 fragment": ether(ip6(CLIENT6, SERVER6, 44, bytes(16))),
    "VLAN": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)), 0x8100),
    "QinQ": ether(ip6(CLIENT6, SERVER6, 17, udp(1, 2)), 0x88A8, 0x8100),
}
TAKEN |= {
    "three tags": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)), 0x8100, 0x8100, 0x8100),
    "MPLS": b"\x02" * 12 + b"\x88\x47\0\0\x11\x40" + ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)),
    "PPPoE in two tags": b"\x02" * 12 + b"\x88\xa8\0\7\x81\0\0\7\x88\x64" + bytes(40),
}
REFUSED = {
    "ping": ether(ip4(CLIENT, SERVER, 1, bytes(8))),
    "ARP": b"\xff" * 12 + b"\x08\x06" + bytes(28),
    "neighbour": ether(ip6(CLIENT6, SERVER6, 58, bytes(8))),
    "four tags": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)), 0x8100, 0x8100, 0x8100, 0x8100),
    "from ignored": ether(ip4("203.0.113.9", SERVER, 6, tcp(1, 2, 16))),
    "to ignored": ether(ip4(CLIENT, "192.0.2.200", 6, tcp(1, 2, 16))),
    "to ignored, VLAN": ether(ip4(CLIENT, "192.0.2.200", 6, tcp(1, 2, 16)), 0x8100),
    "from ignored IPv6": ether(ip6("2001:db8:bad::1", SERVER6, 6, tcp(1, 2, 16))),
    "to ignored IPv6": ether(ip6(CLIENT6, "2001:db8::66", 6, tcp(1, 2, 16))),
    "cut": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)))[:20],
    "empty": b"",
}
IP = (b"\x08\x00", b"\x86\xdd")
FRAME_HEADER = 14
"""Bytes: a shorter packet cannot be sent on an Ethernet interface."""
ETHERNET = program(link.ETHERNET, IGNORED)


def decisions(kind: int, ignore: Sequence[Network], packet: bytes) -> tuple[int, bool]:
    """Return what the kernel's program accepts, and whether the filter for files does; other bytes lie around."""
    buffer = b"?" * 5 + packet + b"\xff" * 64
    return interpret(program(kind, ignore), packet), FileFilter(kind, ignore)(buffer, 5, 5 + len(packet))


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_sniffer_understands_is_taken(name: str) -> None:
    assert decisions(link.ETHERNET, IGNORED, TAKEN[name]) == (WHOLE, True)


@pytest.mark.parametrize("name", REFUSED)
def test_all_else_and_what_is_ignored_is_refused(name: str) -> None:
    assert decisions(link.ETHERNET, IGNORED, REFUSED[name]) == (0, False)


@pytest.mark.parametrize("kind", [link.RAW, link.NULL, link.SLL, link.SLL2])
def test_other_links_have_their_headers_elsewhere(kind: int) -> None:
    packet = ip4(CLIENT, SERVER, 6, tcp(1, 2, 16))
    head = {
        link.RAW: b"",
        link.NULL: struct.pack("<I", 2),
        link.SLL: bytes(14) + b"\x08\x00",
        link.SLL2: b"\x08\x00" + bytes(18),
    }[kind]
    assert decisions(kind, (), head + packet) == (WHOLE, True)
    assert decisions(kind, IGNORED, head + ip4("203.0.113.9", SERVER, 6, tcp(1, 2, 16))) == (0, False)


kinds = st.sampled_from(sorted(link.NAMES))
some = st.sampled_from([*TAKEN.values(), *REFUSED.values(), *map(ether, conversation([b"hello"]))])
addresses4 = st.sampled_from([CLIENT, SERVER, "203.0.113.9", "0.0.0.0"]).map(ipaddress.IPv4Address)
addresses6 = st.sampled_from([CLIENT6, SERVER6, "2001:db8:bad::1", "::"]).map(ipaddress.IPv6Address)
networks = st.one_of(
    st.builds(lambda host, bits: ipaddress.ip_network((int(host), bits), strict=False), addresses4, st.integers(0, 32)),
    st.builds(lambda host, bits: ipaddress.ip_network((host, bits), strict=False), addresses6, st.integers(0, 128)),
)


@st.composite
def damaged_packets(draw: st.DrawFn) -> bytes:
    """Packets behind the header of any link type, or behind one too many, cut off anywhere, with a byte changed."""
    head = draw(
        st.sampled_from([b"", b"\0\0\0\2", *(kind + bytes(18) for kind in IP), *(bytes(14) + kind for kind in IP)])
    )
    packet = bytearray((head + draw(some)[draw(st.sampled_from([0, 14])) :])[: draw(st.integers(0, 110))])
    if (place := draw(st.integers(0, 60))) < len(packet):
        packet[place] = draw(st.integers(0, 255))
    return bytes(packet)


@example(  # a network named twice, with another in between
    kind=link.RAW,
    ignore=[ipaddress.ip_network(each) for each in ("192.0.2.0/25", "0.0.0.0/0", "192.0.2.0/25")],
    packet=ip4(CLIENT, "192.0.2.200", 6, tcp(1, 2, 16)),
)
@given(kind=kinds, ignore=st.one_of(st.just(IGNORED), st.lists(networks, max_size=4)), packet=damaged_packets())
@settings(max_examples=examples(500))
def test_the_filter_for_files_decides_as_the_program_does(kind: int, ignore: Sequence[Network], packet: bytes) -> None:
    one, other = decisions(kind, ignore, packet)
    assert bool(one) is other


def test_the_most_networks_still_make_a_program() -> None:
    most = [ipaddress.ip_network(f"2001:db8:{n:x}::1/128") for n in range(MOST_IGNORED)]
    assert decisions(link.ETHERNET, most, TAKEN["VLAN"]) == (WHOLE, True)
    assert decisions(link.ETHERNET, most, ether(ip6(CLIENT6, "2001:db8:f::1", 6, tcp(1, 2, 16)))) == (0, False)


def test_what_cannot_be_assembled_is_refused() -> None:
    with pytest.raises(ValueError, match="no label"):
        assemble([Statement(JEQ, 1, true="nowhere"), Statement(RET, 0)])
    with pytest.raises(ValueError, match="no label"):
        assemble([Statement(RET, 0, label="back"), Statement(JA, true="back")])
    with pytest.raises(ValueError, match="further than 255"):
        assemble([Statement(JEQ, 1, true="far"), *[Statement(LD_B, 0)] * 256, Statement(RET, 0, label="far")])


def test_many_jumps_may_meet() -> None:
    steps = [
        step
        for n in range(100)
        for step in (
            Statement(LD_B, n),
            Statement(JEQ, n, true=f"{n}"),
            Statement(LD_B, 0),
            Statement(LD_B, 1, label=f"{n}"),
        )
    ]
    filter_ = assemble([*steps, Statement(JEQ, 7, true="yes"), Statement(RET, 0), Statement(RET, 1, label="yes")])
    assert interpret(filter_, bytes(range(200))) == 0
    assert interpret(filter_, b"\0\7" + bytes(200)) == 1
    assert interpret(filter_, bytes(50)) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets need root")
@pytest.mark.parametrize("name", [name for name, packet in (TAKEN | REFUSED).items() if len(packet) >= FRAME_HEADER])
@on_a_quiet_lo
def test_the_kernel_decides_alike(name: str) -> None:
    """Frames are sent on lo, where they come back; a first socket says when they have passed."""
    packet = TAKEN.get(name) or REFUSED[name]
    mark = ether(ip4("192.0.2.77", "192.0.2.77", 6, tcp(77, 7, 16)))
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as tested,
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        attach(tested, ETHERNET)
        tested.bind(("lo", 3))
        tested.settimeout(120)
        sender.bind(("lo", 0))
        sender.send(packet)
        sender.send(mark)
        seen = []
        while (came := tested.recv(2000)) != mark:
            seen.append(came)
    assert (packet in seen) is bool(interpret(ETHERNET, packet))


@given(kinds, st.lists(networks, max_size=3), st.lists(some | damaged_packets(), max_size=8))
def test_an_observer_processes_no_packet_that_the_filter_rejects(
    kind: int, ignore: list[Network], packets: list[bytes]
) -> None:
    accept, (_, buffer, records) = FileFilter(kind, ignore), batch_of(packets, kind)
    filtering, filtered = new_observer(), new_observer()
    filtering.take(PacketBatch(kind, buffer, records), accept)
    filtered.take(PacketBatch(kind, buffer, [record for record in records if accept(buffer, *record[1:])]))
    expected = filtered.counts()
    rejected = len(records) - expected["packets"]
    assert filtering.counts() == expected | {"packets": len(records), "packets_filtered": rejected}
    assert list(filtering.rest()) == list(filtered.rest())
