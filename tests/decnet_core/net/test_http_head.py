# SPDX-License-Identifier: MIT
"""What attackers send in place of a request head, invented by hypothesis."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decnet_core.net.http_head import TOKEN, Head, Parsed, Refusal, Rules, parse_head
from decnet_core.text import from_wire

REQUEST = b"GET /a?b=c HTTP/1.1\r\nHoSt: x\r\nUser-AGENT: t/1\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\nrest"
RULES = Rules(
    line=re.compile(rb"(?P<method>" + TOKEN + rb"{1,64}) (?P<target>[^ ]+) (?P<version>HTTP/1\.[0-9])"),
    head_bytes=4096,
    target_bytes=1000,
    field_bytes=1500,
    fields=10,
    decode=from_wire,
)
PIECES = st.sampled_from(
    [b"GET ", b"POST ", b"/", b"/ ", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/9.9", b"\r\n", b"\n", b"\r", b"\r\n\r\n",
     b"\n\r\n", b"Host: x", b"Host: x\r\n", b": ", b": \r\n", b"\0", b"\xff\xfe", b"\x16\x03\x01", b"hello", b" ",
     b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked", b"a" * 300, b"b" * 900]
)  # fmt: skip
TRAFFIC = st.lists(PIECES | st.binary(max_size=40), max_size=40).map(b"".join)


def parsed(data: bytes) -> Parsed:
    found = parse_head(data, RULES)
    assert isinstance(found, Parsed)
    return found


def test_field_order_and_case_are_kept() -> None:
    head, end, _ = parsed(REQUEST)
    assert head.headers == (("HoSt", "x"), ("User-AGENT", "t/1"), ("X-Twice", "1"), ("x-twice", "2"))
    assert (head.method, head.target, head.version) == ("GET", "/a?b=c", "HTTP/1.1")
    assert (head.get("HOST"), head.get("none"), head.all("X-TWICE")) == ("x", None, ["1", "2"])
    assert REQUEST[end:] == b"rest"


@given(st.integers(0, len(REQUEST) - 5))
def test_a_part_of_a_head_waits_for_more(cut: int) -> None:
    assert parse_head(REQUEST[:cut], RULES) is None


@given(TRAFFIC)
def test_any_bytes_are_a_head_a_refusal_or_unfinished(data: bytes) -> None:
    found = parse_head(data, RULES)
    if isinstance(found, Parsed):
        assert found.end <= RULES.head_bytes
        assert data[: found.end].endswith((b"\n\n", b"\n\r\n"))
        assert len(found.head.headers) <= RULES.fields
        assert len(found.head.target) <= 4 * RULES.target_bytes
    elif isinstance(found, Refusal):
        assert len(found.line) <= max(RULES.head_bytes, len(data.partition(b"\n")[0]))
    else:
        assert len(data) <= RULES.head_bytes


@given(TRAFFIC, st.integers(1, 500))
@example(REQUEST, 1)
@example(b"GET / HTTP/1.1\n\r\n", 1)
def test_head_does_not_depend_on_how_its_bytes_arrive(data: bytes, size: int) -> None:
    whole = parse_head(data, RULES)
    received, searched = bytearray(), 0
    found: Parsed | Refusal | None = None
    for at in range(0, len(data), size):
        received += data[at : at + size]
        found = parse_head(received, RULES, searched)
        searched = len(received)
        if found is not None:
            break
    assert type(found) is type(whole)
    assert not isinstance(whole, Parsed) or found == whole


@given(st.binary(max_size=200))
def test_what_follows_a_head_does_not_change_it(rest: bytes) -> None:
    assert parsed(REQUEST + rest) == parsed(REQUEST)


@pytest.mark.parametrize("bare", [b"\r\n", b"\n"])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"\n\n\r\n"])
def test_line_feeds_alone_and_empty_lines_before_are_accepted(bare: bytes, before: bytes) -> None:
    head, *_ = parsed(before + REQUEST.replace(b"\r\n", bare))
    assert head == parsed(REQUEST).head


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET /\r\n", "request-line"),
        (b"G@T / HTTP/1.1\r\n", "request-line"),
        (b"GET /a b HTTP/1.1\r\n", "request-line"),
        (b"GET / HTTP/2.0\r\n", "request-line"),
        (b"\x16\x03\x01\x02\x00\x01", "request-line"),
        (b"\x03\x00\x00\x13\x0e", "request-line"),
        (b"\xff", "request-line"),
        (b"SSH-2.0-x\r\n", "request-line"),
        (b"GET /" + b"a" * 1100, "target-too-long"),
        (b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\n", "target-too-long"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 5000, "head-too-long"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 1500 + b"\r\n\r\n", "head-too-long"),
        (b"GET / HTTP/1.1\r\n" + (b"A: " + b"b" * 1400 + b"\r\n") * 3 + b"\r\n", "head-too-long"),
        (b"\r\n" * 2100, "head-too-long"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 11 + b"\r\n", "field"),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", "field"),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "field"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n Folded: y\r\n\r\n", "field"),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", "field"),
    ],
)
def test_what_is_no_request_is_refused_for_a_reason(data: bytes, reason: str) -> None:
    found = parse_head(data, RULES)
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert data.lstrip(b"\r\n").startswith(found.line)


@given(st.integers(0, 100), st.integers(0, 3000))
def test_limits_are_exact(fields: int, padding: int) -> None:
    head = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * fields + b"B: " + b"c" * (padding % 1400) + b"\r\n\r\n"
    found = parse_head(head, RULES._replace(head_bytes=1400, fields=50))
    assert isinstance(found, Parsed) == (len(head) <= 1400 and fields + 1 <= 50)


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        ("HTTP/1.1", None, True),
        ("HTTP/1.1", "Close", False),
        ("HTTP/1.1", "TE, close", False),
        ("HTTP/1.0", None, False),
        ("HTTP/1.0", "Keep-Alive", True),
    ],
)
def test_whether_the_connection_stays_open(version: str, connection: str | None, expected: bool) -> None:
    fields = () if connection is None else (("Connection", connection),)
    assert Head("GET", "/", version, fields).keep_alive == expected


@pytest.mark.parametrize(("version", "hosts"), [("HTTP/1.1", {1}), ("HTTP/1.0", {0, 1})])
def test_how_many_hosts_a_request_may_name(version: str, hosts: set[int]) -> None:
    accepted = {n for n in range(4) if Head("GET", "/", version, (("Host", "x"),) * n).has_one_host}
    assert accepted == hosts
