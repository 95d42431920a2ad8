# SPDX-License-Identifier: MIT
"""FUNCTION and FCALL: libraries of functions that a client has loaded (redis.io/docs/manual/programmability).

A library is kept as its text. It is run again for each call of one of its functions, in that call's budget.
"""

from __future__ import annotations

import fnmatch
import re

from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import Client, Library
from decnet_decoys.redis.keys import OK, Arguments, Function
from decnet_decoys.redis.lua.library import names, reply_of
from decnet_decoys.redis.lua.running import Exhausted, Running
from decnet_decoys.redis.lua.scripts import LONGEST, NOT_BUSY, Scripts, compiled, failed, keys_refused
from decnet_decoys.redis.lua.values import LuaError, Table, Value, first
from decnet_decoys.redis.protocol import Error, Members, Pairs, Reply, text

MOST_LIBRARIES = 8
_NAME = re.compile(rb"[A-Za-z0-9_]+")


def _named(source: bytes) -> bytes | Error:
    """Return the name that the first line of a library gives it."""
    line = source.partition(b"\n")[0]
    if not line.startswith(b"#!") or b"\n" not in source:
        return Error("ERR Missing library metadata" if not line.startswith(b"#!") else "ERR Invalid library metadata")
    engine, *options = line[2:].split()
    if engine.lower() != b"lua":
        return Error(f"ERR Engine '{text(engine[:64])}' not found")
    given = [one.partition(b"=")[2] for one in options if one.startswith(b"name=")]
    if not given:
        return Error("ERR Library name was not given")
    if not _NAME.fullmatch(given[0]):
        return Error("ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one "
                     "character long")  # fmt: skip
    return given[0]


class Functions:
    """The commands; `scripts` does what a function calls."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def _load(self, client: Client, given: Arguments) -> Reply:
        source = given[-1]
        name = _named(source)
        if isinstance(name, Error):
            return name
        libraries = client.instance.libraries
        known = text(name) in libraries
        if known and [one.upper() for one in given[:-1]] != [b"REPLACE"]:
            return Error(f"ERR Library '{text(name)}' already exists")
        if len(source) > LONGEST or (len(libraries) >= MOST_LIBRARIES and not known):
            return Error("OOM command not allowed when used memory > 'maxmemory'.")
        found = self._registered(client, source, Running())
        if isinstance(found, Error):
            return found
        functions = [text(one) for one in found]
        taken = next((one for each in libraries.values() for one in each.functions if one in functions), None)
        if not known and taken is not None:
            return Error(f"ERR Function {taken} already exists")
        libraries[text(name)] = Library(source, functions)
        return name

    def _registered(self, client: Client, source: bytes, run: Running) -> dict[bytes, Value] | Error:
        """Run a library, and return the functions that it registers."""
        block = compiled(b"--" + source)  # its first line is none of Lua's
        if isinstance(block, Error):
            return Error(block.text.replace("script (new function): user_script", "function: user_function"))
        found: dict[bytes, Value] = {}

        def register(*given: Value) -> None:
            named = given[0] if given else None
            name, function = (
                (named.items.get(b"function_name"), named.items.get(b"callback"))
                if isinstance(named, Table)
                else (*given, None, None)[:2]
            )
            if not isinstance(name, bytes) or not callable(function) or not _NAME.fullmatch(name):
                raise LuaError(b"wrong arguments to redis.register_function")
            found[name] = function

        known = names(run, [], [], lambda words: self._scripts.called(client, words, writes=True))
        if isinstance(redis := known[b"redis"], Table):
            redis.items[b"register_function"] = register
        run.use(known)
        try:
            run.run(block or [])
        except Exhausted:
            return Error("ERR Error registering functions: out of memory")
        except LuaError as error:
            return Error(f"ERR Error registering functions: {failed(error, '').text.removeprefix('ERR ')}")
        return found or Error("ERR No functions registered")

    def fcall(self, client: Client, given: Arguments) -> Reply:
        name = text(given[0])
        library = next((one for one in client.instance.libraries.values() if name in one.functions), None)
        if library is None:
            return Error("ERR Function not found")
        refused = keys_refused(given)
        if refused is not None:
            return refused
        count, database, run = int(given[1]), client.database, Running()
        found = self._registered(client, library.source, run)
        if isinstance(found, Error):
            return None
        function = found[given[0]]
        try:
            made = function(Table.of([*given[2 : 2 + count]]), Table.of([*given[2 + count :]]))  # type: ignore[operator, misc]
            return reply_of(run, first(made))
        except Exhausted:
            return None
        except LuaError as error:
            return failed(error, f" script: {name}, on @user_function:{run.line}.")
        finally:
            client.database = database

    def commands(self) -> dict[str, tuple[Function, int]]:
        subcommands = container(
            "FUNCTION",
            {
                b"LIST": _list, b"FLUSH": _flush, b"KILL": always(NOT_BUSY), b"STATS": _statistics,
                b"LOAD": self._load, b"DELETE": _delete,
            },
        )  # fmt: skip
        return {"function": (subcommands, -2), "fcall": (self.fcall, -3), "fcall_ro": (self.fcall, -3)}


def _list(client: Client, given: Arguments) -> Reply:
    options = [one.upper() for one in given]
    pattern = text(given[options.index(b"LIBRARYNAME") + 1]) if b"LIBRARYNAME" in options[:-1] else "*"
    fits = re.compile(fnmatch.translate(pattern[:64])).match
    shown = []
    for name, library in client.instance.libraries.items():
        functions: list[Reply] = [
            Pairs({"name": one, "description": None, "flags": Members([])}) for one in library.functions
        ]
        about: dict[str, Reply] = {"library_name": name, "engine": "LUA", "functions": functions}
        if b"WITHCODE" in options:
            about["library_code"] = library.source
        if fits(name):
            shown.append(Pairs(about))
    return shown


def _flush(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    client.instance.libraries.clear()
    return OK


def _delete(client: Client, given: Arguments) -> Reply:
    gone = client.instance.libraries.pop(text(given[0]), None)
    return Error("ERR Library not found") if gone is None else OK


def _statistics(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    libraries = client.instance.libraries
    counts: dict[str, Reply] = {
        "libraries_count": len(libraries),
        "functions_count": sum(len(one.functions) for one in libraries.values()),
    }
    return Pairs({"running_script": None, "engines": Pairs({"LUA": Pairs(counts)})})
