# SPDX-License-Identifier: MIT
"""What a container's log is on the wire, and which of its lines are new after reading on; recorded from Podman 4.3."""

from __future__ import annotations

import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.collect.containers.checkpoints import Checkpoint, SeenLines
from decnet_sniff.collect.containers.engine_api import EngineError, ResponseParser
from decnet_sniff.collect.containers.log_stream import STDERR, STDOUT, LogLine, LogStream, StreamError

SECOND = 1_000_000_000
AT = 1_795_488_195 * SECOND  # 2026-11-24T02:43:15Z
STAMP = b"2026-11-24T02:43:15Z "


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


def lines(pieces: list[bytes]) -> list[LogLine]:
    stream = LogStream()
    found = [line for piece in pieces for line in stream.feed(piece)]
    return found + stream.end()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


def test_frames_of_both_streams() -> None:
    data = frame(1, STAMP + b"hi\n") + frame(2, b"2026-11-24T02:43:15.123456789+01:00 err\n")
    assert lines([data]) == [
        LogLine(STDOUT, AT, b"hi", 2),
        LogLine(STDERR, AT - 3600 * SECOND + 123456789, b"err", 3),
    ]


def test_parts_of_a_long_line_are_joined_even_when_the_other_stream_writes_between() -> None:
    data = [frame(1, STAMP + b"x" * 4096), frame(2, STAMP + b"err\n"), frame(1, STAMP + b"y"), frame(1, STAMP + b"\n")]
    assert lines(data) == [LogLine(STDERR, AT, b"err", 3), LogLine(STDOUT, AT, b"x" * 4096 + b"y", 4097)]


def test_terminal_has_no_frames() -> None:
    assert lines([STAMP + b"hi\r\n" + STAMP + b"$ "]) == [LogLine(STDOUT, AT, b"hi", 2), LogLine(STDOUT, AT, b"$ ", 2)]


def test_line_over_the_limit_is_cut_with_its_size() -> None:
    (line,) = lines([frame(1, STAMP + b"z" * 100_000)] * 20 + [frame(1, STAMP + b"\n")])
    assert (len(line.text), line.size) == (1 << 20, 2_000_000)


@pytest.mark.parametrize(
    "data", [b"nonsense\n", b"\x01\x01\x00\x00\0\0\0\0", b"\x01\0\0\0\xff\xff\xff\xff", b"9" * (3 << 20)]
)
def test_what_is_no_log_is_refused(data: bytes) -> None:
    with pytest.raises(StreamError):
        lines([data])


TEXTS = st.binary(max_size=40).filter(lambda text: b"\n" not in text)


@given(st.lists(st.tuples(st.sampled_from([1, 2]), TEXTS), max_size=8), st.lists(st.integers(0, 4000)))
def test_frames_give_the_same_lines_however_they_are_cut(said: list[tuple[int, bytes]], places: list[int]) -> None:
    data = b"".join(frame(stream, STAMP + text + b"\n") for stream, text in said)
    assert lines(cut(data, places)) == [LogLine(stream, AT, text, len(text)) for stream, text in said]


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_any_bytes_are_lines_or_refused(pieces: list[bytes]) -> None:
    with contextlib.suppress(StreamError):
        lines(pieces)


def read(window: SeenLines, log: list[LogLine]) -> list[bytes]:
    """Return the identities of what is new of what an engine sends from `since`."""
    window.begin()
    found = [window.admit(line) for line in log if line.ts >= window.since * SECOND]
    return [identity for identity in found if identity is not None]


def saying(text: bytes, ts: int = AT, stream: int = STDOUT) -> LogLine:
    return LogLine(stream, ts, text, len(text))


def test_equal_lines_of_one_second_are_all_new_once() -> None:
    log = [saying(b"failed")] * 3
    window = SeenLines(Checkpoint())
    first = read(window, log)
    assert len(set(first)) == 3
    log.append(saying(b"failed"))
    again = SeenLines(window.checkpoint())
    assert len(read(again, log)) == 1
    assert read(again, log) == []


@given(st.data())
def test_reading_on_after_any_kill_gives_each_line_one_identity(data: st.DataObject) -> None:
    """Times in whole seconds, streams that overtake each other by one, marks saved at any moment before the kill."""
    drawn = data.draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([b"a", b"b"]), st.booleans()), max_size=30))
    now, log = AT, []
    for step, text, is_late in drawn:
        now += step * SECOND
        log.append(saying(text, now - is_late * SECOND, STDERR if is_late else STDOUT))
    checkpoint, identities = Checkpoint(), set()
    for end in [*sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5))), len(log)]:
        window = SeenLines(checkpoint)
        identities.update(read(window, log[:end]))
        if data.draw(st.booleans()):
            checkpoint = window.checkpoint()
    assert len(identities) == len(log)


def test_burst_that_is_not_remembered_whole_keeps_its_identities() -> None:
    log = [saying(b"%d" % number) for number in range(30_000)]
    window = SeenLines(Checkpoint())
    first = read(window, log)
    assert len(window._seen) <= 20_000
    assert set(read(SeenLines(window.checkpoint()), log)) <= set(first)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def body(pieces: list[bytes]) -> bytes:
    answer = ResponseParser()
    answer.request("/containers/json")
    waiting, found = [*(piece for piece in pieces if piece), b""], b""
    while not answer.ended:
        found += b"".join(answer.receive(waiting.pop(0)))
    return found


@given(st.binary(max_size=50), st.lists(st.integers(0, 400)))
def test_answers_of_each_length_are_the_same_however_they_are_cut(content: bytes, places: list[int]) -> None:
    halves = [content[: len(content) // 2], content[len(content) // 2 :]]
    chunks = b"".join(b"%x;x=y\r\n%b\r\n" % (len(half), half) for half in halves if half)
    for data in (
        HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(content), content),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailer: x\r\n\r\n",
        HEAD + b"\r\n" + content,
    ):
        assert body(cut(data, places)) == content


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"x" * 100_000,
        b"",
    ],
)
def test_broken_answer_is_refused(data: bytes) -> None:
    with pytest.raises(EngineError):
        body([data])


@given(
    st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([b"", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"])
)
def test_any_bytes_are_an_answer_or_refused(pieces: list[bytes], head: bytes) -> None:
    with contextlib.suppress(EngineError):
        body([head, *pieces])
