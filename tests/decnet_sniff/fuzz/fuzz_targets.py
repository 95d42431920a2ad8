# SPDX-License-Identifier: MIT
"""What is fuzzed: every reader of sniffer and prober that is given what attackers send; one that misbehaves raises."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from decnet_sniff.probe import certificate, jarm, stack_child
from decnet_sniff.protocols import ssh
from decnet_sniff.protocols import stack as stack_of
from decnet_sniff.protocols.verdict import NEED_MORE, Verdict
from decnet_sniff.sniff.capture.file_buffer import CaptureError
from decnet_sniff.sniff.capture.packet_batch import PacketBatch, PacketBounds
from decnet_sniff.sniff.capture.pcap import batches
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.http import request_head
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.packets.link import NAMES, RAW
from decnet_sniff.sniff.quic import hellos
from decnet_sniff.sniff.quic.packets import packets
from decnet_sniff.sniff.reassembly_buffer import ISLAND_BYTES
from decnet_sniff.sniff.scan.detector import ScanSettings
from decnet_sniff.sniff.tls import records
from decnet_sniff.sniff.tls.dtls import Handshakes
from decnet_sniff.sniff.tls.payloads import tls_payload
from decnet_sniff.sniff.transport.stream_protocol import recognise

CORPUS = Path(__file__).parents[1] / "corpus"
"""Inputs to begin with, a folder for each target; small."""

SECOND = 1_000_000_000
_LINKS = tuple(NAMES)


def tls_stream(data: bytes) -> None:
    """The first bytes of a TCP stream, whole and cut short: an answer does not change with more bytes."""
    found = records.recognise(data)
    if not isinstance(found, Verdict):
        assert found.end > 0
        assert records.recognise(data[: found.end]) == found
        assert tls_payload(found, "tcp").count == 1
    for size in (len(data) - 1, len(data) // 2, 6):
        before = records.recognise(data[:size]) if 0 <= size < len(data) else NEED_MORE
        assert before in (NEED_MORE, found)


def any_stream(data: bytes) -> None:
    """The same for whichever protocol it may be, and for both sides."""
    for server in (False, True):
        if data:
            recognise(data, server=server)
    for reader in (ssh.recognise, request_head.recognise):
        reader(data)


def dtls_datagrams(data: bytes) -> None:
    """Datagrams of one direction, each behind its length."""
    table = Handshakes()
    for number, datagram in enumerate(_parts(data)):
        found = table.datagram("up", datagram, number)
        if found is not None:
            assert tls_payload(found, "dtls").count == 1
    assert table.counters()["dtls_unfinished"] <= 1


def quic_datagrams(data: bytes) -> None:
    """Datagrams of both directions, in turns."""
    table = hellos.Connections()
    ends = ("client", "server")
    for number, datagram in enumerate(_parts(data)):
        assert sum(packet.end - packet.begin for packet in packets(datagram)) <= len(datagram)
        table.datagram(ends[number % 2], ends[1 - number % 2], datagram, number)
    assert table._pending <= hellos.MAX_CRYPTO_BYTES * 2


def quic_payloads(data: bytes) -> None:
    """What is inside opened Initial packets: no mutation of a protected one gets so far."""
    side = hellos._Side()
    for payload in _parts(data):
        found = side.take(payload)
        assert side.size <= hellos.MAX_CRYPTO_BYTES
        if found is not None:
            assert tls_payload(found, "quic").count == 1
            return


def frames(data: bytes) -> None:
    """Packets of any link type, each behind its length; the observer lives as long as the process."""
    if not data:
        return
    records: list[PacketBounds] = []
    buffer = bytearray()
    for part in _parts(data[1:]):
        records.append((next(_clock), len(buffer), len(buffer) + len(part)))
        buffer += part
    _observer.take(PacketBatch(_LINKS[data[0] % len(_LINKS)], bytes(buffer), records))
    for finding in _observer.due(next(_clock)):
        assert isinstance(finding, Finding)


def segments(data: bytes) -> None:
    """Segments of one TCP connection, each behind its length: direction, flags, where in the stream, payload."""
    records: list[PacketBounds] = []
    buffer = bytearray()
    for part in _parts(data):
        if len(part) >= _SEGMENT_BYTES:
            packet = _segment(back=part[0] & 1, flags=part[1], place=int.from_bytes(part[2:4], "big"), said=part[4:])
            records.append((next(_clock), len(buffer), len(buffer) + len(packet)))
            buffer += packet
    observer = _new_observer()
    observer.take(PacketBatch(RAW, bytes(buffer), records))
    assert observer.counts()["tcp_held_bytes"] <= len(records) * ISLAND_BYTES + len(data)
    list(observer.rest())
    assert observer.counts()["tcp_held_bytes"] == 0


def capture_file(data: bytes) -> None:
    """A capture file: whatever it holds, packets or a CaptureError."""
    observer = _new_observer()
    try:
        for batch in batches(io.BytesIO(data)):
            observer.take(batch)
    except CaptureError:
        pass
    list(observer.rest())


def shown_certificate(data: bytes) -> None:
    """A certificate that a server showed to the prober: whatever it is, described within bounds."""
    found = certificate.describe(data)
    assert len(found.subject) <= certificate.MAX_NAME
    assert len(found.issuer) <= certificate.MAX_NAME
    assert len(found.names) <= certificate.MOST_NAMES
    found.subject.encode()


def jarm_answer(data: bytes) -> None:
    """What a server answered to one of JARM's hellos."""
    jarm.complete(data)
    assert len(jarm.fingerprint([jarm.read_answer(data)] * len(jarm.HELLOS))) == len(jarm.SILENCE)


def caught_packet(data: bytes) -> None:
    """A packet that came while the prober waited for a SYN+ACK: its first two bytes are the port that was asked."""
    found = stack_child.answers(data[2:], data[14:18], 4000, int.from_bytes(data[:2], "big"))
    if found is not None:
        stack_of.read(stack_of.Syn(*found, 0))


def _new_observer() -> Observer:
    return Observer(window_ns=SECOND, flows=64, idle_ns=10 * SECOND, scan=ScanSettings())


_observer = _new_observer()
_clock = itertools.count(SECOND, SECOND // 1000)


_SEGMENT_BYTES = 4
_CLIENT, _SERVER = b"\xc6\x33\x64\7", b"\xc0\0\2\1"
_PORTS = b"\x9c\x40\1\xbb"


def _segment(*, back: int, flags: int, place: int, said: bytes) -> bytes:
    """A packet of the connection; the stream of each direction begins just before its numbers wrap."""
    ends = _SERVER + _CLIENT if back else _CLIENT + _SERVER
    ports = _PORTS[2:] + _PORTS[:2] if back else _PORTS
    number = (2**32 - 100 + place) % 2**32
    head = struct.pack(">IIBBHHH", number, 2**32 - 99, 5 << 4, flags, 64240, 0, 0)
    length = 20 + len(ports) + len(head) + len(said)
    return struct.pack(">BBHHHBBH", 0x45, 0, length, 1, 0x4000, 64, 6, 0) + ends + ports + head + said


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield what lies behind each two bytes of length, the last perhaps cut short."""
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : end]
        at = end


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        tls_stream,
        any_stream,
        dtls_datagrams,
        quic_datagrams,
        quic_payloads,
        frames,
        segments,
        capture_file,
        shown_certificate,
        jarm_answer,
        caught_packet,
    )
}


def seeds(name: str) -> list[bytes]:
    """The corpus of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
