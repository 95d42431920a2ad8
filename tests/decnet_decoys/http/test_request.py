# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.http_head import Head, Parsed
from decnet_decoys.http.dialects import DIALECTS, MAX_TARGET
from decnet_decoys.http.request import MAX_PIECES, BadRequest, Body, parse_head

REQUEST = b"GET /a?b=c HTTP/1.1\r\nHoSt: x\r\nUser-AGENT: t/1\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\nrest"
PIECES = st.sampled_from(
    [b"GET ", b"POST ", b"/", b" HTTP/1.1", b" HTTP/9.9", b"\r\n", b"\n", b"\r", b"Host: x", b": ", b"\0", b"\xff",
     b"\x16\x03\x01", b"Content-Length: 5", b"Transfer-Encoding: chunked", b" ", b"a" * 300]
)  # fmt: skip


def parsed(data: bytes) -> Parsed:
    found = parse_head(data)
    assert isinstance(found, Parsed)
    return found


def fed(head: Head, pieces: list[bytes]) -> tuple[Body, bytes]:
    """Read a body that arrives in pieces; return it, and what came after it."""
    body, buffer, start = Body(head, 100), bytearray(), 0
    for piece in pieces:
        buffer += piece
        while not body.done:
            start = body.take(buffer, start)
            if not body.paused:
                break
    return body, bytes(buffer[start:])


def test_header_order_and_case_are_kept() -> None:
    head, end, _ = parsed(REQUEST)
    assert head.headers == (("HoSt", "x"), ("User-AGENT", "t/1"), ("X-Twice", "1"), ("x-twice", "2"))
    assert (head.method, head.target, head.version) == ("GET", "/a?b=c", "HTTP/1.1")
    assert REQUEST[end:] == b"rest"


@given(st.integers(0, len(REQUEST) - 5))
def test_a_part_of_a_head_waits_for_more(cut: int) -> None:
    assert parse_head(REQUEST[:cut]) is None


@given(st.binary(max_size=600) | st.lists(PIECES, max_size=20).map(b"".join))
def test_any_bytes_are_a_head_an_error_or_unfinished(data: bytes) -> None:
    for dialect in DIALECTS.values():
        found = parse_head(data, 0, dialect)
        assert found is None or isinstance(found, Parsed | BadRequest)


@given(st.lists(PIECES, max_size=20).map(b"".join), st.lists(st.binary(max_size=50) | PIECES, max_size=8))
def test_any_body_bytes_are_taken_or_refused(start: bytes, pieces: list[bytes]) -> None:
    found = parse_head(b"POST / HTTP/1.1\r\nHost: x\r\n" + start + b"\r\n\r\n")
    if isinstance(found, Parsed):
        body, _ = fed(found.head, pieces)
        assert len(body.data) <= 100


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000, 414),
        (b"GET /" + b"a" * 8300 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"SSH-2.0-x\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 40_000, 431),
    ],
)
def test_what_is_no_request_gets_its_status(data: bytes, status: int) -> None:
    found = parse_head(data)
    assert isinstance(found, BadRequest)
    assert found.status == status


def head_with(*headers: tuple[str, str]) -> Head:
    return Head("POST", "/", "HTTP/1.1", headers)


@given(st.binary(max_size=80), st.integers(1, 7))
def test_a_body_of_known_length_ends_where_it_should(data: bytes, step: int) -> None:
    stream = data + b"next"
    head = head_with(("Content-Length", str(len(data))))
    body, rest = fed(head, [stream[start : start + step] for start in range(0, len(stream), step)])
    assert (bytes(body.data), rest, body.done) == (data, b"next", True)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.integers(1, 9))
def test_a_chunked_body_is_put_together(chunks: list[bytes], step: int) -> None:
    stream = b"".join(b"%x;ext\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: x\r\n\r\nnext"
    head = head_with(("transfer-encoding", "chunked"))
    body, rest = fed(head, [stream[start : start + step] for start in range(0, len(stream), step)])
    assert (bytes(body.data), rest, body.done, body.status) == (b"".join(chunks), b"next", True, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((("Content-Length", "101"),), 413),
        ((("Content-Length", "-1"),), 400),
        ((("Content-Length", "1_0"),), 400),
        ((("Content-Length", "٣"),), 400),
        ((("Transfer-Encoding", "gzip"),), 501),
        ((("Transfer-Encoding", "chunked"), ("Content-Length", "3")), 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(headers: tuple[tuple[str, str], ...], status: int) -> None:
    assert Body(head_with(*headers), 100).status == status


def test_a_chunk_beyond_the_limit_is_refused() -> None:
    body, _ = fed(head_with(("Transfer-Encoding", "chunked")), [b"ffffffff\r\n"])
    assert (body.status, bytes(body.data)) == (413, b"")


def test_empty_lines_alone_are_waited_after() -> None:
    assert parse_head(b"\r\n\r\n") is None
    assert parse_head(b"\r\n" * 20_000) == BadRequest(431, "")


def test_many_small_chunks_are_taken_in_portions() -> None:
    buffer = bytearray(b"1\r\na\r\n" * 3000 + b"0\r\n\r\nnext")
    body, start, calls = Body(head_with(("transfer-encoding", "chunked")), 5000), 0, 0
    while not body.done:
        start = body.take(buffer, start)
        calls += 1
        assert body.paused != body.done
    assert (bytes(body.data), bytes(buffer[start:])) == (b"a" * 3000, b"next")
    assert calls >= 3000 * 3 / MAX_PIECES


@pytest.mark.parametrize("flavour", ["nginx", "apache"])
def test_a_line_without_a_version_is_too_long_like_any_other(flavour: str) -> None:
    found = parse_head(b"GET /" + b"a" * MAX_TARGET + b"\r\n", 0, DIALECTS[flavour])
    assert isinstance(found, BadRequest)
    assert found.status == 414
