# SPDX-License-Identifier: MIT
"""Heads that hypothesis invents: nothing raises, and what is accepted means the same to h11, which `api` uses."""

from __future__ import annotations

import asyncio

import h11
from hypothesis import given
from hypothesis import strategies as st

from decnet_web.web.api_link import ApiBrokenError, response
from decnet_web.web.forwarding import Sender, forwarded_fields
from decnet_web.web.hosts import Hosts
from decnet_web.web.messages.body import BodyError, pieces
from decnet_web.web.messages.requests import Refused, Request, parse

NAMES = st.sampled_from(
    ["Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Cookie", "X", "Te", "Upgrade", "Expect",
     "X-Forwarded-For", "x_y", "Content-Length ", " X", "", "X\0", "Tränsfer"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["localhost", "chunked", "Chunked", "chunked, chunked", "gzip, chunked", "4", "04", "+4", "4,4", "0", "close",
         "keep-alive, x", "\tchunked ", "a\nTransfer-Encoding: chunked", "a\r\n b", "a\rb", ""]
    ),
    st.text(max_size=8),
)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=5)
LINES = st.sampled_from(
    ["GET /api/v1/x HTTP/1.1", "POST /api/v1/x?q=%2f..%2f HTTP/1.1", "GET /a/../b HTTP/1.1", "GET  / HTTP/1.1",
     "get / HTTP/1.1", "PUT /x HTTP/1.0", "GET / HTTP/1.2", "GET / HTTP/1.1 ", "GET http://x/ HTTP/1.1",
     "GET /\u00e4 HTTP/1.1"]
)  # fmt: skip
ENDS = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r"])


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    end = draw(ENDS)
    lines = [draw(LINES), "Host: localhost", *(f"{name}: {value}" for name, value in draw(FIELDS)), "", ""]
    return end.join(lines).encode("utf-8", "surrogatepass")


def read_by_h11(head: bytes) -> h11.Request | None:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    return event if isinstance(event, h11.Request) else None


def length_by_h11(request: h11.Request) -> int | None:
    fields = dict(request.headers)
    return None if b"transfer-encoding" in fields else int(fields.get(b"content-length", b"0"))


@given(heads())
def test_what_is_accepted_is_the_same_request_to_h11(head: bytes) -> None:
    request = parse(head)
    if isinstance(request, Refused):
        assert request.detail
        return
    other = read_by_h11(head)
    assert other is not None
    assert (request.method.encode(), request.target.encode()) == (other.method, other.target)
    assert request.length == length_by_h11(other)


@given(heads())
def test_what_is_handed_on_is_one_request_of_the_same_length(head: bytes) -> None:
    request = parse(head)
    if isinstance(request, Refused):
        return
    fields = forwarded_fields(request, Sender("192.0.2.1", "https"))
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    other = read_by_h11("\r\n".join(lines).encode("latin-1"))
    assert other is not None
    assert (other.method, other.target) == (request.method.encode(), request.target.encode())
    assert length_by_h11(other) == request.length
    named = [value for name, value in other.headers if name == b"x-forwarded-for"]
    assert named == [b"192.0.2.1"]
    assert not {name for name, _ in other.headers} & {b"upgrade", b"te", b"expect", b"x_y"}


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(parse(data + b"\r\n\r\n"), Request | Refused)


BODIES = st.lists(
    st.sampled_from(
        [b"0", b"1", b"2", b"a", b"A", b"\r\n", b"\r\n\r\n", b"\n", b";x", b"hello", b" ", b"\0", b"0\r\n\r\n"]
    ),
    max_size=12,
).map(b"".join)


@given(BODIES)
async def test_a_chunked_body_is_what_h11_reads_or_refused(data: bytes) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    try:
        body = b"".join([piece async for piece in pieces(reader, None)])
    except (BodyError, asyncio.IncompleteReadError):
        return
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    assert isinstance(connection.next_event(), h11.Request)
    read = b""
    while isinstance(event := connection.next_event(), h11.Data):
        read += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert read == body
    assert connection.trailing_data[0] == await reader.read()  # both end at the same byte


@given(st.binary(max_size=200))
async def test_an_answer_of_any_bytes_is_one_or_refused(data: bytes) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(data + b"\r\n\r\n")
    reader.feed_eof()
    try:
        answer = await response(reader)
    except ApiBrokenError:
        return
    assert 200 <= answer.status < 600


@given(st.text(max_size=40))
def test_a_host_that_is_accepted_is_one_of_ours(host: str) -> None:
    if Hosts("192.0.2.80", ["decnet.example.net"]).accept(host):
        name = host.lower().rpartition(":")[0] or host.lower()
        assert "localhost" in name or name.strip("[]").startswith(
            ("127.", "192.0.2.80", "decnet.example.net", "::", "0")
        )
