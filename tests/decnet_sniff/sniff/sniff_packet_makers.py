# SPDX-License-Identifier: MIT
"""Packets, byte by byte, and capture files of them: what the tests of the sniffer send."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator

from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.packets.link import ETHERNET
from decnet_sniff.sniff.scan.detector import ScanSettings

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

CLIENT, SERVER = "198.51.100.7", "192.0.2.1"
CLIENT6, SERVER6 = "2001:db8::7", "2001:db8::1"
LINUX = bytes.fromhex("020405b40402080a00000001000000000103030a")


def tcp(
    source: int, destination: int, flags: int, sequence: int = 0, acknowledged: int = 0,
    *, payload: bytes = b"", options: bytes = b"",
) -> bytes:  # fmt: skip
    """A segment."""
    numbers = (source, destination, sequence % 2**32, acknowledged % 2**32)
    return struct.pack(">HHIIBBHHH", *numbers, (5 + len(options) // 4) << 4, flags, 64240, 0, 0) + options + payload


def udp(source: int, destination: int, payload: bytes = b"") -> bytes:
    """A datagram."""
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def ip4(
    source: str, destination: str, protocol: int, payload: bytes, *, number: int = 1, fragment: int = 0x4000
) -> bytes:
    """An IPv4 packet; `fragment` is the field with flags and offset."""
    addresses = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address(destination).packed
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), number, fragment, 64, protocol, 0) + addresses + payload


def ip6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """An IPv6 packet."""
    addresses = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload


def ether(packet: bytes, *tags: int) -> bytes:
    """A frame, with VLAN tags of these EtherTypes."""
    inside = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    return b"\x02" * 12 + b"".join(struct.pack(">HH", tag, 7) for tag in tags) + inside + packet


def conversation(
    client: Iterable[bytes], server: Iterable[bytes] = (), *, ports: tuple[int, int] = (40000, 443), first: int = 1000
) -> list[bytes]:
    """The IPv4 packets of a connection: handshake, what both say, one after the other, and the end."""
    mine, its = first, 9000
    out = [
        _from(ports, SYN, mine, 0, options=LINUX),
        _to(ports, SYN | ACK, its, mine + 1, options=LINUX),
        _from(ports, ACK, mine + 1, its + 1),
    ]
    mine, its = mine + 1, its + 1
    for said in client:
        out.append(_from(ports, ACK | PSH, mine, its, payload=said))
        mine += len(said)
    for said in server:
        out.append(_to(ports, ACK | PSH, its, mine, payload=said))
        its += len(said)
    out += [
        _from(ports, FIN | ACK, mine, its),
        _to(ports, FIN | ACK, its, mine + 1),
        _from(ports, ACK, mine + 1, its + 1),
    ]
    return out


def _from(ports: tuple[int, int], flags: int, *numbers: int, payload: bytes = b"", options: bytes = b"") -> bytes:
    return ip4(CLIENT, SERVER, 6, tcp(*ports, flags, *numbers, payload=payload, options=options))


def _to(ports: tuple[int, int], flags: int, *numbers: int, payload: bytes = b"", options: bytes = b"") -> bytes:
    return ip4(SERVER, CLIENT, 6, tcp(ports[1], ports[0], flags, *numbers, payload=payload, options=options))


def batch_of(packets: Iterable[bytes], link: int = ETHERNET, begin: int = START, step: int = 1000) -> PacketBatch:
    """Packets `step` ns apart, in one buffer."""
    buffer, records = bytearray(b"\0" * 16), []
    for number, packet in enumerate(packets):
        records.append((begin + number * step, len(buffer), len(buffer) + len(packet)))
        buffer += packet + b"\0" * 16
    return PacketBatch(link, bytes(buffer), records)


def new_observer(*, window: int = 10, flows: int = 512, idle: int = 300) -> Observer:
    return Observer(window_ns=window * SECOND, flows=flows, idle_ns=idle * SECOND, scan=ScanSettings())


def found_in(*batches: PacketBatch) -> list[Finding]:
    """All findings of a new observer."""
    observer = new_observer()
    for batch in batches:
        observer.take(batch)
    return list(observer.rest())


def pcap(packets: Iterable[bytes], *, order: str = "<", nanoseconds: bool = True, link: int = ETHERNET) -> bytes:
    """A pcap file, packets 1 µs apart."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for number, packet in enumerate(packets):
        moment = START + number * 1000
        fraction = moment % SECOND if nanoseconds else moment % SECOND // 1000
        out += struct.pack(order + "IIII", moment // SECOND, fraction, len(packet), len(packet)) + packet
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(
    packets: Iterable[bytes], *, order: str = "<", link: int = ETHERNET, options: bytes = b"\x09\0\x01\0\x09\0\0\0"
) -> bytes:
    """A pcapng file with one interface (by default in nanoseconds) and enhanced packet blocks."""
    out = section(order) + interface(link, order, options if order == "<" else _swapped(options))
    for number, packet in enumerate(packets):
        moment = START + number * 1000
        head = struct.pack(order + "IIIII", 0, moment >> 32, moment & 0xFFFFFFFF, len(packet), len(packet))
        out += block(6, head + packet, order)
    return out


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = ETHERNET, order: str = "<", options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 262144) + options, order)


def _swapped(options: bytes) -> bytes:
    code, size = struct.unpack("<HH", options[:4])
    return struct.pack(">HH", code, size) + options[4:]


def split(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """`data` in pieces of these sizes, and the rest."""
    at = 0
    for size in sizes:
        if data[at : at + size]:
            yield data[at : at + size]
        at += size
    if data[at:]:
        yield data[at:]
