# SPDX-License-Identifier: MIT
"""What a script finds: the tables of Lua's library and of Redis, as far as scripts use them."""

import hashlib
import math
from collections.abc import Callable
from typing import Any

from decnet_decoys.redis.lua.checks import Checks, integer
from decnet_decoys.redis.lua.json_values import JsonValues
from decnet_decoys.redis.lua.running import Running
from decnet_decoys.redis.lua.tables import Tables
from decnet_decoys.redis.lua.texts import Texts
from decnet_decoys.redis.lua.values import LuaError, Table, Value, is_false, kind, number_of, shown, word
from decnet_decoys.redis.protocol import Error, Members, Message, Nothing, Pairs, Pushed, Reply, Simple, score_text

Call = Callable[[list[bytes]], Reply]
_MOST_DEPTH = 8
"""Of tables within tables, in an answer."""


def names(run: Running, keys: list[bytes], given: list[bytes], call: Call) -> dict[bytes, Value]:
    """Return the global names of one run; `call` carries out a command of Redis."""
    library, texts, tables_, json_ = _Library(run, call), Texts(run), Tables(run), JsonValues(run)
    tables: dict[bytes, dict[Any, Value]] = {
        b"redis": {
            b"call": library.call, b"pcall": library.pcall, b"sha1hex": library.sha1hex, b"log": lambda *_: None,
            b"error_reply": library.error_reply, b"status_reply": lambda text=b"", *_: Table({b"ok": text}),
            b"setresp": lambda *_: None, b"replicate_commands": lambda *_: True, b"set_repl": lambda *_: None,
            b"breakpoint": lambda *_: False, b"debug": lambda *_: None, b"REDIS_VERSION": b"7.0.15",
            b"REDIS_VERSION_NUM": 458767.0, b"LOG_DEBUG": 0.0, b"LOG_VERBOSE": 1.0, b"LOG_NOTICE": 2.0,
            b"LOG_WARNING": 3.0,
        },
        b"string": {
            b"len": lambda text=b"", *_: float(len(library.text(text))), b"sub": library.sub, b"rep": library.rep,
            b"upper": lambda text=b"", *_: library.made(library.text(text)).upper(),
            b"reverse": lambda text=b"", *_: library.made(library.text(text))[::-1],
            b"lower": lambda text=b"", *_: library.made(library.text(text)).lower(),
            b"byte": library.byte, b"char": library.char, b"find": texts.find, b"match": texts.match,
            b"gmatch": texts.gmatch, b"gsub": texts.gsub, b"format": texts.format,
        },
        b"math": {
            b"floor": library.rounding(math.floor), b"ceil": library.rounding(math.ceil), b"abs": library.rounding(abs),
            b"max": library.extreme(max), b"min": library.extreme(min), b"pi": math.pi, b"huge": math.inf,
        },
        b"table": {b"concat": tables_.concat, b"getn": tables_.count, b"insert": tables_.insert,
            b"remove": tables_.remove, b"sort": tables_.sort},
        b"cjson": {b"encode": json_.encode, b"decode": json_.decode},
        b"bit": {
            b"band": library.bits(int.__and__), b"bor": library.bits(int.__or__), b"bxor": library.bits(int.__xor__),
        },
        b"struct": {}, b"cmsgpack": {},
    }  # fmt: skip
    functions: dict[bytes, Value] = {
        b"tostring": library.tostring, b"tonumber": lambda value=None, *_: number_of(value),
        b"type": lambda value=None, *_: kind(value).encode(), b"error": library.error, b"pcall": library.protected,
        b"assert": library.assert_, b"pairs": lambda table=None, *_: library.table(table), b"ipairs": tables_.ipairs,
        b"unpack": tables_.unpack, b"select": tables_.select, b"next": tables_.next,
        b"rawget": lambda table=None, key=None, *_: library.table(table).items.get(key),
        b"getmetatable": lambda *_: Table(fixed=True), b"setmetatable": lambda table=None, *_: table,
        b"loadstring": library.load, b"_VERSION": b"Lua 5.1",
    }  # fmt: skip
    found: dict[bytes, Value] = {
        **functions,
        **{name: Table(items, fixed=True) for name, items in tables.items()},
        b"KEYS": Table.of(list(keys)),
        b"ARGV": Table.of(list(given)),
    }
    found[b"_G"] = Table(found, fixed=True)
    return found


class _Library(Checks):
    def __init__(self, run: Running, call: Call) -> None:
        super().__init__(run)
        self._call = call

    # ---- redis

    def call(self, *given: Value) -> Value:
        reply = self._reply(given)
        if isinstance(reply, Error):
            raise LuaError(Table({b"err": reply.text.encode("utf-8", "surrogateescape")}))
        return lua_of(reply)

    def pcall(self, *given: Value) -> Value:
        reply = self._reply(given)
        if isinstance(reply, Error):
            return Table({b"err": reply.text.encode("utf-8", "surrogateescape")})
        return lua_of(reply)

    def _reply(self, given: tuple[Value, ...]) -> Reply:
        self.run.step(20)
        self.run.look()
        if not given:
            return Error("ERR Please specify at least one argument for this redis lib call")
        words = [shown(one) if isinstance(one, float) else one for one in given]
        if not all(isinstance(one, bytes) for one in words):
            return Error("ERR Lua redis lib command arguments must be strings or integers")
        reply = self._call([one for one in words if isinstance(one, bytes)])
        if isinstance(reply, str | bytes):
            self.run.made(len(reply))
        return reply

    def error_reply(self, text: Value = b"", *_: Value) -> Value:
        said = self.text(text)
        return Table({b"err": said if b" " in said or said[:1] == b"-" else b"ERR " + said})

    def sha1hex(self, *given: Value) -> Value:
        if len(given) != 1:
            raise self.run.fail("wrong number of arguments")
        return hashlib.sha1(self.text(given[0]), usedforsecurity=False).hexdigest().encode()

    # ---- strings

    def sub(self, text: Value = b"", first: Value = 1.0, last: Value = -1.0, *_: Value) -> Value:
        whole = self.text(text)
        begin, end = integer(first, 0), integer(last, 0)
        begin = max(1, begin + len(whole) + 1 if begin < 0 else begin)
        end = end + len(whole) + 1 if end < 0 else min(end, len(whole))
        return self.made(whole[begin - 1 : max(0, end)])

    def rep(self, text: Value = b"", times: Value = 0.0, *_: Value) -> Value:
        whole, count = self.text(text), max(0, integer(times, 0))
        self.run.made(len(whole) * count)
        return whole * count if whole else b""

    def byte(self, text: Value = b"", at: Value = 1.0, *_: Value) -> Value:
        whole, index = self.text(text), integer(at, 1)
        return float(whole[index - 1]) if 0 < index <= len(whole) else None

    def char(self, *codes: Value) -> Value:
        return bytes(integer(code, 0) & 0xFF for code in codes)

    def tostring(self, value: Value = None, *_: Value) -> Value:
        if isinstance(value, bytes):
            return value
        if isinstance(value, float):
            return shown(value)
        if isinstance(value, bool | None):
            return word(value)
        return f"{kind(value)}: 0x{id(value) & 0xFFFFFFFFFFFF:012x}".encode()

    # ---- numbers

    def rounding(self, how: Callable[[float], float]) -> Callable[..., Value]:
        def function(value: Value = None, *_: Value) -> Value:
            number = self.number(value)
            return float(how(number)) if math.isfinite(number) else number

        return function

    def extreme(self, how: Callable[..., float]) -> Callable[..., Value]:
        return lambda *given: how([self.number(one) for one in given or (None,)])

    def bits(self, how: Callable[[int, int], int]) -> Callable[..., Value]:
        def function(*given: Value) -> Value:
            numbers = [self.number(one) for one in given or (None,)]
            whole = [int(one) & 0xFFFFFFFF if math.isfinite(one) else 0 for one in numbers]
            found = whole[0]
            for one in whole[1:]:
                found = how(found, one)
            return float(found - (1 << 32) if found >> 31 else found)

        return function

    # ---- errors, and the rest

    def error(self, value: Value = None, level: Value = 1.0, *_: Value) -> Value:
        if isinstance(value, bytes) and level != 0.0:
            raise self.run.fail(value.decode("latin-1"))
        raise LuaError(value)

    def assert_(self, *given: Value) -> tuple[Value, ...]:
        if not given or is_false(given[0]):
            raise LuaError(given[1] if len(given) > 1 else b"assertion failed!")
        return given

    def protected(self, function: Value = None, *given: Value) -> tuple[Value, ...]:
        if not callable(function):
            return False, f"attempt to call a {kind(function)} value".encode()
        try:
            found = function(*given)
        except LuaError as error:
            return False, error.value
        return (True, *found) if isinstance(found, tuple) else (True, found)

    def load(self, text: Value = b"", *_: Value) -> Value:
        from decnet_decoys.redis.lua.grammar import Parser, Unsupported
        from decnet_decoys.redis.lua.tokens import SyntaxProblem

        source = self.text(text)
        self.run.made(len(source))
        self.run.step(len(source))
        try:
            block = Parser(source[:1024]).script()
        except (SyntaxProblem, Unsupported):
            return None
        return lambda *_: self.run.run(block)


def lua_of(reply: Reply) -> Value:  # noqa: C901, PLR0911  # a case for each kind
    """Return a reply as a script gets it, by version 2 of the protocol."""
    match reply:
        case None | Nothing():
            return False
        case Simple():
            return Table({b"ok": reply.text.encode()})
        case Error():
            return Table({b"err": reply.text.encode("utf-8", "surrogateescape")})
        case float():
            return score_text(reply)
        case int():
            return float(reply)
        case str():
            return reply.encode("utf-8", "surrogateescape")
        case bytes():
            return reply
        case Pairs():
            return Table.of([lua_of(one) for one in reply.flat])
        case Members() | Message():
            return Table.of([lua_of(one) for one in reply.items])
        case Pushed():
            return lua_of(reply.replies[0]) if reply.replies else False
    return Table({float(at): lua_of(one) for at, one in enumerate(reply, 1)})


def reply_of(run: Running, value: Value, depth: int = _MOST_DEPTH) -> Reply:
    """Return what a script returns as the server answers it. Raises Exhausted."""
    run.step()
    match value:
        case bool():
            return 1 if value else None
        case float():
            return int(max(-(2.0**63), min(value, 2.0**63 - 1024))) if value == value else -(2**63)  # noqa: PLR0124
        case bytes():
            run.made(len(value))
            return value
        case Table():
            return _reply_of_table(run, value, depth)
    return None


def _reply_of_table(run: Running, table: Table, depth: int) -> Reply:
    error, status = table.items.get(b"err"), table.items.get(b"ok")
    if isinstance(error, bytes):
        return Error(error.decode("utf-8", "surrogateescape"))
    if isinstance(status, bytes):
        return Simple(status.decode("utf-8", "replace").replace("\r", " ").replace("\n", " "))
    if not depth:
        return Error("ERR reached lua stack limit")
    return [reply_of(run, table.items[float(at)], depth - 1) for at in range(1, table.length() + 1)]
