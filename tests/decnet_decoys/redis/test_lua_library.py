# SPDX-License-Identifier: MIT
"""Functions of scripts, the library that they find, and libraries of functions, beside what the real server said."""

from __future__ import annotations

import re
import shutil
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.redis import record_commands
from tests.decnet_decoys.redis.test_lua import client, evaluated

from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.lua import running
from decnet_decoys.redis.lua.functions import MOST_LIBRARIES
from decnet_decoys.redis.lua.patterns import Match, PatternError
from decnet_decoys.redis.protocol import Error, encoded

SCRIPTS = (
    ('local t = {3, 1, 2} table.sort(t) return t', '*3|:1|:2|:3'),
    ("return select('#', 1, 2, 3)", ':3'),
    ("return {select(2, 'a', 'b', 'c')}", '*2|$1|b|$1|c'),
    ("return {select(-1, 'a', 'b', 'c')}", '*1|$1|c'),
    ("return {string.gsub('hello', 'l', 'L')}", '*2|$5|heLLo|:2'),
    ("return {string.find('hello', 'll')}", '*2|:3|:4'),
    ("return {string.find('hello', 'l+(o)')}", '*3|:3|:5|$1|o'),
    ("return string.match('key=value', '(%w+)=(%w+)')", '$3|key'),
    ("return {string.match('key=value', '(%w+)=(%w+)')}", '*2|$3|key|$5|value'),
    ("return {string.gsub('abc', '%w', '%0%0')}", '*2|$6|aabbcc|:3'),
    ("return {string.gsub('hello world', 'o', {o = '0'})}", '*2|$11|hell0 w0rld|:2'),
    ("return {string.gsub('abc', '', '-')}", '*2|$7|-a-b-c-|:4'),
    ('return string.format(\'%05.1f|%x|%q|%s|%d|%%\', 3.14159, 255, \'a"b\', \'x\', 7)', '$21|003.1|ff|"a\\"b"|x|7|%'),
    ("return string.format('%5s|%-5s|%c', 'ab', 'cd', 65)", '$13|   ab|cd   |A'),
    ('return cjson.decode(\'{"a": 5}\').a', ':5'),
    ('return cjson.decode(\'[1, 2, "x"]\')', '*3|:1|:2|$1|x'),
    ("local n = 0 for w in string.gmatch('one two three', '%a+') do n = n + 1 end return n", ':3'),
    ('local t = {1, 2, 3} local g = table.remove(t) return {g, #t}', '*2|:3|:2'),
    ('local t = {1, 2, 3} table.remove(t, 1) return t', '*2|:2|:3'),
    ('return tostring(_G == nil)', '$5|false'),
    ("return {string.find('a.b', '.', 1, true)}", '*2|:2|:2'),
    ("return {string.find('abc', '[^a]')}", '*2|:2|:2'),
    ("return {string.match('2026-12-02', '(%d+)-(%d+)-(%d+)')}", '*3|$4|2026|$2|12|$2|02'),
    ("return string.match('  trim  ', '^%s*(.-)%s*$')", '$4|trim'),
    ("return {string.gsub('THE (quick) fox', '%((%w+)%)', '<%1>')}", '*2|$15|THE <quick> fox|:1'),
    ("return string.match('f(a(b)c)d', '%b()')", '$7|(a(b)c)'),
    ("return {string.find('abcabc', '(a)(bc)%1')}", '*4|:1|:4|$1|a|$2|bc'),
    ("return string.rep('ab', 3):upper()", '$6|ABABAB'),
    ("return {('x'):byte(1), #'abc', ('%d'):format(3)}", '*3|:120|:3|$1|3'),
    ("return string.format('%d', 'x')",
     "-ERR user_script:1: bad argument #2 to 'format' (number expected, got string)"),
    ("return string.gsub('x', '(', '')", '$1|x'),
    ("return string.find('x', '[a')", "-ERR user_script:1: malformed pattern (missing ']')"),
    ("return string.match('x', '%')", "-ERR user_script:1: malformed pattern (ends with '%')"),
    ("return string.format('%s')", "-ERR user_script:1: bad argument #2 to 'format' (no value)"),
    ("return cjson.decode('nonsense')", '-ERR user_script:1: Expected value but found invalid token at character 1'),
    ("table.sort({1, 'a'})", '-ERR attempt to compare string with number'),
    ("return {string.match('abc', '()b()')}", '*2|:2|:3'),
    ("return table.concat({1, 2, 'x'}, ',')", '$5|1,2,x'),
    ("return string.format('%10.3s|', 'abcdef')", '$11|       abc|'),
    ("return {string.gsub('abc', 'b', function(c) return c:upper() end)}", '*2|$3|aBc|:1'),
    ("return string.format('%g %e %i', 1.5, 12345.678, 9)", '$18|1.5 1.234568e+04 9'),
    ("return {string.find('', '')}", '*2|:1|:0'),
    ("return {string.find('abc', 'b', -1)}", '*0'),
    ("return {string.gsub('aaa', 'a', 'b', 2)}", '*2|$3|bba|:2'),
    ('local function f(n) if n < 2 then return n end return f(n-1) + f(n-2) end return f(10)', ':55'),
    ('local f = function(...) local a, b = ... return b end return f(1, 2, 3)', ':2'),
    ("local function g(...) return select('#', ...) end return g(nil, nil)", ':2'),
    ('local t = {5, 3, 9} table.sort(t, function(a, b) return a > b end) return t', '*3|:9|:5|:3'),
    ('local ok, e = pcall(function() error({code = 5}) end) return e.code', ':5'),
    ('function x() end', '-ERR user_script:1: Attempt to modify a readonly table'),
    ('local t = {} function t.a(n) return n * 2 end return t.a(4)', ':8'),
    ('return next({}) == nil', ':1'),
    ('for k, v in next, {7} do return v end', ':7'),
    ('local function loop() return loop() end return 1', ':1'),
    ('return (function() return 1, 2 end)()', ':1'),
    ('local n = 0 local function inc() n = n + 1 return n end inc() inc() return n', ':2'),
    ("local r = {} for w in ('a,b,c'):gmatch('[^,]+') do r[#r+1] = w end return r", '*3|$1|a|$1|b|$1|c'),
    ('table.sort({{}, {}})', '-ERR attempt to compare two table values'),
    ('local a = {} for i, k in ipairs(KEYS) do a[i] = k end return #a', ':0'),
)  # fmt: skip
"""Scripts, and the replies, with | for the ends of lines and without the digest at the end of an error."""
_DIGEST = re.compile(r" script: [0-9a-f]{40}, on @user_script:\d+\.")
LIBRARY = b"""#!lua name=lib
local function twice(n) return n * 2 end
redis.register_function('double', function(keys, args) return twice(args[1]) end)
redis.register_function{function_name='kept', callback=function(keys) return redis.call('GET', keys[1]) end}
"""


def _shown(reply: bytes) -> str:
    return _DIGEST.sub("", reply.decode()).removesuffix("\r\n").replace("\r\n", "|")


@pytest.mark.parametrize(("script", "reply"), SCRIPTS)
def test_scripts_return_what_the_real_server_returns(script: str, reply: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time, of which a busy machine takes twice as much for them, is limited in other tests."""
    monkeypatch.setattr(running, "MOST_SECONDS", 1.0)
    assert _shown(encoded(evaluated(script.encode()), 2)) == reply


@pytest.mark.oracle
async def test_the_real_server_returns_it() -> None:
    if not shutil.which("redis-server"):
        pytest.skip("Debian's redis-server is not installed")
    with record_commands.server() as socket:
        record_commands.asked(socket, "PING")
        for script, reply in SCRIPTS:
            assert _shown(await record_commands.raw(socket, b"EVAL", script.encode(), b"0")) == reply, script


async def _said(one: Client, *words: bytes) -> bytes:
    return encoded(await answer(one, [*words]), 2)


async def test_a_library_is_loaded_called_listed_and_deleted() -> None:
    one = client()
    assert await _said(one, b"FUNCTION", b"LOAD", LIBRARY) == b"$3\r\nlib\r\n"
    assert await _said(one, b"FUNCTION", b"LOAD", LIBRARY) == b"-ERR Library 'lib' already exists\r\n"
    assert await _said(one, b"FUNCTION", b"LOAD", b"REPLACE", LIBRARY) == b"$3\r\nlib\r\n"
    assert await _said(one, b"FCALL", b"double", b"0", b"21") == b":42\r\n"
    assert await _said(one, b"FCALL", b"kept", b"1", b"kept") == b"$5\r\nvalue\r\n"
    assert await _said(one, b"FCALL", b"none", b"0") == b"-ERR Function not found\r\n"
    assert b"$6\r\ndouble" in await _said(one, b"FUNCTION", b"LIST")
    assert LIBRARY in await _said(one, b"FUNCTION", b"LIST", b"WITHCODE")
    assert await _said(one, b"FUNCTION", b"LIST", b"LIBRARYNAME", b"x*") == b"*0\r\n"
    assert await _said(one, b"FUNCTION", b"DELETE", b"lib") == b"+OK\r\n"
    assert await _said(one, b"FCALL", b"double", b"0", b"21") == b"-ERR Function not found\r\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"return 1", "ERR Missing library metadata"),
        (b"#!lua name=x", "ERR Invalid library metadata"),
        (b"#!js name=x\nreturn 1", "ERR Engine 'js' not found"),
        (b"#!lua\nreturn 1", "ERR Library name was not given"),
        (b"#!lua name=x\nreturn 1", "ERR No functions registered"),
        (
            b"#!lua name=x\nredis.register_function('f', function() while true do end end) while true do end",
            "ERR Error",
        ),
    ],
)
async def test_a_library_that_is_none_is_refused(source: bytes, said: str) -> None:
    reply = await answer(client(), [b"FUNCTION", b"LOAD", source])
    assert isinstance(reply, Error)
    assert reply.text.startswith(said)


async def test_libraries_are_bounded_and_no_function_holds_the_loop() -> None:
    one = client()
    for number in range(MOST_LIBRARIES + 3):
        source = b"#!lua name=l%d\nredis.register_function('f%d', function() while true do end end)" % (number, number)
        await answer(one, [b"FUNCTION", b"LOAD", source])
    assert len(one.instance.libraries) == MOST_LIBRARIES
    before = thread_time()
    assert await answer(one, [b"FCALL", b"f0", b"0"]) is None
    assert thread_time() - before < 0.04


@pytest.mark.parametrize(
    "script",
    [
        b"return string.match(string.rep('a', 5000), string.rep('a-', 300) .. 'b')",
        b"return string.find(string.rep('a', 5000), '.-.-.-.-b')",
        b"return string.gsub(string.rep('a', 50000), 'a', string.rep('b', 1000))",
        b"local function f() return f() end return f()",
        b"local function f(n) return 1 + f(n + 1) end return f(1)",
        b"return string.rep('(', 200):find(string.rep('(', 200))",
        b"local t = {} for i = 1, 4000 do t[i] = i % 7 end table.sort(t, function(a, b) return a < b end)",
        b"return string.format(string.rep('%99d', 500), 1)",
        b"local f = function(f) return f(f) end return f(f)",
        b"return cjson.decode(string.rep('[', 60000))",
    ],
)
def test_no_script_holds_the_loop(script: bytes) -> None:
    before = thread_time()
    evaluated(script)
    assert thread_time() - before < 0.04


@given(st.binary(max_size=12), st.text("a.%[]^$*+-?()bd0123", max_size=10))
def test_any_pattern_matches_or_is_refused(text: bytes, pattern: str) -> None:
    match = Match(text, pattern.encode(), lambda: None)
    try:
        end = match.at(0)
    except PatternError:
        return
    assert end is None or 0 <= end <= len(text)
