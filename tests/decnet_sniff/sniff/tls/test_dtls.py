# SPDX-License-Identifier: MIT
"""Hellos of DTLS, however they are cut into fragments, records and datagrams."""

from __future__ import annotations

import struct
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_tls_messages import (
    client_hello,
    server_hello,
    server_name,
    signatures,
    vector,
    versions,
)

from decnet_sniff.sniff.tls import dtls
from decnet_sniff.sniff.tls.dtls import Handshakes
from decnet_sniff.sniff.tls.hello import ClientHello, ServerHello
from decnet_sniff.sniff.tls.ja4 import DTLS, ja4

OFFER = client_hello(
    (0xC02C, 0x00FF),
    [server_name(b"d.example"), signatures(0x0403), (51, bytes(300))],
    version=0xFEFD,
    session=b"",
    cookie=b"c" * 20,
)


def record(content: bytes, *, version: int = 0xFEFD, epoch: int = 0, kind: int = 22) -> bytes:
    return struct.pack(">BHHHI", kind, version, epoch, 0, 7) + vector(content)


def fragment(message: bytes, begin: int = 0, end: int | None = None, *, sequence: int = 0) -> bytes:
    """A part of a handshake message with DTLS's header in place of its own."""
    body = message[4:]
    part = body[begin:end]
    head = message[:4] + struct.pack(">H", sequence) + begin.to_bytes(3, "big")
    return head + len(part).to_bytes(3, "big") + part


@pytest.mark.parametrize(("version", "shown"), [(0xFEFF, "d1"), (0xFEFD, "d2")])
def test_a_whole_hello(version: int, shown: str) -> None:
    sent = client_hello((0xC02C,), (), version=version, cookie=b"")
    found = Handshakes().datagram("up", record(fragment(sent), version=0xFEFF), 0)
    assert isinstance(found, ClientHello)
    assert ja4(found, DTLS) == f"d{shown}i010000_{ja4(found, DTLS)[11:23]}_000000000000"


def test_the_version_of_cisco_anyconnect() -> None:
    sent = client_hello((0x002F,), (), version=0x0100, session=b"s" * 32, cookie=b"")
    found = Handshakes().datagram("up", record(fragment(sent), version=0x0100), 0)
    assert isinstance(found, ClientHello)
    assert (found.version, found.ciphers) == (0x0100, (0x002F,))


def test_dtls_1_3_by_its_extension() -> None:
    sent = client_hello((0x1301,), [versions(0xFEFC)], version=0xFEFD, cookie=b"")
    found = Handshakes().datagram("up", record(fragment(sent)), 0)
    assert isinstance(found, ClientHello)
    assert ja4(found, DTLS).startswith("dd3i0101")


def test_a_server_s_hello_with_what_follows_it() -> None:
    sent = server_hello(0xC02C, [(0xFF01, b"\0")], version=0xFEFD)
    certificate = b"\x0b\0\0\x05" + b"\0\2" + b"\0\0\0" + b"\0\0\5" + bytes(5)
    found = Handshakes().datagram("down", record(fragment(sent, sequence=1)) + record(certificate), 0)
    assert isinstance(found, ServerHello)
    assert (found.version, found.cipher, found.extensions) == (0xFEFD, 0xC02C, (0xFF01,))


def test_fragments_in_datagrams_of_any_order() -> None:
    sent = [record(fragment(OFFER, at, at + 100)) for at in range(0, len(OFFER) - 4, 100)]
    for order in permutations(sent):
        table = Handshakes()
        found = [table.datagram("up", datagram, 0) for datagram in order]
        assert [hello is None for hello in found] == [True] * (len(sent) - 1) + [False]
        assert isinstance(found[-1], ClientHello)
        assert found[-1].server_name == b"d.example"
        assert table.counters()["dtls_unfinished"] == 0


def test_overlapping_fragments_in_one_record() -> None:
    both = fragment(OFFER, 0, 200) + fragment(OFFER, 150)
    assert isinstance(Handshakes().datagram("up", record(both), 0), ClientHello)


def test_fragments_of_another_message_begin_anew() -> None:
    table = Handshakes()
    other = client_hello((1, 2, 3), version=0xFEFD, cookie=b"")
    assert table.datagram("up", record(fragment(other, 0, 20)), 0) is None
    assert table.datagram("up", record(fragment(OFFER, 0, 100, sequence=1)), 0) is None
    found = table.datagram("up", record(fragment(OFFER, 100, sequence=1)), 0)
    assert isinstance(found, ClientHello)
    assert found.ciphers == (0xC02C, 0x00FF)


def test_fragments_of_different_directions_do_not_mix() -> None:
    table = Handshakes()
    table.datagram("one", record(fragment(OFFER, 0, 100)), 0)
    assert table.datagram("two", record(fragment(OFFER, 100)), 0) is None


@pytest.mark.parametrize(
    "data",
    [
        record(fragment(OFFER), epoch=1),
        record(fragment(OFFER), kind=23),
        record(fragment(OFFER), version=0x0303),
        record(fragment(b"\x03\0\0\3abc")),  # HelloVerifyRequest
        record(fragment(b"\x01" + (dtls.MAX_HELLO_BYTES + 1).to_bytes(3, "big") + bytes(50), 0, 50)),
        record(fragment(OFFER))[:-1],
    ],
)
def test_what_is_no_hello_in_the_clear_is_ignored(data: bytes) -> None:
    table = Handshakes()
    assert table.datagram("up", data, 0) is None
    assert table.counters()["dtls_unfinished"] == 0


def test_unfinished_hellos_are_bounded_counted_and_forgotten() -> None:
    table = Handshakes()
    for number in range(dtls.MAX_UNFINISHED + 5):
        table.datagram(number, record(fragment(OFFER, 0, 100)), 0)
    assert table.counters()["dtls_unfinished"] == dtls.MAX_UNFINISHED
    assert table.counters()["dtls_evicted"] == 5
    table.datagram("late", record(fragment(OFFER, 0, 100)), dtls.LIFETIME_NS + 1)
    assert table.counters()["dtls_unfinished"] == 1


def test_too_many_holes_are_given_up() -> None:
    table = Handshakes()
    for at in range(1, 2 * dtls.MAX_PIECES + 3, 2):
        table.datagram("up", record(fragment(OFFER, at, at + 1)), 0)
    assert table.counters()["dtls_unfinished"] == 0


@given(st.binary(max_size=120))
def test_no_datagram_raises(data: bytes) -> None:
    table = Handshakes()
    for begin in (b"", b"\x16\xfe\xfd\0\0", record(fragment(OFFER))[:25], record(b"")[:11]):
        table.datagram("up", begin + data, 0)


@given(at=st.integers(0, len(OFFER) + 20), bit=st.integers(0, 7), end=st.integers(0, len(OFFER) + 21))
def test_no_flipped_bit_or_missing_end_raises(at: int, bit: int, end: int) -> None:
    data = bytearray(record(fragment(OFFER)))
    data[at] ^= 1 << bit
    table = Handshakes()
    table.datagram("up", bytes(data), 0)
    table.datagram("up", bytes(data[:end]), 0)
