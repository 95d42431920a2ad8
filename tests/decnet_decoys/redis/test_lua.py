# SPDX-License-Identifier: MIT
"""Scripts of EVAL, beside what the real server of this machine said; bounded, and never a traceback."""

from __future__ import annotations

import tracemalloc
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.personas.catalog import persona
from decnet_decoys.redis.dispatch import COMMANDS, _carried_out
from decnet_decoys.redis.instance import Client, Instance
from decnet_decoys.redis.lua import running
from decnet_decoys.redis.profile import RedisProfile
from decnet_decoys.redis.protocol import Error, Reply, encoded

_WORDS = (
    "return local x = 1 'a' ( ) { } [ ] .. + - * / % ^ # == ~= < > and or not if then else end for in do while repeat "
    "until break nil true false , ; . : redis.call('set','k','v') redis.pcall KEYS[1] ARGV pairs ipairs unpack "
    "string.rep string.sub cjson.encode tostring tonumber error pcall loadstring 1e308 -1 table.insert t [[ ]] --"
)
WORDS = st.sampled_from([*_WORDS.split(), "\n"])


def client() -> Client:
    profile = RedisProfile(keys={"kept": "value"})
    instance = Instance(profile, persona("mail-server"), 6379, "s")
    instance.longest_wait = 0.0  # whoever would wait leaves
    return Client(instance, ("192.0.2.1", 1), ("192.0.2.2", 6379))


def evaluated(script: bytes, *given: bytes, keys: int = 0, one: Client | None = None) -> Reply:
    return _carried_out(one or client(), "eval", [b"EVAL", script, b"%d" % keys, *given])


@pytest.mark.parametrize(
    ("script", "reply"),
    [
        (b"return {1, 2.9, {true, 'b'}, false, nil, 4}", b"*4\r\n:1\r\n:2\r\n*2\r\n:1\r\n$1\r\nb\r\n$-1\r\n"),
        (b"return redis.call('get', 'kept')", b"$5\r\nvalue\r\n"),
        (b"return redis.call('get', 'none')", b"$-1\r\n"),
        (b"return redis.pcall('foo')", b"-ERR Unknown Redis command called from script\r\n"),
        (b"local t = {} for i = 1, 3 do t[#t + 1] = i * 2 end return t", b"*3\r\n:2\r\n:4\r\n:6\r\n"),
        (b"local n = 0 for _, v in ipairs({5, 6}) do n = n + v end return n", b":11\r\n"),
        (b"local n = 3 while n > 0 do n = n - 1 if n == 1 then break end end return n", b":1\r\n"),
        (b"local n = 0 repeat n = n + 1 until n == 4 return tostring(n) .. '!'", b"$2\r\n4!\r\n"),
        (b"-- nothing\nreturn ('x'):rep(3)", b"$3\r\nxxx\r\n"),
        (b"return string.sub('abcdef', -3, -2)", b"$2\r\nde\r\n"),
        (b"return cjson.encode({a = 1})", b'$7\r\n{"a":1}\r\n'),
        (b"local ok, e = pcall(error, 'x', 0) return e", b"$1\r\nx\r\n"),
        (b"return {unpack({1, 2}), 3}", b"*2\r\n:1\r\n:3\r\n"),
        (b"return (2 ^ 10) % 1000 - 4 / 2", b":22\r\n"),
        (b"return 1 == 1 and 'y' or 'n'", b"$1\r\ny\r\n"),
        (b"return {err = 'MY bad'}", b"-MY bad\r\n"),
        (b"return loadstring('return 1 + 1')()", b":2\r\n"),
        (b"if 0 then return 'y' end return 'n'", b"$1\r\ny\r\n"),
        (b"return {not 0, 0 and 5, 0 or 6, assert(0)}", b"*4\r\n$-1\r\n:5\r\n:0\r\n:0\r\n"),
    ],
)  # fmt: skip
def test_scripts_return_what_the_real_server_returns(script: bytes, reply: bytes) -> None:
    assert encoded(evaluated(script), 2) == reply


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (b"return os.execute('id')", "ERR user_script:1: Script attempted to access nonexistent global variable 'os'"),
        (b"\nreturn package.loadlib", "ERR user_script:2: Script attempted to access nonexistent global variable"),
        (b"x = 1", "ERR user_script:1: Attempt to modify a readonly table"),
        (b"return redis.call('foo')", "ERR Unknown Redis command called from script script: "),
        (b"return redis.call('config', 'get', '*')", "ERR This Redis command is not allowed from script script: "),
        (b"return redis.call('get')", "ERR Wrong number of args calling Redis command from script script: "),
        (b"error('a')", "ERR user_script:1: a script: "),
        (b"foo(", "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'"),
        (b"return nil + 1", "ERR user_script:1: attempt to perform arithmetic on a "),
    ],
)  # fmt: skip
def test_errors_are_those_of_the_real_server(script: bytes, said: str) -> None:
    reply = evaluated(script)
    assert isinstance(reply, Error)
    assert reply.text.startswith(said)


def test_what_a_script_writes_is_stored_and_its_database_left_again() -> None:
    one = client()
    evaluated(b"redis.call('select', 3) return redis.call('set', KEYS[1], ARGV[1])", b"k", b"v", keys=1, one=one)
    assert (one.database, one.instance.databases[3].get(b"k")) == (0, b"v")
    refused = _carried_out(one, "eval_ro", [b"EVAL_RO", b"return redis.call('del', 'kept')", b"0"])
    assert isinstance(refused, Error)
    assert one.instance.databases[0].get(b"kept") == b"value"


@pytest.mark.parametrize(
    "script",
    [
        b"while true do end",
        b"local s = 'x' while true do s = s .. s end",
        b"local t = {} t[1] = t t[2] = t t[3] = t t[4] = t t[5] = t t[6] = t return t",
        b"local t = {} t[1] = t t[2] = t t[3] = t t[4] = t t[5] = t return cjson.encode(t)",
        b"for i = 1, 1e9 do redis.call('keys', '*') end",
        b"return string.rep('x', 1e9)",
        b"return " + b"(" * 2000,
        b"return " + b"-" * 1500 + b"1",
        b"[[" * 2000,
        b"--[[\n" * 800,
        b"return '" + b"\\" * 4000,
        b"return " + b"{" * 40 + b"}" * 40,
        b"return 1" + b"+1" * 2000,
    ],
)
def test_no_script_holds_the_loop(script: bytes) -> None:
    before = thread_time()
    evaluated(script)
    assert thread_time() - before < 0.04


@pytest.mark.parametrize("script", [b"a=b;" * 1024, b"return {" + b"a," * 2040 + b"}", b"return 1" + b"+1" * 400])
def test_reading_a_long_script_takes_a_part_of_a_turn(script: bytes) -> None:
    best = 1.0
    for _ in range(3):
        before = thread_time()
        evaluated(script)
        best = min(best, thread_time() - before)
    assert best < 0.015


def test_the_clock_is_not_looked_at_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def slow_clock() -> float:
        looks.append(0.0)
        return 0.0

    monkeypatch.setattr(running, "thread_time", slow_clock)
    assert evaluated(b"local n = 0 for i = 1, 300 do n = n + i end return n") == 45150
    assert len(looks) < 100


@pytest.mark.parametrize("made", [b"string.sub(s, 1, 99999 - i)", b"string.lower(s)", b"redis.call('echo', s)"])
def test_copies_of_a_long_string_take_no_memory(made: bytes) -> None:
    script = b"local s = string.rep('x', 100000) local t = {} for i = 1, 4000 do t[i] = %s end return 1" % made
    tracemalloc.start()
    try:
        evaluated(script)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_errors_that_scripts_make_up_take_no_room() -> None:
    one = client()
    for number in range(40):
        evaluated(b"return redis.error_reply(string.rep('%d', 90000) .. ' y')" % number, one=one)
        evaluated(b"return redis.error_reply('a\\n%d\\xff y')" % number, one=one)
    assert set(one.instance.errors) == {"ERR"}


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=60))
def test_whatever_is_sent_is_answered(script: str) -> None:
    reply = evaluated(script.encode("utf-8", "surrogatepass"), b"k", b"v", keys=1)
    for version in (2, 3):
        encoded(reply, version)


def test_scripts_have_their_read_only_commands() -> None:
    assert {"eval", "eval_ro", "evalsha", "evalsha_ro", "script"} <= set(COMMANDS)
