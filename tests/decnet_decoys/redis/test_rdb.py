# SPDX-License-Identifier: MIT
"""The file that SAVE writes: the real server's checker takes it, and what is no such file is read to its end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from time import monotonic, thread_time
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DEADLINE

from decnet_decoys.redis.keyspace import Keyspace, Scores, Value
from decnet_decoys.redis.persistence import rdb, stream_form
from decnet_decoys.redis.types.stream import FIRST, LARGEST, Group, Id, Stream

T = TypeVar("T")
SERVER, CLIENT = shutil.which("redis-server"), shutil.which("redis-cli")
AUX = {"redis-ver": "7.0.15", "redis-bits": "64"}
STRINGS = st.binary(max_size=40) | st.integers(-(2**33), 2**33).map(lambda number: b"%d" % number)
IDS = st.tuples(st.integers(0, 3) | st.integers(0, LARGEST), st.integers(0, 300) | st.integers(0, LARGEST)).filter(any)
PAIRS = st.lists(STRINGS, min_size=2, max_size=6).map(lambda words: words[: len(words) // 2 * 2])


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Return a stream with groups of which consumers have not acknowledged some entries."""
    ids = sorted(Id(*one) for one in draw(st.sets(IDS, max_size=12)))
    fields = draw(PAIRS)
    made = Stream({one: draw(st.just(fields) | PAIRS) for one in ids}, max(ids, default=FIRST), FIRST, len(ids))
    for name in draw(st.sets(STRINGS, max_size=3)):
        consumers = draw(st.lists(STRINGS, max_size=3))
        pending = {one: draw(st.sampled_from(consumers)) for one in ids[:5]} if consumers else {}
        read = draw(st.none() | st.integers(0, 9))
        made.groups[name] = Group(draw(st.sampled_from([FIRST, *ids])), read, dict.fromkeys(consumers), pending)
    return made


VALUES = (
    STRINGS
    | st.lists(STRINGS, min_size=1, max_size=6)
    | st.dictionaries(STRINGS, STRINGS, min_size=1, max_size=6)
    | st.frozensets(STRINGS, min_size=1, max_size=6)
    | st.dictionaries(STRINGS, st.floats(allow_nan=False), min_size=1, max_size=6).map(Scores)
    | streams()
)


def done(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's value is untyped


def databases() -> list[Keyspace]:
    return [Keyspace() for _ in range(16)]


def test_ids_that_are_far_apart_are_read_as_they_were_written() -> None:
    before, after = databases(), databases()
    ids = (Id(0, 1), Id(0, (1 << 63) + 1), Id(1, 0), Id(1 << 63, LARGEST), Id(LARGEST, 0))
    before[0].put(b"s", Stream({one: [b"a", b"b"] for one in ids}, ids[-1], FIRST, len(ids)))
    done(rdb.read(done(rdb.written(before, AUX, 1 << 20)), after))
    assert dict(after[0].items()) == dict(before[0].items())


@given(st.dictionaries(STRINGS, st.tuples(VALUES, st.none() | st.integers(1, 2**40)), max_size=8), st.booleans())
def test_what_was_written_is_read(stored: dict[bytes, tuple[Value, int | None]], checked: bool) -> None:
    before, after = databases(), databases()
    for key, (value, until) in stored.items():
        before[len(key) % 16].put(key, value, until)
    done(rdb.read(done(rdb.written(before, AUX, 1 << 20, checked=checked)), after))
    assert [dict(one.items()) for one in after] == [dict(one.items()) for one in before]
    assert [one.expiring for one in after] == [one.expiring for one in before]


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_are_read(noise: bytes, at: int) -> None:
    one = databases()
    one[0].put(b"list", [b"a" * 20, b"5"])
    one[1].put(b"hash", {b"a": b"70000"})
    one[2].put(
        b"stream", Stream({Id(1, 1): [b"a", b"b"], Id(1, 2): [b"c", b"d"]}, Id(1, 2), FIRST, 2, {b"g": Group(Id(1, 1))})
    )
    whole = done(rdb.written(one, AUX, 1 << 20))
    for data in (noise, b"REDIS0010" + noise, whole[:at], whole[:at] + noise + whole[at:]):
        done(rdb.read(data, databases()))


def test_a_bomb_of_small_parts_takes_no_turn_too_long() -> None:
    data = b"REDIS0010" + b"\x01\x01l\x80\x00\x01\x00\x00" + b"\xc0\x05" * (1 << 16)
    before = thread_time()
    done(rdb.read(data, databases()))
    assert thread_time() - before < 0.02


def test_a_time_beyond_all_others_is_written_again() -> None:
    one = databases()
    done(rdb.read(b"REDIS0010\xfc" + b"\xff" * 8 + b"\x00\x01k\x01v\xff", one))
    assert one[0].get(b"k") == b"v"
    assert b"\x01k\x01v" in done(rdb.written(one, AUX, 1 << 20))


def test_keys_without_room_are_left_out() -> None:
    before, after = databases(), databases()
    before[0].put(b"small", b"x")
    before[0].put(b"large", b"y" * 5000)
    data = done(rdb.written(before, AUX, 2000))
    done(rdb.read(data, after))
    assert (len(data) < 2000, dict(after[0].items())) == (True, {b"small": b"x"})


@pytest.mark.skipif(shutil.which("redis-check-rdb") is None, reason="no redis-check-rdb on this machine")
@pytest.mark.parametrize("checked", [True, False])
def test_the_real_servers_checker_takes_it(tmp_path: Path, checked: bool) -> None:
    one = databases()
    one[0].put(b"key", b"\n\nssh-rsa AAAA\n\n", 4e9)
    one[0].put(b"number", b"-70000")
    one[3].put(b"list", [b"1", b"x" * 20_000])
    one[3].put(b"hash", {b"a": b"200"})
    one[4].put(b"scores", Scores({b"a": 1.5, b"b": float("-inf")}))
    one[15].put(b"set", frozenset((b"a", b"1")))
    entries = {Id(5, number): [b"name", b"%d" % number, *[b"x"] * (number % 2 * 2)] for number in range(1, 250)}
    group = Group(Id(5, 7), 7, {b"c": None, b"d": None}, {Id(5, 2): b"c", Id(5, 3): b"d", Id(5, 4): b"c"})
    one[5].put(b"stream", Stream(entries, Id(9, 9), Id(5, 250), 251, {b"g": group, b"h": Group(FIRST)}))
    (tmp_path / "dump.rdb").write_bytes(done(rdb.written(one, AUX, 1 << 20, checked=checked)))
    said = subprocess.run(
        ["redis-check-rdb", tmp_path / "dump.rdb"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    assert "RDB looks OK!" in said
    assert "7 keys read" in said


@pytest.mark.skipif(SERVER is None or CLIENT is None, reason="no redis-server on this machine")
def test_the_real_server_reads_streams(tmp_path: Path) -> None:
    one = databases()
    group = Group(Id(5, 7), 7, {b"c": None, b"d": None}, {Id(5, 2): b"c", Id(5, 3): b"d", Id(5, 4): b"c"})
    entries = {Id(5, number): [b"name", b"%d" % number, *[b"x" * 70] * (number % 2 * 2)] for number in range(1, 250)}
    one[0].put(b"s", Stream(entries, Id(9, 9), Id(5, 250), 251, {b"g": group}))
    (tmp_path / "dump.rdb").write_bytes(done(rdb.written(one, AUX, 1 << 20)))
    socket = tmp_path / "socket"
    options = ("--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--save", "")
    server = subprocess.Popen([str(SERVER), *options], stdout=subprocess.DEVNULL)
    try:
        said = [_asked(socket, line) for line in ("XLEN s", "XRANGE s 5-249 +", "XPENDING s g", "XADD s 9-9 a b")]
    finally:
        server.kill()
        server.wait()
    last = "5-249\nname\n249\n" + "x" * 70 + "\n" + "x" * 70
    refused = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
    assert said == ["249", last, "3\n5-2\n5-4\nc\n2\nd\n1", refused]


def _asked(socket: Path, line: str) -> str:
    """Return what the server says, which is asked again until it listens."""
    command = [str(CLIENT), "-s", str(socket), *line.split()]
    until = monotonic() + DEADLINE
    while True:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        if said.returncode == 0 or monotonic() > until:
            return said.stdout.strip()


def test_stream_of_very_many_entries_is_read_in_turns() -> None:
    entries = {Id(1, number): [b"", b""] for number in range(1, 20_001)}
    body = stream_form.written(Stream(entries, Id(1, 20_000), FIRST, 20_000))
    steps = rdb.read(b"REDIS0010" + bytes((stream_form.TYPE,)) + b"\x01k" + body + b"\xff", databases())
    assert sum(1 for _ in steps) > 200
