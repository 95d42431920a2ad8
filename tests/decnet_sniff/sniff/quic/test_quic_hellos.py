# SPDX-License-Identifier: MIT
"""Hellos in QUIC are found in spite of what networks and clients do to the packets, and memory stays bounded."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_quic_sender import crypto, initial
from tests.decnet_sniff.sniff.sniff_quic_vectors import (
    CLIENT_HELLO,
    CLIENT_INITIAL_1,
    CLIENT_INITIAL_2,
    CONNECTION_ID,
    RETRY_1,
    RETRY_2,
    SERVER_INITIAL_1,
    SERVER_INITIAL_2,
)
from tests.decnet_sniff.sniff.sniff_tls_messages import client_hello, server_hello, server_name, versions

from decnet_sniff.sniff.quic import aes, hellos
from decnet_sniff.sniff.quic.hellos import Connections
from decnet_sniff.sniff.quic.initial_keys import DRAFTS, VERSION_1, VERSION_2
from decnet_sniff.sniff.quic.packets import crypto_frames, packets
from decnet_sniff.sniff.tls.hello import ClientHello, Hello, ServerHello

SECOND = 1_000_000_000
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
CHOICE = server_hello(0x1301, [(43, b"\x03\x04")])


class Wire:
    """Two ends whose datagrams the table sees, one a microsecond."""

    def __init__(self, table: Connections | None = None) -> None:
        self.table = table or Connections()
        self.now = 0

    def up(self, data: bytes, client: str = "client") -> Hello | None:
        self.now += 1000
        return self.table.datagram(client, "server", data, self.now)

    def down(self, data: bytes, client: str = "client") -> Hello | None:
        self.now += 1000
        return self.table.datagram("server", client, data, self.now)


@pytest.mark.parametrize(
    ("asks", "answers"),
    [(CLIENT_INITIAL_1, SERVER_INITIAL_1), (CLIENT_INITIAL_2, SERVER_INITIAL_2)],
    ids=["RFC 9001 A.2 and A.3", "RFC 9369 A.2 and A.3"],
)
def test_the_sample_packets_of_the_standards(asks: bytes, answers: bytes) -> None:
    wire = Wire()
    asked = wire.up(asks, client=asks.hex())
    answered = wire.down(answers, client=asks.hex())
    assert isinstance(asked, ClientHello)
    assert (asked.server_name, asked.alpn, asked.ciphers) == (b"example.com", (b"alpn",), (0x1301, 0x1302))
    assert asked.extensions == (0, 0xFF01, 10, 16, 5, 51, 43, 13, 45, 28, 57)
    assert isinstance(answered, ServerHello)
    assert (answered.cipher, answered.chosen, answered.extensions) == (0x1301, 0x0304, (51, 43))


@pytest.mark.parametrize("version", [VERSION_1, VERSION_2])
def test_a_hello_over_several_packets_in_any_order(version: int) -> None:
    sent = [
        initial(crypto(at, CLIENT_HELLO[at : at + 100]), first=CONNECTION_ID, version=version, number=number)
        for number, at in enumerate(range(0, len(CLIENT_HELLO), 100))
    ]
    for order in permutations(sent):
        wire = Wire()
        assert [isinstance(wire.up(packet), ClientHello) for packet in order] == [False] * (len(sent) - 1) + [True]


def test_frames_in_disorder_between_pings_and_padding() -> None:
    """What Chrome does to its hello."""
    payload = (
        b"\x01" + crypto(60, CLIENT_HELLO[60:]) + bytes(30) + crypto(0, CLIENT_HELLO[:30]) + b"\x01\x01"
        + crypto(20, CLIENT_HELLO[20:60]) + bytes(200)
    )  # fmt: skip
    assert isinstance(Wire().up(initial(payload, first=b"12345678")), ClientHello)


def test_acknowledgements_before_the_hello() -> None:
    ack, ecn = b"\x02\x41\x00\x05\x01\x00\x00\x03", b"\x03\x02\x00\x00\x02\x01\x02\x03"
    payload = ack + ecn + crypto(0, CLIENT_HELLO)
    assert isinstance(Wire().up(initial(payload, first=b"12345678")), ClientHello)


def test_coalesced_packets_of_one_datagram() -> None:
    parts = [initial(crypto(at, CLIENT_HELLO[at : at + 120]), first=b"12345678", number=at) for at in (0, 120, 240)]
    assert isinstance(Wire().up(b"".join(parts)), ClientHello)


def test_a_handshake_packet_before_the_initial_is_passed_over() -> None:
    handshake = b"\xe0\x00\x00\x00\x01\x08" + b"12345678" + b"\x00" + b"\x0a" + bytes(10)
    sent = handshake + initial(crypto(0, CLIENT_HELLO), first=b"12345678")
    assert [packet.kind for packet in packets(sent)] == ["other", "initial"]
    assert isinstance(Wire().up(sent), ClientHello)


def test_a_client_that_changed_to_the_server_s_connection_id_goes_on_with_its_keys() -> None:
    wire, first, direction = Wire(), b"12345678", 150
    assert wire.up(initial(crypto(0, CLIENT_HELLO[:direction]), first=first, source=b"me")) is None
    assert wire.down(initial(b"\x02\0\0\0\0", first=first, destination=b"me", source=b"you", server=True)) is None
    assert isinstance(
        wire.up(initial(crypto(direction, CLIENT_HELLO[direction:]), first=first, destination=b"you", number=1)),
        ClientHello,
    )


@pytest.mark.parametrize(("version", "retry"), [(VERSION_1, RETRY_1), (VERSION_2, RETRY_2)])
@pytest.mark.parametrize("told_before", [True, False])
def test_after_a_retry_the_keys_are_those_of_its_connection_id(version: int, retry: bytes, told_before: bool) -> None:
    wire, chosen = Wire(), bytes.fromhex("f067a5502a4262b5")
    first = crypto(0, CLIENT_HELLO) if told_before else crypto(0, CLIENT_HELLO[:100])
    found = [wire.up(initial(first, first=CONNECTION_ID, version=version))]
    assert wire.down(retry) is None
    found.append(wire.up(initial(crypto(0, CLIENT_HELLO), first=chosen, version=version, token=b"token", number=1)))
    assert [isinstance(hello, ClientHello) for hello in found] == [told_before, not told_before]
    answer = initial(crypto(0, CHOICE), first=chosen, destination=b"", source=b"srv", version=version, server=True)
    assert isinstance(wire.down(answer), ServerHello)
    assert wire.table.counters()["quic_retries"] == 1


def test_a_retry_that_was_not_seen_is_a_new_connection() -> None:
    wire = Wire()
    assert wire.up(initial(crypto(0, CLIENT_HELLO[:100]), first=b"12345678")) is None
    assert isinstance(wire.up(initial(crypto(0, CLIENT_HELLO), first=b"abcdefgh", token=b"t")), ClientHello)


def test_a_server_that_answers_in_the_other_version() -> None:
    """Compatible version negotiation (RFC 9368): the client's connection id, the other version's salt."""
    wire = Wire()
    assert isinstance(wire.up(initial(crypto(0, CLIENT_HELLO), first=CONNECTION_ID)), ClientHello)
    answer = initial(crypto(0, CHOICE), first=CONNECTION_ID, destination=b"", version=VERSION_2, server=True)
    assert isinstance(wire.down(answer), ServerHello)


def test_both_hellos_behind_a_hello_retry_request_are_reported() -> None:
    wire, first = Wire(), CONNECTION_ID
    again = client_hello((0x1301,), [(44, b"\0\1c"), versions(0x0304)])
    asking = server_hello(0x1301, [(43, b"\x03\x04"), (44, b"\0\1c")], random=RETRY_RANDOM)
    found = [
        wire.up(initial(crypto(0, CLIENT_HELLO), first=first)),
        wire.down(initial(crypto(0, asking), first=first, destination=b"", source=b"srv", server=True)),
        wire.up(initial(crypto(len(CLIENT_HELLO), again), first=first, destination=b"srv", number=1)),
        wire.down(
            initial(crypto(len(asking), CHOICE), first=first, destination=b"", source=b"srv", server=True, number=1)
        ),
    ]
    assert [type(hello) for hello in found] == [ClientHello, ServerHello, ClientHello, ServerHello]
    assert [hello.extensions for hello in found if hello] [1:] == [(43, 44), (44, 43), (43,)]  # fmt: skip
    assert [hello.retry for hello in found if isinstance(hello, ServerHello)] == [True, False]


def test_a_hello_is_reported_once_however_often_it_is_sent() -> None:
    wire, packet = Wire(), initial(crypto(0, CLIENT_HELLO), first=b"12345678")
    assert [wire.up(packet) is None for _ in range(5)] == [False, True, True, True, True]


def test_another_connection_between_the_same_ports_is_reported() -> None:
    wire = Wire()
    for first in (b"12345678", b"abcdefgh"):
        assert isinstance(wire.up(initial(crypto(0, CLIENT_HELLO), first=first)), ClientHello)
        assert isinstance(
            wire.down(initial(crypto(0, CHOICE), first=first, destination=b"", source=b"s", server=True)), ServerHello
        )


def test_version_negotiation_and_versions_that_are_not_read_are_counted() -> None:
    wire = Wire()
    negotiation = b"\x80\0\0\0\0\x08" + b"12345678" + b"\x08" + b"abcdefgh" + b"\x6b\x33\x43\xcf"
    reserved = b"\xc3\x1a\x2a\x3a\x4a" + CLIENT_INITIAL_1[5:]
    assert wire.up(reserved) is wire.down(negotiation) is wire.up(b"\x40" + bytes(1300)) is None
    counters = wire.table.counters()
    assert (counters["quic_version_negotiations"], counters["quic_versions_unread"]) == (1, 1)
    assert counters["quic_initials"] == 0


@pytest.mark.parametrize(
    "other",
    [
        b"\x80\0\0\0\0\x08" + b"12345678" + b"\x08" + b"abcdefgh" + b"\x6b\x33\x43",  # not whole versions
        b"\x80\0\0\0\0\xff" + bytes(20),
        b"\xc3\x1a\x2a\x3a\x4a\x08" + bytes(400),  # shorter than a client may begin with
        b"\xc3\x1a\x2a\x3a\x4a\x07" + bytes(1300),  # a shorter connection id than a client may choose
        b"\x9b\x7c\x81\x80\0\1\0\1\0\0\0\0" + bytes(1300),  # an answer of DNS
    ],
)
def test_other_datagrams_with_the_first_bit_are_not_counted(other: bytes) -> None:
    wire = Wire()
    assert wire.up(other) is None
    counters = wire.table.counters()
    assert counters["quic_version_negotiations"] + counters["quic_versions_unread"] + counters["quic_initials"] == 0


@pytest.mark.parametrize("version", DRAFTS)
def test_drafts_of_version_1_are_read(version: int) -> None:
    wire = Wire()
    asked = wire.up(initial(crypto(0, CLIENT_HELLO), first=CONNECTION_ID, version=version))
    answer = initial(crypto(0, CHOICE), first=CONNECTION_ID, destination=b"", version=version, server=True)
    assert isinstance(asked, ClientHello)
    assert isinstance(wire.down(answer), ServerHello)


def test_a_second_retry_is_ignored() -> None:
    """RFC 9000, 17.2.5.2: a client takes one Retry, and none that changes nothing."""
    wire, chosen = Wire(), bytes.fromhex("f067a5502a4262b5")
    assert wire.up(initial(crypto(0, CLIENT_HELLO[:100]), first=CONNECTION_ID)) is None
    unchanged = b"\xf0\0\0\0\x01\0\x08" + CONNECTION_ID + b"token" + bytes(16)
    assert wire.down(unchanged) is None
    assert wire.down(RETRY_1) is None
    assert wire.down(b"\xf0\0\0\0\x01\0\x08" + b"abcdefgh" + b"token" + bytes(16)) is None
    assert isinstance(wire.up(initial(crypto(0, CLIENT_HELLO), first=chosen, number=1)), ClientHello)
    answer = initial(crypto(0, CHOICE), first=chosen, destination=b"", source=b"srv", server=True)
    assert isinstance(wire.down(answer), ServerHello)
    assert wire.table.counters()["quic_retries"] == 1


def test_a_server_s_packet_without_its_client_s_is_unreadable() -> None:
    wire = Wire()
    assert wire.down(SERVER_INITIAL_1) is None
    assert wire.table.counters() == {
        "quic_initials": 1, "quic_undecrypted": 0, "quic_unreadable": 1, "quic_retries": 0,
        "quic_version_negotiations": 0, "quic_versions_unread": 0, "quic_evicted": 0, "quic_connections": 0,
    }  # fmt: skip


def test_a_hello_that_is_none_is_not_gathered() -> None:
    wire = Wire()
    assert wire.up(initial(crypto(0, b"\x0b\0\0\x10" + bytes(16)), first=b"12345678")) is None
    assert wire.up(initial(crypto(0, CLIENT_HELLO), first=b"12345678", number=1)) is None


def test_a_silent_connection_is_forgotten() -> None:
    wire = Wire()
    wire.up(CLIENT_INITIAL_1)
    wire.now += hellos.LIFETIME_NS + 1
    assert wire.down(SERVER_INITIAL_1) is None
    assert wire.table.counters()["quic_connections"] == 0


def test_many_connections_are_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hellos, "MAX_CONNECTIONS", 10)
    wire = Wire(Connections())
    for number in range(25):
        first = number.to_bytes(8, "big")
        assert isinstance(wire.up(initial(crypto(0, CLIENT_HELLO), first=first), client=str(number)), ClientHello)
    counters = wire.table.counters()
    assert (counters["quic_connections"], counters["quic_evicted"]) == (10, 15)


def test_bytes_of_unfinished_hellos_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hellos, "MAX_PENDING_BYTES", 5000)
    wire = Wire()
    direction = crypto(0, CLIENT_HELLO[:240])
    for number in range(100):
        wire.up(initial(direction, first=number.to_bytes(8, "big")), client=str(number))
    assert wire.table.counters()["quic_connections"] == 5000 // 240
    assert wire.table._pending == 240 * (5000 // 240)  # what the bound is about
    whole = initial(crypto(240, CLIENT_HELLO[240:]), first=(99).to_bytes(8, "big"), number=1)
    assert isinstance(wire.up(whole, client="99"), ClientHello)
    assert wire.table._pending == 240 * (5000 // 240 - 1)


def test_what_is_forgotten_by_age_or_number_gives_its_bytes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hellos, "MAX_CONNECTIONS", 3)
    wire = Wire(Connections())
    for number in range(9):
        wire.up(initial(crypto(0, CLIENT_HELLO[:200]), first=number.to_bytes(8, "big")), client=str(number))
    assert wire.table._pending == 600
    wire.now += hellos.LIFETIME_NS + 1
    wire.up(CLIENT_INITIAL_1)
    assert wire.table._pending == 0


def test_frames_with_holes_are_not_gathered_without_end() -> None:
    wire = Wire()
    holes = b"".join(crypto(2 * at + 1, b"x") for at in range(hellos.MAX_PIECES + 1))
    assert wire.up(initial(holes, first=b"12345678")) is None
    assert wire.table._pending == 0
    assert wire.up(initial(crypto(0, CLIENT_HELLO), first=b"12345678", number=1)) is None


def test_a_post_quantum_hello_fits() -> None:
    hello = client_hello((0x1301,), [server_name(b"a"), (51, bytes(12_000))])
    wire, found = Wire(), None
    for number, at in enumerate(range(0, len(hello), 1100)):
        found = wire.up(initial(crypto(at, hello[at : at + 1100]), first=b"12345678", number=number)) or found
    assert isinstance(found, ClientHello)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_datagram_raises(data: bytes) -> None:
    table = Connections()
    for begin in (b"", b"\xc0\0\0\0\1", CLIENT_INITIAL_1[:18], CLIENT_INITIAL_2[:16], RETRY_1[:15]):
        assert table.datagram("client", "server", begin + data, 0) is None


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_payload_raises(data: bytes) -> None:
    assert list(crypto_frames(data)) is not None
    table = Connections()
    table.datagram("client", "server", initial(data, first=b"12345678"), 0)
    table.datagram("client", "server", initial(crypto(0, b"\x01") + data, first=b"abcdefgh"), 0)


def test_truncated_at_every_byte_it_is_no_hello() -> None:
    table = Connections()
    for packet in (CLIENT_INITIAL_1, SERVER_INITIAL_2):
        for end in range(0, len(packet), 1):
            assert table.datagram("client", "server", packet[:end], 0) is None
    assert table.counters()["quic_connections"] == 0


@settings(deadline=None)
@given(at=st.integers(0, len(CLIENT_INITIAL_1) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_and_the_tag_does_not_fit(at: int, bit: int) -> None:
    packet = bytearray(CLIENT_INITIAL_1)
    packet[at] ^= 1 << bit
    assert Connections().datagram("client", "server", bytes(packet), 0) is None


def test_without_a_libcrypto_packets_are_counted_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aes, "LIBRARIES", ("libcrypto-that-is-not-here.so",))
    wire = Wire()
    assert wire.up(CLIENT_INITIAL_1) is None
    assert wire.down(SERVER_INITIAL_1) is None
    counters = wire.table.counters()
    assert (counters["quic_initials"], counters["quic_undecrypted"], counters["quic_connections"]) == (2, 2, 0)
