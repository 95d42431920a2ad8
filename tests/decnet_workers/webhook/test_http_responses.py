# SPDX-License-Identifier: MIT
"""Responses of receivers, several at once, whole and in pieces."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.at_scale import at_scale

from decnet_workers.webhook.outcome import Reply
from decnet_workers.webhook.transports.http_responses import (
    MAX_ANSWER_BYTES,
    MAX_HEAD_BYTES,
    MAX_KEPT_BYTES,
    ResponseReader,
)

BODIES = [
    b"Content-Length: 0\r\n\r\n",
    b"content-length:5\r\n\r\nhello",
    b"Content-Length: 3, 3\r\n\r\nabc",
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
    b"Transfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: 1\r\nOther: 2\r\n\r\n",
]


def read(data: bytes, pieces: int = 1 << 30) -> tuple[list[int | None], ResponseReader]:
    reader, statuses = ResponseReader(), []
    for start in range(0, len(data), pieces):
        statuses += [reply.status for reply in reader.receive(data[start : start + pieces])]
    return statuses, reader


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 1000])
def test_responses_follow_one_another(pieces: int) -> None:
    several = b"".join(
        [
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + BODIES[1],
            b"HTTP/1.1 202\r\n" + BODIES[3],
            b"HTTP/1.1 500 Oh\nContent-Length: 2\n\nno",
            b"HTTP/1.1 304 X\r\nContent-Length: 90\r\n\r\n",
            b"HTTP/1.1 201 X\r\n" + BODIES[4],
        ]
    )
    statuses, reader = read(several, pieces)
    assert statuses == [204, 200, 202, 500, 304, 201]
    assert reader.between
    assert not reader.last
    assert not reader.broken


def test_the_wait_that_was_asked_for_is_part_of_the_reply() -> None:
    (reply,) = ResponseReader().receive(b"HTTP/1.1 429 X\r\nretry-AFTER:  120 \r\nContent-Length: 0\r\n\r\n")
    assert reply == Reply(429, "120")
    assert not reply.is_success


@pytest.mark.parametrize(
    "data",
    at_scale(
        [
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1),
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * MAX_ANSWER_BYTES,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * MAX_ANSWER_BYTES,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * MAX_ANSWER_BYTES,
        ],
        always=4,
    ),
)
def test_a_reply_counts_even_when_nothing_can_be_read_after_it(data: bytes) -> None:
    for pieces in (1 if len(data) < 1 << 12 else 7, 1 << 20):  # of lines of 6 bytes, 7 cut each place, too
        statuses, reader = read(data + b"HTTP/1.1 500 X\r\n\r\n", pieces)
        assert statuses == [200]
        assert reader.last
        assert not reader.broken


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * MAX_HEAD_BYTES,
    ],
)
def test_what_is_no_response_is_seen(data: bytes) -> None:
    for pieces in (1, 1 << 20):
        statuses, reader = read(data + b"HTTP/1.1 204 X\r\n\r\n", pieces)
        assert statuses == []
        assert reader.broken


def test_a_head_that_does_not_end_is_given_up() -> None:
    reader = ResponseReader()
    for _ in range(MAX_HEAD_BYTES // 1000 + 2):
        assert reader.receive(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000) == []
    assert reader.broken


def test_a_chunk_that_is_never_sent_whole_leaves_the_response_open() -> None:
    statuses, reader = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 15 + b"\r\nabc")
    assert statuses == [200]
    assert not reader.between
    reader.receive(b"x" * MAX_ANSWER_BYTES)
    assert reader.last


@given(st.binary(max_size=400) | st.lists(st.sampled_from([*BODIES, b"HTTP/1.1 200 OK\r\n", b"0\r\n", b"\n"])))
def test_any_bytes_are_read_the_same_in_pieces(data: bytes | list[bytes]) -> None:
    whole = data if isinstance(data, bytes) else b"".join(data)
    found, once = read(whole)
    again, pieced = read(whole, 1)
    assert (found, once.last, once.broken, once.between) == (again, pieced.last, pieced.broken, pieced.between)


@pytest.mark.parametrize(
    ("field", "last"),
    [(b"Content-Length: 3000\r\n", False), (b"Connection: close\r\nContent-Length: 3000\r\n", True), (b"", True)],
)
@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
def test_the_beginning_of_a_refusals_body_is_kept(field: bytes, last: bool, pieces: int) -> None:
    data, reader = b"HTTP/1.1 400 X\r\n" + field + b"\r\n" + b"invalid_payload".ljust(3000, b"."), ResponseReader()
    replies = [reply for at in range(0, len(data), pieces) for reply in reader.receive(data[at : at + pieces])]
    assert [reply.status for reply in replies] == [400]
    assert replies[0].answer == data.partition(b"\r\n\r\n")[2][:MAX_KEPT_BYTES]
    assert (reader.last, reader.explains) == (last, False)


def test_a_refusal_on_a_connection_that_ends_explains_itself_before_that() -> None:
    reader = ResponseReader()
    (reply,) = reader.receive(b"HTTP/1.0 400 X\r\n\r\nno su")
    assert reader.explains
    reader.receive(b"ch channel")
    assert reply.answer == b"no such channel"


@given(st.integers(200, 599), st.sampled_from(BODIES), st.sampled_from([b"", b"Connection: close\r\n", b"X:\ty \r\n"]))
@example(204, BODIES[0], b"")
def test_a_response_is_followed_by_another_unless_it_says_that_it_is_the_last(
    status: int, body: bytes, field: bytes
) -> None:
    head, _, content = (b"HTTP/1.1 %d Reason\r\n" % status + field + body).partition(b"\r\n\r\n")
    data = head + b"\r\n\r\n" + (b"" if status in (204, 304) else content)
    statuses, reader = read(data * 2)
    closes = field.startswith(b"Connection")
    assert statuses == [status] * (1 if closes else 2)
    assert reader.last == closes
    assert reader.between == (not closes)


def test_an_answer_in_tiny_pieces_costs_linear_time() -> None:
    reader = ResponseReader()
    reader.receive(b"HTTP/1.1 200 OK\r\n")
    started = time.process_time()
    for _ in range(MAX_HEAD_BYTES // 4):
        reader.receive(b"x:y\n")
    assert reader.broken
    assert time.process_time() - started < 5
