# SPDX-License-Identifier: MIT
"""TLS that begins behind other words is found in its segment; words that only resemble it are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.decnet_sniff.sniff.sniff_packet_makers import batch_of, conversation, ether, found_in
from tests.decnet_sniff.sniff.sniff_tls_messages import client_hello, groups, records, server_hello, server_name

from decnet_core.events.catalogue import HttpClient, TlsClient, TlsServer
from decnet_sniff.sniff.tls import starttls

ASKS = records(client_hello([0x1301], [server_name(b"late.example"), groups(29)]))
ANSWERS = records(server_hello(0x1301))
MYSQL_GREETS = b"\x0a\x00\x00\x00\x0a8.0\x00" + b"\x01" * 6
MYSQL_ASKS = b"\x20\x00\x00\x01\x85\xae\x0f\x00" + bytes(28)
WORDS = {
    "smtp": (
        [b"EHLO me\r\n", b"STARTTLS\r\n"],
        [b"220 mail ESMTP\r\n", b"250 STARTTLS\r\n", b"220 go\r\n"],
    ),
    "imap": ([b"a STARTTLS\r\n"], [b"* OK ready\r\n", b"a OK go\r\n"]),
    "xmpp": ([b"<stream:stream to='a'>", b"<starttls/>"], [b"<stream:stream from='a'>", b"<proceed/>"]),
    "postgresql": ([bytes.fromhex("0000000804d2162f")], [b"S"]),
    "mysql": ([MYSQL_ASKS], [MYSQL_GREETS]),
    "rdp": ([bytes.fromhex("030000130ee000000000000100080003000000")], [bytes.fromhex("030000130ed00000123400")]),
    "socks": ([b"\5\1\0", b"\5\1\0\1\1\2\3\4\1\xbb"], [b"\5\0", b"\5\0\0\1\0\0\0\0\0\0"]),
    "proxy": ([b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"], [b"HTTP/1.1 200 OK\r\n\r\n"]),
}


def reported(client: Sequence[bytes], server: Sequence[bytes] = ()) -> list[str]:
    """The kinds that are told of a connection, but for those of its packets."""
    found = found_in(batch_of(ether(packet) for packet in conversation(client, server)))
    kinds = {HttpClient: "http", TlsClient: "client", TlsServer: "server"}
    return sorted(kinds[type(one.payload)] for one in found if type(one.payload) in kinds)


@pytest.mark.parametrize("protocol", WORDS)
def test_both_hellos_are_found_after_starttls_of(protocol: str) -> None:
    client, server = WORDS[protocol]
    expected = ["client", "http", "server"] if protocol == "proxy" else ["client", "server"]
    assert reported([*client, ASKS], [*server, ANSWERS]) == expected


@pytest.mark.parametrize("protocol", ["smtp", "imap", "mysql", "proxy"])
def test_a_hello_in_one_segment_with_the_starttls_before_it_is_found(protocol: str) -> None:
    assert "client" in reported([b"".join(WORDS[protocol][0]) + ASKS])


def test_a_late_hello_may_come_in_pieces() -> None:
    assert reported([b"\0\0\0\x08\4\xd2\x16\x2f", ASKS[:9], ASKS[9:40], ASKS[40:]]) == ["client"]


def test_a_late_hello_after_a_retry_request_is_reported_twice() -> None:
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    assert reported([b"\0\0\0\x08\4\xd2\x16\x2f", ASKS], [b"S", records(server_hello(random=retry)), ANSWERS]) == [
        "client", "server", "server",
    ]  # fmt: skip


def test_a_hello_inside_of_other_bytes_is_none() -> None:
    assert reported([b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", b"data" + ASKS]) == ["http"]
    assert reported([b"data", b"data " + ASKS]) == []


def test_patience_ends() -> None:
    words = b"x" * (starttls.PATIENCE // 2)
    assert reported([words, ASKS]) == ["client"]
    assert reported([words, words, b"x", ASKS]) == []


@pytest.mark.parametrize(
    "changed",
    [
        ASKS[:8], b"\x17" + ASKS[1:], ASKS[:1] + b"\x02" + ASKS[2:], ASKS[:2] + b"\x05" + ASKS[3:],
        ASKS[:5] + b"\x03" + ASKS[6:], ASKS[:6] + b"\x01" + ASKS[7:], ASKS[:3] + b"\xff\xff" + ASKS[5:],
        ASKS[:6] + b"\0\0\1" + ASKS[9:],
    ],
)  # fmt: skip
def test_what_is_no_hello_is_not_found(changed: bytes) -> None:
    assert starttls.find(ASKS) == 0
    assert starttls.find(changed) is None
