# SPDX-License-Identifier: MIT
"""scapy, which shares no code with us, builds frames and reads them; our readers must see in them what it sees."""

from __future__ import annotations

import random
import socket
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.http import HTTPRequest
from scapy.layers.inet import IP, TCP, UDP, IPOption, fragment
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    defragment6,
    fragment6,
)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Packet, Padding, Raw
from scapy.sessions import StringBuffer
from tests.decnet_sniff.sniff.sniff_packet_makers import SECOND, START

from decnet_core.events.catalogue import HttpClient
from decnet_sniff.protocols import stack
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.packets import ip, link
from decnet_sniff.sniff.packets.fragments import Fragments
from decnet_sniff.sniff.settings import SniffSettings
from decnet_sniff.sniff.transport.stream_head import Stream
from decnet_sniff.sniff.worker import observer_of

MACS = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
"""Given, lest scapy asks the network for them."""
OPTION_KINDS = {"EOL": 0, "NOP": 1, "MSS": 2, "WScale": 3, "SAckOK": 4, "SAck": 5, "Timestamp": 8}
OPTION_BYTES = {"EOL": 1, "NOP": 1, "MSS": 4, "WScale": 3, "SAckOK": 2, "SAck": 10, "Timestamp": 10}

u8, u16, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
addresses4 = u32.map(lambda number: socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "big")))
addresses6 = st.binary(min_size=16, max_size=16).map(lambda packed: socket.inet_ntop(socket.AF_INET6, packed))
ports = st.integers(1, 65535).filter(lambda port: port not in {4789, 6081})
vlan_tags = st.lists(
    st.builds(Dot1Q, vlan=st.integers(0, 4095)) | st.builds(Dot1AD, vlan=st.integers(0, 4095)), max_size=2
)
ip_options = st.lists(
    st.binary(max_size=6).map(lambda value: IPOption(bytes([30, len(value) + 2]) + value)), max_size=3
)
padding = st.lists(st.builds(PadN, optdata=st.binary(max_size=9)), max_size=2)
extensions = st.lists(
    st.one_of(
        st.builds(IPv6ExtHdrHopByHop, options=padding),
        st.builds(IPv6ExtHdrDestOpt, options=padding),
        st.builds(IPv6ExtHdrRouting, addresses=st.lists(addresses6, max_size=2)),
        st.builds(IPv6ExtHdrFragment, id=u32),  # an atomic fragment (RFC 6946): whole
    ),
    max_size=4,
)


def option_bytes(option: tuple[Any, Any]) -> int:
    return OPTION_BYTES.get(option[0]) or 2 + len(option[1])


tcp_options = st.lists(
    st.one_of(
        st.tuples(st.just("MSS"), u16),
        st.tuples(st.just("WScale"), u8),
        st.just(("SAckOK", b"")),
        st.just(("NOP", None)),
        st.tuples(st.just("Timestamp"), st.tuples(u32 | st.just(0), u32 | st.just(0))),
        st.tuples(st.just("SAck"), st.lists(u32, min_size=2, max_size=2).map(tuple)),
        st.tuples(st.integers(100, 250), st.binary(max_size=6)),
    ),
    max_size=8,
).filter(lambda options: sum(map(option_bytes, options)) <= 40)


def stacked(layers: list[Any]) -> Packet:
    frame = layers[0]
    for layer in layers[1:]:
        frame = frame / layer
    assert isinstance(frame, Packet)
    return frame


@st.composite
def networks(draw: st.DrawFn) -> list[Packet]:
    """An IPv4 header with options, or an IPv6 header with extension headers."""
    if draw(st.booleans()):
        flags = draw(st.sampled_from(["", "DF", "evil", "DF+evil"]))
        fields = st.fixed_dictionaries({"tos": u8, "id": u16 | st.just(0), "ttl": u8, "options": ip_options})
        return [IP(src=draw(addresses4), dst=draw(addresses4), flags=flags, **draw(fields))]
    fields = st.fixed_dictionaries({"tc": u8, "fl": st.integers(0, 0xFFFFF), "hlim": u8})
    return [IPv6(src=draw(addresses6), dst=draw(addresses6), **draw(fields)), *draw(extensions)]


syns = st.builds(
    TCP,
    sport=ports, dport=ports, seq=u32 | st.just(0), ack=u32 | st.just(0), window=u16, urgptr=u16 | st.just(0),
    flags=st.lists(st.sampled_from("APUEC"), unique=True).map(lambda more: "S" + "".join(more)), options=tcp_options,
)  # fmt: skip
transports = (
    syns | st.builds(UDP, sport=ports, dport=ports) | st.builds(TCP, flags=st.sampled_from(["A", "PA", "FA", "R"]))
)
payloads = st.binary(max_size=60)


@given(tags=vlan_tags, layers=networks(), transport=transports, payload=payloads, trailer=st.binary(max_size=20))
def test_headers_lie_where_scapy_sees_them(
    tags: list[Packet], layers: list[Packet], transport: Packet, payload: bytes, trailer: bytes
) -> None:
    """Of frames with up to two VLAN tags, options, extension headers, and a trailer that is no part of the packet."""
    data = bytes(stacked([Ether(**MACS), *tags, *layers, transport, Raw(payload)])) + trailer
    seen = Ether(data)
    network = seen.getlayer(IP) or seen.getlayer(IPv6)
    upper = seen.getlayer(TCP) or seen.getlayer(UDP)
    end = len(data) - (len(seen[Padding].load) if Padding in seen else 0)
    kind, at = link.network(link.ETHERNET, data, 0, len(data))
    assert (kind, at) == (link.IP4 if network.version == 4 else link.IP6, len(data) - len(network.original))
    family = socket.AF_INET if network.version == 4 else socket.AF_INET6
    assert ip.packet(kind, data, at, len(data)) == ip.Packet(
        protocol=ip.TCP if isinstance(upper, TCP) else ip.UDP,
        source=socket.inet_pton(family, network.src),
        destination=socket.inet_pton(family, network.dst),
        header=at,
        payload=end - len(upper.original),
        end=end,
    )


def quirks_of(network: Packet, transport: Packet, options: list[tuple[Any, Any]]) -> int:
    """p0f's quirks, from scapy's fields."""
    flags, times = transport.flags, [value for name, value in options if name == "Timestamp"]
    has = {
        stack.ECN: "E" in flags or "C" in flags or bool((network.tos if network.version == 4 else network.tc) & 3),
        stack.SEQ_ZERO: not transport.seq,
        stack.ACK_ZERO: "A" in flags and not transport.ack,
        stack.ACK_STRAY: "A" not in flags and bool(transport.ack >> 24 & 1),
        stack.URGENT: "U" in flags,
        stack.URGENT_STRAY: "U" not in flags and bool(transport.urgptr),
        stack.PUSH: "P" in flags,
        stack.OWN_TIME_ZERO: any(not own for own, _ in times),
        stack.PEER_TIME_SET: "A" not in flags and any(peer for _, peer in times),
        stack.SCALE_HIGH: any(name == "WScale" and value > 14 for name, value in options),
    }
    if network.version == 4:
        has |= {
            stack.DF: "DF" in network.flags,
            stack.ID_SET: "DF" in network.flags and bool(network.id),
            stack.ID_ZERO: "DF" not in network.flags and not network.id,
            stack.RESERVED: "evil" in network.flags,
        }
    else:
        has[stack.FLOW] = bool(network.fl)
    return sum(bit for bit, there in has.items() if there)


@given(layers=networks(), syn=syns, payload=payloads)
def test_stacks_have_the_fields_that_scapy_sees(layers: list[Packet], syn: Packet, payload: bytes) -> None:
    seen = layers[0].__class__(bytes(stacked([*layers, syn, Raw(payload)])))
    transport, headers = seen[TCP], bytes(seen)[: (seen.ihl * 4 if seen.version == 4 else 40)]
    read = stack.read(stack.Syn(headers, transport.original[: transport.dataofs * 4], len(payload)))
    options = transport.options
    last = dict(options)  # of an option that comes twice the last counts
    times = last.get("Timestamp")
    assert read == stack.Stack(
        version=seen.version,
        ttl=seen.ttl if seen.version == 4 else seen.hlim,
        ip_options=len(headers) - (20 if seen.version == 4 else 40),
        mss=last.get("MSS"),
        window=transport.window,
        scale=last.get("WScale"),
        kinds=bytes(OPTION_KINDS.get(name, name) for name, _ in options),
        padding=transport.dataofs * 4 - 20 - sum(map(option_bytes, options)),
        quirks=quirks_of(seen, transport, options),
        payload=bool(payload),
        own_time=bool(times and times[0]),
        header_bytes=len(headers) + transport.dataofs * 4,
    )


@given(layers=networks(), size=st.integers(1, 60), payload=st.binary(min_size=1, max_size=600), order=st.randoms())
def test_fragments_become_the_packet_that_scapy_cut(
    layers: list[Packet], size: int, payload: bytes, order: random.Random
) -> None:
    """In any order and some twice; IPv6 with extension headers before and behind the fragment header."""
    whole: Packet = UDP(sport=7, dport=9) / Raw(payload)
    if isinstance(layers[0], IP):
        layers[0].flags = 0
        pieces = fragment(layers[0] / whole, fragsize=8 * size)
    else:
        before = [each for each in layers[1:] if isinstance(each, IPv6ExtHdrHopByHop | IPv6ExtHdrRouting)]
        behind = [each for each in layers[1:] if isinstance(each, IPv6ExtHdrDestOpt)]
        packet = stacked([layers[0], *before, IPv6ExtHdrFragment(id=77), *behind, whole])
        pieces = fragment6(IPv6(bytes(packet)), 1280 if size > 30 else 8 * size + 300)
        assert bytes(defragment6(pieces)[UDP]) == bytes(IPv6(bytes(packet))[UDP])
    sent = [bytes(piece) for piece in pieces]
    sent += [piece for piece in sent if order.random() < 0.3]
    order.shuffle(sent)
    table, found = Fragments(), []
    for data in sent:
        kind, at = link.raw(data, 0, len(data))
        one = ip.packet(kind, data, at, len(data))
        assert isinstance(one, ip.Packet)
        if one.fragment is None:
            found.append(data[one.payload : one.end])
        elif (joined := table.add(START, one, data)) is not None:
            found.append(joined[0][joined[1].payload : joined[1].end])
    expected = bytes(layers[0].__class__(bytes(layers[0] / whole))[UDP])
    assert found
    assert {one[8:] for one in found} == {payload}
    assert {one[:6] for one in found} == {expected[:6]}  # but for the checksum, of which the addresses are a part


cuts = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 120)), max_size=12)
header_names = st.lists(st.sampled_from(["Host", "Accept", "Cookie", "X-Long-Name", "Referer", "DNT"]), unique=True)


@given(names=header_names, agent=st.text("abcXYZ/0. ", max_size=90), cut=cuts, base=u32, order=st.randoms())
def test_overlapping_segments_yield_what_scapy_reads_in_them(
    names: list[str], agent: str, cut: list[tuple[int, int]], base: int, order: random.Random
) -> None:
    """A request over segments that overlap, come in any order and twice; sequence numbers wrap."""
    lines = [
        "GET /some/path HTTP/1.1",
        *(f"{name}: {name.lower()}" for name in names),
        f"User-Agent: x{agent.strip()}y",
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    ranges = [(at % len(request), size) for at, size in cut] + [(at, 50) for at in range(0, len(request), 50)]
    order.shuffle(ranges)
    ends = {"sport": 40000, "dport": 80}
    frames = [Ether(**MACS) / IP(src="198.51.100.7", dst="192.0.2.1") / TCP(**ends, seq=base, flags="S")]
    stream, buffer, first = Stream((base + 1) % (1 << 32)), StringBuffer(), base + 1
    for at, size in ranges:
        segment = TCP(**ends, seq=(first + at) % (1 << 32), flags="PA") / Raw(request[at : at + size])
        frames.append(Ether(**MACS) / IP(src="198.51.100.7", dst="192.0.2.1") / segment)
        stream.add(segment.seq, bytes(segment.payload))
        buffer.append(bytes(segment.payload), at + 1)
    assert stream.data == bytes(buffer) == request
    observer = observer_of(SniffSettings())
    for number, frame in enumerate(map(bytes, frames)):
        observer.take(PacketBatch(link.ETHERNET, frame, [(START + number * SECOND // 100, 0, len(frame))]))
    (found,) = [one.payload for one in observer.rest() if isinstance(one.payload, HttpClient)]
    seen = HTTPRequest(bytes(buffer))
    assert (found.method, found.version) == (seen.Method.decode(), seen.Http_Version.decode())
    assert found.user_agent == seen.User_Agent.decode()
    known = {name.replace("_", "-") for name, value in seen.fields.items() if isinstance(value, bytes)}
    unknown = {name.decode() for name in seen.Unknown_Headers or ()}
    assert set(found.headers) == known - {"Method", "Path", "Http-Version"} | unknown
