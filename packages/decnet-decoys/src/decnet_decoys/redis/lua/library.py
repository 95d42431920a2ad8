# SPDX-License-Identifier: MIT
"""What a script finds: the tables of Lua's library and of Redis, as far as scripts use them."""

import hashlib
import json
import math
from collections.abc import Callable
from typing import Any

from decnet_decoys.redis.lua.running import Running
from decnet_decoys.redis.lua.values import LuaError, Table, Value, is_false, kind, number_of, shown
from decnet_decoys.redis.protocol import Error, Members, Message, Nothing, Pairs, Pushed, Reply, Simple, score_text

Call = Callable[[list[bytes]], Reply]
_MOST_DEPTH = 8
"""Of tables within tables, in an answer."""


def names(run: Running, keys: list[bytes], given: list[bytes], call: Call) -> dict[bytes, Value]:
    """Return the global names of one run; `call` carries out a command of Redis."""
    library = _Library(run, call)
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
            b"byte": library.byte, b"char": library.char,
        },
        b"math": {
            b"floor": library.rounding(math.floor), b"ceil": library.rounding(math.ceil), b"abs": library.rounding(abs),
            b"max": library.extreme(max), b"min": library.extreme(min), b"pi": math.pi, b"huge": math.inf,
        },
        b"table": {b"concat": library.concat, b"getn": library.count, b"insert": library.insert},
        b"cjson": {b"encode": library.encode},
        b"bit": {
            b"band": library.bits(int.__and__), b"bor": library.bits(int.__or__), b"bxor": library.bits(int.__xor__),
        },
        b"struct": {}, b"cmsgpack": {},
    }  # fmt: skip
    functions: dict[bytes, Value] = {
        b"tostring": library.tostring, b"tonumber": lambda value=None, *_: number_of(value),
        b"type": lambda value=None, *_: kind(value).encode(), b"error": library.error, b"pcall": library.protected,
        b"assert": library.assert_, b"pairs": lambda table=None, *_: library.table(table), b"ipairs": library.ipairs,
        b"unpack": library.unpack, b"select": lambda _at=None, *given: given, b"next": lambda *_: None,
        b"rawget": lambda table=None, key=None, *_: library.table(table).items.get(key),
        b"getmetatable": lambda *_: Table(fixed=True), b"setmetatable": lambda table=None, *_: table,
        b"loadstring": library.load, b"_VERSION": b"Lua 5.1",
    }  # fmt: skip
    return {
        **functions,
        **{name: Table(items, fixed=True) for name, items in tables.items()},
        b"KEYS": Table.of(list(keys)),
        b"ARGV": Table.of(list(given)),
    }


class _Library:
    def __init__(self, run: Running, call: Call) -> None:
        self._run = run
        self._call = call

    def text(self, value: Value) -> bytes:
        if isinstance(value, float):
            return shown(value)
        if not isinstance(value, bytes):
            raise self._run.fail(f"bad argument #1 to 'len' (string expected, got {kind(value)})")
        return value

    def table(self, value: Value) -> Table:
        if not isinstance(value, Table):
            raise self._run.fail(f"bad argument #1 to 'pairs' (table expected, got {kind(value)})")
        return value

    def made(self, text: bytes) -> bytes:
        """Count a string that is made, or the one that is as long."""
        self._run.made(len(text))
        return text

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
        self._run.step(20)
        self._run.look()
        if not given:
            return Error("ERR Please specify at least one argument for this redis.call() call")
        words = [shown(one) if isinstance(one, float) else one for one in given]
        if not all(isinstance(one, bytes) for one in words):
            return Error("ERR Lua redis lib command arguments must be strings or integers")
        reply = self._call([one for one in words if isinstance(one, bytes)])
        if isinstance(reply, str | bytes):
            self._run.made(len(reply))
        return reply

    def error_reply(self, text: Value = b"", *_: Value) -> Value:
        said = self.text(text)
        return Table({b"err": said if b" " in said or said[:1] == b"-" else b"ERR " + said})

    def sha1hex(self, *given: Value) -> Value:
        if len(given) != 1:
            raise self._run.fail("wrong number of arguments")
        return hashlib.sha1(self.text(given[0]), usedforsecurity=False).hexdigest().encode()

    # ---- strings

    def sub(self, text: Value = b"", first: Value = 1.0, last: Value = -1.0, *_: Value) -> Value:
        whole = self.text(text)
        begin, end = _whole(first, 0), _whole(last, 0)
        begin = max(1, begin + len(whole) + 1 if begin < 0 else begin)
        end = end + len(whole) + 1 if end < 0 else min(end, len(whole))
        return self.made(whole[begin - 1 : max(0, end)])

    def rep(self, text: Value = b"", times: Value = 0.0, *_: Value) -> Value:
        whole, count = self.text(text), max(0, _whole(times, 0))
        self._run.made(len(whole) * count)
        return whole * count if whole else b""

    def byte(self, text: Value = b"", at: Value = 1.0, *_: Value) -> Value:
        whole, index = self.text(text), _whole(at, 1)
        return float(whole[index - 1]) if 0 < index <= len(whole) else None

    def char(self, *codes: Value) -> Value:
        return bytes(_whole(code, 0) & 0xFF for code in codes)

    def tostring(self, value: Value = None, *_: Value) -> Value:
        if isinstance(value, bytes):
            return value
        if isinstance(value, float):
            return shown(value)
        if value is None or isinstance(value, bool):
            return {None: b"nil", True: b"true", False: b"false"}[value]
        return f"{kind(value)}: 0x{id(value) & 0xFFFFFFFFFFFF:012x}".encode()

    # ---- numbers

    def rounding(self, how: Callable[[float], float]) -> Callable[..., Value]:
        def function(value: Value = None, *_: Value) -> Value:
            number = self._number(value)
            return float(how(number)) if math.isfinite(number) else number

        return function

    def extreme(self, how: Callable[..., float]) -> Callable[..., Value]:
        return lambda *given: how([self._number(one) for one in given or (None,)])

    def bits(self, how: Callable[[int, int], int]) -> Callable[..., Value]:
        def function(*given: Value) -> Value:
            numbers = [self._number(one) for one in given or (None,)]
            whole = [int(one) & 0xFFFFFFFF if math.isfinite(one) else 0 for one in numbers]
            found = whole[0]
            for one in whole[1:]:
                found = how(found, one)
            return float(found - (1 << 32) if found >> 31 else found)

        return function

    def _number(self, value: Value) -> float:
        number = number_of(value)
        if number is None:
            got = "no value" if value is None else kind(value)
            raise self._run.fail(f"bad argument #1 (number expected, got {got})")
        return number

    # ---- tables

    def count(self, table: Value = None, *_: Value) -> Value:
        return float(self.table(table).length())

    def insert(self, table: Value = None, *given: Value) -> Value:
        into = self.table(table)
        if into.fixed or len(given) != 1:
            raise self._run.fail("wrong number of arguments to 'insert'")
        self._run.made(64)
        if given[0] is not None:
            into.items[float(into.length() + 1)] = given[0]
        return None

    def concat(self, table: Value = None, between: Value = b"", *_: Value) -> Value:
        parts = [self.text(one) for one in self._listed(self.table(table))]
        self._run.made(sum(map(len, parts)) + len(self.text(between)) * len(parts))
        return self.text(between).join(parts)

    def ipairs(self, table: Value = None, *_: Value) -> Value:
        return Table.of(self._listed(self.table(table)))

    def unpack(self, table: Value = None, *_: Value) -> tuple[Value, ...]:
        return tuple(self._listed(self.table(table)))

    def _listed(self, table: Table) -> list[Value]:
        count = table.length()
        self._run.step(count)
        return [table.items[float(at)] for at in range(1, count + 1)]

    # ---- errors, and the rest

    def error(self, value: Value = None, level: Value = 1.0, *_: Value) -> Value:
        if isinstance(value, bytes) and level != 0.0:
            raise self._run.fail(value.decode("latin-1"))
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
        self._run.made(len(source))
        self._run.step(len(source))
        try:
            block = Parser(source[:1024]).script()
        except (SyntaxProblem, Unsupported):
            return None
        return lambda *_: self._run.run(block)

    def encode(self, value: Value = None, *_: Value) -> Value:
        text = json.dumps(self._plain(value, _MOST_DEPTH), separators=(",", ":")).encode()
        self._run.made(len(text))
        return text

    def _plain(self, value: Value, depth: int) -> Any:
        """Return a value as `json` takes it."""
        self._run.step()
        if isinstance(value, float):
            return int(value) if math.isfinite(value) and value == int(value) else value
        if isinstance(value, bytes):
            self._run.made(len(value))
            return value.decode("latin-1")
        if not isinstance(value, Table) or not depth:
            return value if isinstance(value, bool) else None
        count = value.length()
        if count == len(value.items) and count:
            return [self._plain(value.items[float(at)], depth - 1) for at in range(1, count + 1)]
        return {
            (shown(key) if isinstance(key, float) else key).decode("latin-1"): self._plain(one, depth - 1)
            for key, one in value.items.items()
            if isinstance(key, float | bytes)
        }


def _whole(value: Value, default: int) -> int:
    """Return a number without its fraction."""
    number = number_of(value)
    if number is None or not math.isfinite(number):
        return default
    return int(max(-1e9, min(number, 1e9)))


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
