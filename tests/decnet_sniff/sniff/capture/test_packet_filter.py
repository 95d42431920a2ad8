# SPDX-License-Identifier: MIT
"""The filter decides alike as a program of the kernel, interpreted, and compiled to Python."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sniff_packet_makers import CLIENT, CLIENT6, SERVER, SERVER6, conversation, ether, ip4, ip6, tcp, udp

from decnet_sniff.sniff.bpf_python import compiled
from decnet_sniff.sniff.capture.bpf import JA, JEQ, LD_B, RET, WHOLE, Program, Step, assemble, interpret
from decnet_sniff.sniff.capture.packet_filter import MOST_IGNORED, program
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
REFUSED = {
    "ping": ether(ip4(CLIENT, SERVER, 1, bytes(8))),
    "ARP": b"\xff" * 12 + b"\x08\x06" + bytes(28),
    "neighbour": ether(ip6(CLIENT6, SERVER6, 58, bytes(8))),
    "three tags": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)), 0x8100, 0x8100, 0x8100),
    "from ignored": ether(ip4("203.0.113.9", SERVER, 6, tcp(1, 2, 16))),
    "to ignored": ether(ip4(CLIENT, "192.0.2.200", 6, tcp(1, 2, 16))),
    "to ignored, VLAN": ether(ip4(CLIENT, "192.0.2.200", 6, tcp(1, 2, 16)), 0x8100),
    "from ignored IPv6": ether(ip6("2001:db8:bad::1", SERVER6, 6, tcp(1, 2, 16))),
    "to ignored IPv6": ether(ip6(CLIENT6, "2001:db8::66", 6, tcp(1, 2, 16))),
    "cut": ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, 16)))[:20],
    "empty": b"",
}
FRAME_HEADER = 14
"""Bytes: a shorter packet cannot be sent on an Ethernet interface."""
ETHERNET = program(link.ETHERNET, IGNORED)


def decisions(filter_: Program, packet: bytes) -> tuple[int, int]:
    buffer = b"?" * 5 + packet + b"\xff" * 64
    return interpret(filter_, buffer, 5, 5 + len(packet)), compiled(filter_)(buffer, 5, 5 + len(packet))


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_sniffer_understands_is_taken(name: str) -> None:
    assert decisions(ETHERNET, TAKEN[name]) == (WHOLE, WHOLE)


@pytest.mark.parametrize("name", REFUSED)
def test_all_else_and_what_is_ignored_is_refused(name: str) -> None:
    assert decisions(ETHERNET, REFUSED[name]) == (0, 0)


@pytest.mark.parametrize("kind", [link.RAW, link.NULL, link.SLL, link.SLL2])
def test_other_links_have_their_headers_elsewhere(kind: int) -> None:
    packet = ip4(CLIENT, SERVER, 6, tcp(1, 2, 16))
    head = {
        link.RAW: b"",
        link.NULL: struct.pack("<I", 2),
        link.SLL: bytes(14) + b"\x08\x00",
        link.SLL2: b"\x08\x00" + bytes(18),
    }[kind]
    assert decisions(program(kind), head + packet) == (WHOLE, WHOLE)
    assert decisions(program(kind, IGNORED), head + ip4("203.0.113.9", SERVER, 6, tcp(1, 2, 16))) == (0, 0)


kinds = st.sampled_from([link.ETHERNET, link.RAW, link.NULL, link.SLL, link.SLL2])
some = st.sampled_from([*TAKEN.values(), *REFUSED.values(), *map(ether, conversation([b"hello"]))])


@given(kind=kinds, packet=some, size=st.integers(0, 90), place=st.integers(0, 60), value=st.integers(0, 255))
def test_interpreted_and_compiled_agree_on_damaged_packets(
    kind: int, packet: bytes, size: int, place: int, value: int
) -> None:
    damaged = bytearray(packet[:size])
    if place < len(damaged):
        damaged[place] = value
    one, other = decisions(program(kind, IGNORED), bytes(damaged))
    assert one == other


def test_the_most_networks_still_make_a_program() -> None:
    networks = [ipaddress.ip_network(f"2001:db8:{n:x}::1/128") for n in range(MOST_IGNORED)]
    filter_ = program(link.ETHERNET, networks)
    assert decisions(filter_, TAKEN["VLAN"]) == (WHOLE, WHOLE)
    assert decisions(filter_, ether(ip6(CLIENT6, "2001:db8:f::1", 6, tcp(1, 2, 16)))) == (0, 0)


def test_what_cannot_be_assembled_is_refused() -> None:
    with pytest.raises(ValueError, match="no label"):
        assemble([Step(JEQ, 1, true="nowhere"), Step(RET, 0)])
    with pytest.raises(ValueError, match="no label"):
        assemble([Step(RET, 0, label="back"), Step(JA, true="back")])
    with pytest.raises(ValueError, match="further than 255"):
        assemble([Step(JEQ, 1, true="far"), *[Step(LD_B, 0)] * 256, Step(RET, 0, label="far")])


def test_where_many_jumps_meet_the_compiled_program_does_not_explode() -> None:
    steps = [
        step
        for n in range(100)
        for step in (Step(LD_B, n), Step(JEQ, n, true=f"{n}"), Step(LD_B, 0), Step(LD_B, 1, label=f"{n}"))
    ]
    filter_ = assemble([*steps, Step(JEQ, 7, true="yes"), Step(RET, 0), Step(RET, 1, label="yes")])
    assert decisions(filter_, bytes(range(200))) == (0, 0)
    assert decisions(filter_, b"\0\7" + bytes(200)) == (1, 1)
    assert decisions(filter_, bytes(50)) == (0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets need root")
@pytest.mark.parametrize("name", [name for name, packet in (TAKEN | REFUSED).items() if len(packet) >= FRAME_HEADER])
def test_the_kernel_decides_alike(name: str) -> None:
    """Frames are sent on lo, where they come back; a first socket says when they have passed."""
    packet = TAKEN.get(name) or REFUSED[name]
    mark = ether(ip4("192.0.2.77", "192.0.2.77", 6, tcp(os.getpid() % 65536, 7, 16)))
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as tested,
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        attach(tested, ETHERNET)
        tested.bind(("lo", 3))
        tested.settimeout(30)
        sender.bind(("lo", 0))
        sender.send(packet)
        sender.send(mark)
        seen = []
        while (came := tested.recv(2000)) != mark:
            seen.append(came)
    assert (packet in seen) is bool(interpret(ETHERNET, packet, 0, len(packet)))
