# SPDX-License-Identifier: MIT
"""A hello is found however its stream is cut, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_tls_messages import (
    alpn,
    client_hello,
    extension_block,
    groups,
    point_formats,
    records,
    server_hello,
    server_name,
    signatures,
    vector,
    versions,
)

from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff.tls import sslv2
from decnet_sniff.sniff.tls.hello import ClientHello, ServerHello
from decnet_sniff.sniff.tls.records import MAX_HELLO_BYTES, MAX_RECORDS, read_message, recognise

OFFER = client_hello(
    (0x0A0A, 0x1301, 0x00FF),
    (
        (0x1A1A, b""),
        server_name(b"a.example"),
        groups(0x2A2A, 0x11EC, 29),
        point_formats(0, 1),
        signatures(0x0403, 0x0804),
        alpn(b"h2", b"\xab"),
        versions(0x3A3A, 0x0304, 0x0303),
        (51, bytes(1200)),
    ),
)
READ = ClientHello(
    version=0x0303,
    ciphers=(0x0A0A, 0x1301, 0x00FF),
    extensions=(0x1A1A, 0, 10, 11, 13, 16, 43, 51),
    groups=(0x2A2A, 0x11EC, 29),
    point_formats=(0, 1),
    signatures=(0x0403, 0x0804),
    versions=(0x3A3A, 0x0304, 0x0303),
    alpn=(b"h2", b"\xab"),
    server_name=b"a.example",
)
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def test_everything_that_a_client_offers_is_read() -> None:
    stream = records(OFFER)
    assert recognise(stream + b"\x17\x03\x03rest") == READ._replace(end=len(stream))


@given(size=st.integers(6, 1500))
def test_records_of_any_size_give_the_same_hello(size: int) -> None:
    stream = records(OFFER, size)
    assert recognise(stream) == READ._replace(end=len(stream))


def test_every_beginning_asks_for_more() -> None:
    for size in (7, 100, 1 << 14):
        stream = records(OFFER, size)
        assert all(recognise(stream[:end]) is NEED_MORE for end in range(len(stream)))


def test_a_server_s_choice() -> None:
    stream = records(server_hello(0x1302, [(51, b"share"), (43, b"\x03\x04")])) + b"\x17\x03\x03\x00\x01x"
    found = recognise(stream)
    assert isinstance(found, ServerHello)
    assert (found.version, found.chosen, found.cipher) == (0x0303, 0x0304, 0x1302)
    assert (found.extensions, found.retry, found.alpn) == ((51, 43), False, None)


def test_an_older_server_s_choice() -> None:
    found = recognise(records(server_hello(0x002F, [alpn(b"http/1.1"), (0xFF01, b"\0")], version=0x0301)))
    assert isinstance(found, ServerHello)
    assert (found.chosen, found.extensions, found.alpn) == (0x0301, (16, 0xFF01), b"http/1.1")


def test_hellos_without_an_extension_block() -> None:
    offer = recognise(records(client_hello((5, 4), None, version=0x0300, session=b"")))
    choice = recognise(records(server_hello(5, None, version=0x0300)))
    assert isinstance(offer, ClientHello)
    assert isinstance(choice, ServerHello)
    assert (offer.ciphers, offer.extensions, choice.cipher, choice.extensions) == ((5, 4), (), 5, ())


def test_the_hello_behind_a_retry_is_found_by_asking_again() -> None:
    retry = records(server_hello(0x1301, [(43, b"\x03\x04"), (51, b"\0\x17")], random=RETRY))
    stream = retry + b"\x14\x03\x03\x00\x01\x01" + records(server_hello(0x1301, [(43, b"\x03\x04")]))
    first = recognise(stream)
    assert isinstance(first, ServerHello)
    assert first.retry
    second = recognise(stream[first.end :])
    assert isinstance(second, ServerHello)
    assert (second.retry, second.extensions, first.end + second.end) == (False, (43,), len(stream))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-x\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",  # an alert
        b"\x16\x02\x00",
        b"\x16\x03\x05",
        b"\x16\x03\x01\x00\x00",  # an empty record
        b"\x16\x03\x01\x40\x01",  # longer than a record may be
        b"\x16\x03\x01\x00\x04\x0b\x00\x00\x00",  # a certificate comes first
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",  # longer than is waited for
    ],
)
def test_what_is_no_hello_is_nothing(data: bytes) -> None:
    assert recognise(data) is NOTHING


WARNING = b"\x15\x03\x03\x00\x02\x01\x70"  # unrecognized_name (RFC 6066, 3)


def test_a_warning_before_a_hello_is_passed_over() -> None:
    found = recognise(WARNING + records(server_hello(0x1301)))
    assert isinstance(found, ServerHello)
    assert found.end == len(WARNING) + len(records(server_hello(0x1301)))
    for size in range(len(WARNING) + 1):
        assert recognise(WARNING[:size]) is NEED_MORE


def test_a_fatal_or_encrypted_alert_is_not_passed_over() -> None:
    fatal = WARNING[:5] + b"\x02\x28"
    assert recognise(fatal + records(server_hello(0x1301))) is NOTHING
    assert recognise(b"\x15\x03\x03\x00\x1a" + bytes(26) + records(server_hello(0x1301))) is NOTHING


def test_an_alert_between_two_records_of_a_hello_is_nothing() -> None:
    assert recognise(b"\x16\x03\x01" + vector(OFFER[:100]) + b"\x15\x03\x01\x00\x02\x02\x28" + OFFER) is NOTHING


def test_a_hello_in_too_many_records_is_nothing() -> None:
    stream = records(client_hello(tuple(range(MAX_RECORDS))), 1)
    assert recognise(stream) is NOTHING


def test_the_longest_hello_is_read_and_a_longer_one_not_waited_for() -> None:
    room = MAX_HELLO_BYTES - len(client_hello((1,), [(51, b"")]))
    assert isinstance(recognise(records(client_hello((1,), [(51, bytes(room))]))), ClientHello)
    assert recognise(records(client_hello((1,), [(51, bytes(room + 1))]))[:100]) is NOTHING


@pytest.mark.parametrize("kind", [0, 10, 11, 13, 16, 43])
@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xff", b"\x09\x09ab"])
def test_a_lie_inside_an_extension_leaves_its_list_but_not_the_extension(kind: int, content: bytes) -> None:
    found = recognise(records(client_hello((1,), [(kind, content)])))
    assert isinstance(found, ClientHello)
    assert found.extensions == (kind,)
    assert found[3:9] == ((), (), (), (), (), None)


def test_names_are_read_up_to_the_one_that_lies() -> None:
    found = recognise(records(client_hello((1,), [(16, b"\0\x06\x02h2\x09ab"), (0, b"\0\x05\0\0\x09ab")])))
    assert isinstance(found, ClientHello)
    assert (found.alpn, found.server_name) == ((b"h2",), None)


@pytest.mark.parametrize("block", [b"\x00", b"\x00\x05\x00\x0a\x00\x02", b"\x00\x04\x00\x0a\x00\x02", b"\x00\x03abc"])
def test_a_lie_about_the_extensions_is_nothing(block: bytes) -> None:
    body = client_hello((1,), None)[4:] + block
    assert read_message(b"\x01" + vector(body, 3)) is NOTHING


def test_of_an_extension_that_comes_twice_the_first_counts() -> None:
    found = recognise(records(client_hello((1,), [groups(23), groups(29)])))
    assert isinstance(found, ClientHello)
    assert (found.extensions, found.groups) == ((10, 10), (23,))


def test_a_block_of_extensions_is_what_the_other_tests_think() -> None:
    assert extension_block([(16, b"ab")]) == b"\x00\x06\x00\x10\x00\x02ab"


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    for begin in (b"", b"\x16\x03\x01", records(OFFER)[:9]):
        found = recognise(begin + data)
        assert isinstance(found, Verdict | ClientHello | ServerHello)


@given(at=st.integers(0, len(OFFER) + 4), bit=st.integers(0, 7))
def test_no_flipped_bit_raises_or_makes_lists_grow_beyond_the_bytes(at: int, bit: int) -> None:
    stream = bytearray(records(OFFER))
    stream[at] ^= 1 << bit
    found = recognise(bytes(stream))
    if isinstance(found, ClientHello):
        assert 2 * len(found.ciphers) + 4 * len(found.extensions) < len(stream)


@given(end=st.integers(0, len(OFFER)), kind=st.sampled_from([1, 2]))
def test_no_truncated_body_raises(end: int, kind: int) -> None:
    """A message whose header fits its bytes, and whose body stops anywhere."""
    body = OFFER[4 : 4 + end]
    assert read_message(bytes([kind]) + vector(body, 3)) is not NEED_MORE


@given(st.binary(max_size=60))
def test_any_bytes_in_the_form_of_ssl_2_never_raise(data: bytes) -> None:
    assert isinstance(sslv2.recognise(b"\x80" + data), ClientHello | Verdict)
    assert isinstance(sslv2.recognise(b"\x80\x2e\x01\x03\x01\x00\x09" + data), ClientHello | Verdict)
