# SPDX-License-Identifier: MIT
"""The protocol as a stream: what is read from which bytes, however they are cut, and what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.operations import (
    Connect,
    Deliver,
    Err,
    Info,
    Malformed,
    Ok,
    Operation,
    Ping,
    Pong,
    Publish,
    Subscribe,
    Unsubscribe,
    raw_of,
    text_of,
)
from decnet_core.bus.protocol.parser import MAX_LINE, Parser, lines_from_client, lines_from_server

Found = list[tuple[Operation, bytes]]

TOKEN = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cs", "Zs", "Cc")), min_size=1)
SUBJECT = st.lists(TOKEN, min_size=1, max_size=3).map(".".join).filter(lambda text: text.split() == [text])
HEADER = st.sampled_from([b"NATS/1.0\r\nA: b\r\n\r\n", b"NATS/1.0 503\r\n\r\n"])


def from_client(data: bytes, max_payload: int = 1 << 20) -> Found:
    return Parser(lines_from_client(max_payload)).feed(data)


def from_server(data: bytes) -> Found:
    return Parser(lines_from_server()).feed(data)


def one(found: Found) -> Operation:
    assert len(found) == 1
    return found[0][0]


CLIENT_FRAMES = st.one_of(
    st.builds(lambda s, p: frames.pub(raw_of(s), p), SUBJECT, st.binary(max_size=300)),
    st.builds(lambda s, r, p: frames.pub(raw_of(s), p, raw_of(r)), SUBJECT, SUBJECT, st.binary(max_size=50)),
    st.builds(lambda s, h, p: frames.hpub(raw_of(s), h, p), SUBJECT, HEADER, st.binary(max_size=50)),
    st.builds(lambda s: frames.sub(s, b"7"), SUBJECT),
    st.builds(lambda s: frames.sub(s, b"8", "queue"), SUBJECT),
    st.builds(frames.unsub, st.just(b"7"), st.integers(0, 99)),
    st.just(frames.connect({"verbose": False, "name": "x"})),
    st.sampled_from([frames.PING, frames.PONG]),
)


@given(st.lists(CLIENT_FRAMES, max_size=12), st.lists(st.integers(0, 3000)))
def test_any_cut_of_the_bytes_gives_the_same_operations(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole = from_client(data)
    assert len(whole) == len(parts)
    parser, found, start = Parser(lines_from_client()), [], 0
    for cut in [*sorted(cuts), len(data)]:
        found += parser.feed(data[start:cut])
        start = max(start, min(cut, len(data)))
    assert found == whole
    assert parser.held == 0


@given(st.lists(CLIENT_FRAMES, max_size=4))
def test_one_byte_at_a_time_gives_the_same_operations(parts: list[bytes]) -> None:
    data = b"".join(parts)
    parser, found = Parser(lines_from_client()), []
    for byte in data:
        found += parser.feed(bytes([byte]))
    assert found == from_client(data)


RUNS = st.lists(
    st.tuples(st.sampled_from([b"a", b"b.c"]), st.sampled_from([0, 1, 2, 128, 1021, 1025]), st.integers(1, 90)),
    min_size=1,
    max_size=4,
)


@given(RUNS, st.none() | st.integers(0, 400_000), st.sampled_from([b"\r", b"\n", b" ", b"x", b"\xff"]))
def test_messages_in_a_row_are_read_as_one_by_one(
    runs: list[tuple[bytes, int, int]], broken: int | None, byte: bytes
) -> None:
    parts = [
        frames.pub(subject, bytes([number % 256]) * size) for subject, size, count in runs for number in range(count)
    ]
    data = bytearray(b"".join(parts))
    if broken is not None:
        data[broken % len(data)] = byte[0]
    alone, expected = Parser(lines_from_client()), list[tuple[Operation, bytes]]()
    for start in range(0, len(data), 11):
        expected += alone.feed(bytes(data[start : start + 11]))
    assert from_client(bytes(data)) == expected
    assert broken is not None or [body for _, body in expected] == [part.partition(b"\n")[2] for part in parts]


PIECES = [b"PUB ", b"HPUB ", b"SUB ", b"CONNECT ", b"MSG ", b"INFO ", b"{", b"}", b"[" * 50, b"\xff", b" ", b"\t"]
PIECES += [b"a.b", b"5", b"99999999999", b"-1", b"\r\n", b"\n"]
GARBAGE = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))


@given(GARBAGE, st.integers(1, 40))
def test_garbage_never_raises_and_ends_the_stream_once(data: bytes, step: int) -> None:
    for lines in (lines_from_client(), lines_from_server()):
        parser, found = Parser(lines), []
        for start in range(0, len(data), step):
            found += parser.feed(data[start : start + step])
        wrong = [index for index, (operation, _) in enumerate(found) if isinstance(operation, Malformed)]
        assert wrong in ([], [len(found) - 1])
        if wrong:
            assert parser.feed(b"PING\r\n") == []
            assert parser.held == 0


def test_a_publication_is_read() -> None:
    assert from_client(b"PUB a.b 5\r\nhello\r\n") == [(Publish("a.b", b"", 0, 7, b"MSG a.b ", b" 5\r\n"), b"hello\r\n")]
    assert one(from_client(b"pub\ta.b \t back  0\r\n\r\n")) == Publish(
        "a.b", b"back", 0, 2, b"MSG a.b ", b" back 0\r\n"
    )


def test_a_publication_with_headers_is_read() -> None:
    found = from_client(b"HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n")
    assert found == [(Publish("a", b"r", 12, 16, b"HMSG a ", b" r 12 14\r\n"), b"NATS/1.0\r\n\r\nhi\r\n")]


def test_a_relayed_publication_is_a_delivery() -> None:
    publish, body = from_client(b"HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n")[0]
    assert isinstance(publish, Publish)
    relayed = publish.before + b"9" + publish.after + body
    assert from_server(relayed) == [(Deliver("a", b"9", "r", 12, 16), body)]


def test_subscriptions_are_read() -> None:
    assert one(from_client(b"SUB a.> 1\r\n")) == Subscribe("a.>", None, b"1")
    assert one(from_client(b"sub a.* workers x9\r\n")) == Subscribe("a.*", "workers", b"x9")
    assert one(from_client(b"UNSUB 1\r\n")) == Unsubscribe(b"1")
    assert one(from_client(b"UNSUB 1 5\n")) == Unsubscribe(b"1", 5)


def test_connect_names_the_client() -> None:
    line = b'CONNECT {"verbose":false,"user":"u","pass":"p","auth_token":"t","unknown":[1,{}],"span":7}\r\n'
    options = one(from_client(line))
    assert isinstance(options, Connect)
    assert (options.verbose, options.user, options.password, options.auth_token) == (False, "u", "p", "t")
    assert (options.pedantic, options.span) == (True, 0)


def test_what_servers_say_is_read() -> None:
    assert from_server(b"MSG a 1 2\r\nhi\r\n") == [(Deliver("a", b"1", None, 0, 4), b"hi\r\n")]
    assert one(from_server(b'INFO {"server_id":"x","max_payload":99,"new_field":1}\r\n')) == Info("x", max_payload=99)
    assert one(from_server(b"+OK\r\n")) == Ok()
    assert one(from_server(b"-ERR 'Stale Connection'\r\n")) == Err("Stale Connection")
    assert [operation for operation, _ in from_server(b"PING\r\nPONG\r\n")] == [Ping(), Pong()]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "Unknown Protocol Operation"),
        (b"\r\n", "Unknown Protocol Operation"),
        (b"MSG a 1 0\r\n\r\n", "Unknown Protocol Operation"),
        (b"PUB\r\n", "Parser Error"),
        (b"PUB a\r\n", "Parser Error"),
        (b"PUB a b c 5\r\n", "Parser Error"),
        (b"PUB a -5\r\n", "Parser Error"),
        (b"PUB a 5x\r\n", "Parser Error"),
        (b"PUB a 5\r\nhelloXX", "Parser Error"),
        (b"PUB a 5\r\nhello\n\n", "Parser Error"),
        (b"HPUB a 5 3\r\n", "Parser Error"),
        (b"HPUB a x 3\r\n", "Parser Error"),
        (b"SUB a\r\n", "Parser Error"),
        (b"UNSUB\r\n", "Parser Error"),
        (b"CONNECT {\r\n", "Parser Error"),
        (b"CONNECT []\r\n", "Parser Error"),
        (b'CONNECT {"verbose":7}\r\n', "Parser Error"),
        (b'CONNECT {"name":"\xff"}\r\n', "Parser Error"),
        (b"CONNECT " + b"[" * 4000 + b"\r\n", "Parser Error"),
        (b"PUB a 1048577\r\n", "Maximum Payload Violation"),
        (b"HPUB a 10 1048577\r\n", "Maximum Payload Violation"),
        (b"PUB a 2147483648\r\n", "Maximum Payload Violation"),
        (b"PUB a " + b"9" * 1000 + b"\r\n", "Maximum Payload Violation"),
        (b"PUB " + b"a" * (MAX_LINE + 10) + b" 0\r\n\r\n", "Maximum Control Line Exceeded"),
        (b"x" * (MAX_LINE + 10), "Maximum Control Line Exceeded"),
    ],
)
def test_what_is_not_the_protocol_is_named(data: bytes, reason: str) -> None:
    found = from_client(b"PING\r\n" + data)
    assert [operation for operation, _ in found] == [Ping(), Malformed(reason)]


def test_sizes_may_be_refused_in_a_remembered_line_of_another_parser() -> None:
    assert isinstance(one(from_client(b"PUB a 9\r\n123456789\r\n", max_payload=9)), Publish)
    assert one(from_client(b"PUB a 9\r\n123456789\r\n", max_payload=8)) == Malformed("Maximum Payload Violation")


def test_a_line_may_be_as_long_as_the_limit() -> None:
    line = b"SUB " + b"a" * (MAX_LINE - 7) + b" 1\r"
    assert len(line) == MAX_LINE
    assert isinstance(one(from_client(line + b"\n")), Subscribe)


@given(st.binary())
def test_any_subject_survives_the_way_through_text(raw: bytes) -> None:
    assert raw_of(text_of(raw)) == raw


def test_a_dripping_payload_costs_linear_time() -> None:
    """Quadratic copying of 1 MiB in steps of 64 bytes would move 8 GiB."""
    data = b"PUB a 1048576\r\n" + bytes(1 << 20) + b"\r\n"
    parser = Parser(lines_from_client())
    started = time.process_time()
    found = [item for start in range(0, len(data), 64) for item in parser.feed(data[start : start + 64])]
    assert len(found) == 1
    assert time.process_time() - started < 1.0


def test_many_small_messages_cost_linear_time() -> None:
    data = b"PUB events.ingested 16\r\n0123456789abcdef\r\n" * 50_000
    parser = Parser(lines_from_client())
    started = time.process_time()
    assert len(parser.feed(data)) == 50_000
    assert time.process_time() - started < 1.0


def test_lines_remembered_are_bounded() -> None:
    lines = lines_from_client()
    parser = Parser(lines)
    for number in range(10_000):
        parser.feed(b"PUB a.%d 0\r\n\r\n" % number)
        parser.feed(b"SUB %b.%d 1\r\n" % (b"long" * 100, number))
    assert len(lines.remembered) <= 2048
    assert max(map(len, lines.remembered)) <= 128


def test_errors_cannot_carry_a_line_break() -> None:
    assert frames.err("no\r\nPING") == b"-ERR 'no PING'\r\n"
