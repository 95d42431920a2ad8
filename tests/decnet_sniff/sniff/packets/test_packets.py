# SPDX-License-Identifier: MIT
"""Links, IP headers, fragments and tunnels: found where they are, counted where they are not understood."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_packet_makers import (
    ACK,
    CLIENT,
    CLIENT6,
    PSH,
    SERVER,
    SERVER6,
    START,
    SYN,
    batch_of,
    conversation,
    ether,
    found_in,
    ip4,
    ip6,
    new_observer,
    split,
    tcp,
    udp,
)

from decnet_core.events.catalogue import HttpClient
from decnet_sniff.sniff.packets import fragments, ip, link, tunnels
from decnet_sniff.sniff.packets.fragments import Fragments
from decnet_sniff.sniff.packets.ip import Packet

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n\r\n"
V4 = conversation([REQUEST])
SLL = {4: bytes(14) + b"\x08\x00", 6: bytes(14) + b"\x86\xdd"}


def over_ipv6() -> list[bytes]:
    said = tcp(40000, 80, PSH | ACK, 1001, 9001, payload=REQUEST)
    parts = [tcp(40000, 80, SYN, 1000), tcp(40000, 80, ACK, 1001, 9001), said]
    return [ip6(CLIENT6, SERVER6, 6, part) for part in parts]


V6 = over_ipv6()


def vxlan(packet: bytes, flags: int = 0x08) -> bytes:
    return ip4("10.0.0.1", "10.0.0.2", 17, udp(9, 4789, bytes([flags]) + bytes(7) + ether(packet)))


def in_ip(packet: bytes) -> bytes:
    number = 4 if packet[0] >> 4 == 4 else 41
    return ip4("10.0.0.1", "10.0.0.2", number, packet)


def geneve(packet: bytes) -> bytes:
    ethertype = b"\x65\x58" if packet[0] >> 4 == 4 else b"\x86\xdd"
    inside = ether(packet) if packet[0] >> 4 == 4 else packet
    return ip4("10.0.0.1", "10.0.0.2", 17, udp(9, 6081, b"\x01\x00" + ethertype + bytes(8) + inside))


def gre(packet: bytes) -> bytes:
    ethertype = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return ip6("fd00::1", "fd00::2", 47, b"\xb0\x00" + ethertype + bytes(12) + packet)


def options_before(packet: bytes) -> bytes:
    """The same IPv6 packet with four extension headers."""
    headers = [(60, bytes(6)), (43, bytes(6)), (44, bytes(6)), (packet[6], bytes(6))]
    chain = b"".join(struct.pack(">BB", following, 0) + body for following, body in headers)
    return packet[:4] + struct.pack(">HB", len(packet) - 40 + len(chain), 0) + packet[7:40] + chain + packet[40:]


def with_ip_options(packet: bytes) -> bytes:
    return struct.pack(">BBH", 0x46, 0, len(packet) + 4) + packet[4:20] + b"\x01\x01\x01\x00" + packet[20:]


def pppoe(packet: bytes, protocol: bytes = b"") -> bytes:
    protocol = protocol or (b"\x00\x21" if packet[0] >> 4 == 4 else b"\x00\x57")
    return b"\x02" * 12 + b"\x88\x64" + struct.pack(">BBHH", 0x11, 0, 7, 2 + len(packet)) + protocol + packet


def mpls(inside: bytes, labels: int, ethertype: bytes = b"\x88\x47") -> bytes:
    stack = [struct.pack(">I", (100 + n) << 12 | (n + 1 == labels) << 8 | 64) for n in range(labels)]
    return b"\x02" * 12 + ethertype + b"".join(stack) + inside


def gtp(packet: bytes, flags: int = 0x30, options: bytes = b"") -> bytes:
    header = struct.pack(">BBHI", flags, 255, len(options) + len(packet), 9)
    return ip4("10.0.0.1", "10.0.0.2", 17, udp(2152, 2152, header + options + packet))


def capwap(frame: bytes, *, words: int = 2, wireless: bool = False, port: tuple[int, int] = (40000, 5247)) -> bytes:
    header = bytes([0, words << 3, 1 << 1 | wireless, 0]) + bytes(4 * words - 4)
    return ip4("10.0.0.1", "10.0.0.2", 17, udp(*port, header + frame))


def wifi(packet: bytes, control: int = 0x08, flags: int = 0x01) -> bytes:
    """An IEEE 802.11 data frame; with 0x80 in `control` it has the field for quality of service."""
    ethertype = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    header = bytes([control, flags]) + bytes(22) + bytes(6 if flags & 3 == 3 else 0) + bytes(2 if control & 0x80 else 0)
    return header + b"\xaa\xaa\x03\0\0\0" + ethertype + packet


WAYS = {
    "Ethernet": (link.ETHERNET, ether),
    "three tags": (link.ETHERNET, lambda packet: ether(packet, 0x88A8, 0x8100, 0x8100)),
    "PPPoE": (link.ETHERNET, pppoe),
    "PPPoE, compressed": (link.ETHERNET, lambda packet: pppoe(packet, b"\x21" if packet[0] >> 4 == 4 else b"\x57")),
    "PPPoE in a VLAN": (link.ETHERNET, lambda packet: b"\x02" * 12 + b"\x81\0\0\7" + pppoe(packet)[12:]),
    "MPLS": (link.ETHERNET, lambda packet: mpls(packet, 1)),
    "MPLS, three labels": (link.ETHERNET, lambda packet: mpls(packet, 3, b"\x88\x48")),
    "MPLS with a frame": (link.ETHERNET, lambda packet: mpls(bytes(4) + ether(packet, 0x8100), 2)),
    "GTP-U": (link.ETHERNET, lambda packet: ether(gtp(packet))),
    "GTP-U with a number": (link.ETHERNET, lambda packet: ether(gtp(packet, 0x32, bytes(4)))),
    "GTP-U with extensions": (
        link.ETHERNET,
        lambda packet: ether(gtp(packet, 0x34, b"\0\0\0\x85" + b"\x01\x10\x09\xc0" + b"\x01\0\0\0")),
    ),
    "CAPWAP with Ethernet": (link.ETHERNET, lambda packet: ether(capwap(ether(packet), words=2))),
    "CAPWAP from the controller": (link.ETHERNET, lambda packet: ether(capwap(ether(packet), port=(5247, 40000)))),
    "CAPWAP with 802.11": (link.ETHERNET, lambda packet: ether(capwap(wifi(packet), words=4, wireless=True))),
    "CAPWAP with 802.11 QoS": (
        link.ETHERNET,
        lambda packet: ether(capwap(wifi(packet, 0x88, 0x03), wireless=True)),
    ),
    "VLAN": (link.ETHERNET, lambda packet: ether(packet, 0x8100)),
    "QinQ": (link.ETHERNET, lambda packet: ether(packet, 0x88A8, 0x8100)),
    "raw": (link.RAW, lambda packet: packet),
    "cooked": (link.SLL, lambda packet: SLL[packet[0] >> 4] + packet),
    "cooked 2": (link.SLL2, lambda packet: SLL[packet[0] >> 4][-2:] + bytes(18) + packet),
    "loopback": (link.NULL, lambda packet: struct.pack("<I", 2 if packet[0] >> 4 == 4 else 30) + packet),
    "OpenBSD loopback": (link.LOOP, lambda packet: struct.pack(">I", 2 if packet[0] >> 4 == 4 else 24) + packet),
    "VXLAN": (link.ETHERNET, lambda packet: ether(vxlan(packet))),
    "VXLAN with a policy": (link.ETHERNET, lambda packet: ether(vxlan(packet, 0x88))),
    "IP in IPv4": (link.ETHERNET, lambda packet: ether(in_ip(packet))),
    "IP in IPv6": (link.ETHERNET, lambda packet: ether(ip6("fd00::1", "fd00::2", in_ip(packet)[9], packet))),
    "Geneve": (link.ETHERNET, lambda packet: ether(geneve(packet))),
    "GRE": (link.ETHERNET, lambda packet: ether(gre(packet))),
    "padded": (link.ETHERNET, lambda packet: ether(packet) + bytes(30)),
}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("way", WAYS)
def test_whatever_carries_a_request_it_is_found(way: str, version: int) -> None:
    kind, wrap = WAYS[way]
    found = found_in(batch_of(map(wrap, V4 if version == 4 else V6), kind))
    heads = [(f.payload.user_agent, len(f.ends.source)) for f in found if isinstance(f.payload, HttpClient)]
    assert heads == [("curl/8", 4 if version == 4 else 16)]


def test_headers_before_tcp_are_passed_over() -> None:
    plain = found_in(batch_of(map(ether, V6)))
    assert found_in(batch_of(ether(options_before(packet)) for packet in V6)) == plain
    optional = found_in(batch_of(ether(with_ip_options(packet)) for packet in V4))
    assert len(optional) == len(found_in(batch_of(map(ether, V4))))


def test_a_tunnel_in_a_tunnel_is_counted_and_left_alone() -> None:
    observer = new_observer()
    observer.take(batch_of([ether(gre(gre(V4[0])))]))
    assert observer.counts()["tunnels_nested"] == 1
    assert list(observer.rest()) == []


@pytest.mark.parametrize(
    ("name", "frame", "kind"),
    [
        ("frames_not_ip", b"\xff" * 12 + b"\x08\x06" + bytes(28), link.ETHERNET),
        ("frames_short", bytes(13), link.ETHERNET),
        ("ip_other_protocol", ether(ip4(CLIENT, SERVER, 132, bytes(20))), link.ETHERNET),
        ("ip_malformed", ether(b"\x44" + V4[0][1:]), link.ETHERNET),
        ("ip_short", ether(V4[0])[:30], link.ETHERNET),
        ("tcp_short", ether(ip4(CLIENT, SERVER, 6, bytes(12))), link.ETHERNET),
        ("udp_short", ether(ip4(CLIENT, SERVER, 17, bytes(7))), link.ETHERNET),
        ("udp_malformed", ether(ip4(CLIENT, SERVER, 17, bytes(4) + b"\0\1" + bytes(20))), link.ETHERNET),
        ("tcp_malformed", ether(ip4(CLIENT, SERVER, 6, tcp(1, 2, SYN)[:12] + b"\x10" + bytes(20))), link.ETHERNET),
        ("link_type_unknown", ether(V4[0]), 147),
        ("frames_not_ip", ether(V4[0], 0x8100, 0x8100, 0x8100, 0x8100), link.ETHERNET),
        ("frames_not_ip", pppoe(bytes(20), b"\xc0\x21"), link.ETHERNET),
        ("frames_not_ip", mpls(V4[0], 9), link.ETHERNET),
        ("frames_not_ip", mpls(bytes(4) + mpls(V4[0], 1), 1), link.ETHERNET),
        ("frames_short", mpls(b"", 1), link.ETHERNET),
        ("frames_short", pppoe(b"", b"\x00\x21")[:21], link.ETHERNET),
        ("udp_flows", ether(capwap(wifi(V4[0], flags=0x41), wireless=True)), link.ETHERNET),  # encrypted
        ("udp_flows", ether(gtp(V4[0], 0x10)), link.ETHERNET),  # GTP'
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_understood_is_counted(name: str, frame: bytes, kind: int) -> None:
    observer = new_observer()
    observer.take(batch_of([frame], kind))
    assert observer.counts()[name] == 1


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("size", [8, 24, 104])
def test_a_request_in_ip_fragments_is_found(size: int, order: int) -> None:
    frames = []
    for number, packet in enumerate(V4):
        pieces = list(split(packet[20:], [size] * 30))
        for place in range(len(pieces))[::order]:
            more = 0x2000 if place + 1 < len(pieces) else 0
            field = more | size * place // 8
            ends = (CLIENT, SERVER) if packet[15] == 7 else (SERVER, CLIENT)
            frames.append(ether(ip4(*ends, 6, pieces[place], number=number, fragment=field)))
    found = [f for f in found_in(batch_of(frames)) if isinstance(f.payload, HttpClient)]
    assert len(found) == 1


def test_ipv6_fragments_are_joined_also_behind_other_headers() -> None:
    frames = []
    for number, packet in enumerate(V6):
        inside = struct.pack(">BB6x", 6, 0) + packet[40:]  # destination options, then TCP
        for place, piece in enumerate(pieces := list(split(inside, [16] * 20))):
            more = place + 1 < len(pieces)
            head = struct.pack(">BBHI", 60, 0, 16 * place | more, number)
            frames.append(ether(ip6(CLIENT6, SERVER6, 44, head + piece)))
    found = [f for f in found_in(batch_of(frames)) if isinstance(f.payload, HttpClient)]
    assert len(found) == 1


def piece(number: int, offset: int, size: int, more: bool = True) -> tuple[Packet, bytes]:
    buffer = ip4(CLIENT, SERVER, 6, bytes(size), number=number, fragment=(0x2000 if more else 0) | offset // 8)
    found = ip.packet(link.IP4, buffer, 0, len(buffer))
    assert isinstance(found, Packet)
    return found, buffer


def test_fragments_are_bounded_in_packets_bytes_and_pieces() -> None:
    table = Fragments()
    for number in range(1000):
        assert table.add(START, *piece(number, 0, 1400)) is None
    assert table.held <= fragments.MOST_BYTES
    assert len(table) <= fragments.MOST_PACKETS
    for number in range(500):
        table.add(START, *piece(1, 16 + 16 * number, 8))
    assert table.counts["fragments_given_up"] > 936


def test_a_fragment_does_not_wait_for_ever() -> None:
    table = Fragments()
    assert table.add(START, *piece(1, 0, 8)) is None
    assert table.add(START + fragments.PATIENCE_NS + 1, *piece(1, 8, 8, more=False)) is None
    assert table.counts["fragments_given_up"] == 1


@given(st.sampled_from([frame for _, wrap in WAYS.values() for frame in map(wrap, V4)]), st.integers(0, 200), st.data())
def test_damaged_packets_are_never_an_error(frame: bytes, size: int, data: st.DataObject) -> None:
    damaged = bytearray(frame[:size])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    observer = new_observer()
    for kind in (*link.NAMES, 99):
        observer.take(batch_of([bytes(damaged)], kind))
    list(observer.rest())
    assert observer.counts()["packets"] == len(link.NAMES) + 1


@given(st.lists(st.binary(max_size=120), max_size=20))
def test_arbitrary_bytes_are_never_an_error(frames: list[bytes]) -> None:
    for kind in link.NAMES:
        found_in(batch_of(frames, kind))


@given(st.binary(max_size=80), st.sampled_from([4789, 6081]))
def test_any_tunnel_header_is_read(data: bytes, port: int) -> None:
    for found in (tunnels.gre(data, 0, len(data)), tunnels.over_udp(port, data, 0, len(data))):
        assert found[0] in {-1, 0, link.IP4, link.IP6}
        assert found[1] <= len(data)
